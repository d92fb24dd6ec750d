from contextlib import ExitStack, suppress

import pytest
from django.core.exceptions import ImproperlyConfigured

from referral_blocks.checks import check_settings
from referral_blocks.core import even
from referral_blocks.core.conf import Conf, get_conf
from referral_blocks.core.even import even_answer
from referral_blocks.core.ratelimit import TooManyRequests
from tests.hand_clock import use_hand_clock


@pytest.mark.parametrize(
    ("work", "end"), [(0.0, 0.5), (0.125, 0.5), (0.5, 0.5), (0.625, 1.0), (1.0, 1.0), (1.875, 2.0)]
)
@pytest.mark.parametrize("refused", [False, True])
def test_it_ends_with_the_slot_in_which_the_work_ends_whatever_becomes_of_it(settings, monkeypatch, work, end, refused):
    clock = use_hand_clock(settings, monkeypatch)
    try:
        with even_answer():
            clock.now += work
            if refused:
                raise LookupError
    except LookupError:
        assert refused
    assert clock.now - 1000 == end
    assert clock.slept == [end - work]


def test_each_of_several_has_slots_of_its_own(settings, monkeypatch):
    clock = use_hand_clock(settings, monkeypatch)
    for work in (0.125, 0.375):
        with even_answer():
            clock.now += work
    assert clock.slept == [0.375, 0.125]


def test_zero_switches_it_off(settings, monkeypatch):
    clock = use_hand_clock(settings, monkeypatch, slot=0)
    with even_answer():
        clock.now += 0.125
    assert (clock.now - 1000, clock.slept) == (0.125, [])


@pytest.mark.parametrize(("most", "admitted"), [(2, 2), (0, 3)])
def test_never_all_threads_of_a_process_wait(settings, monkeypatch, most, admitted):
    """Given addresses from everywhere, when more are looked up at once than there are places, then the next one is
    refused before anything is done for it, and there is room again once somebody was answered."""
    clock = use_hand_clock(settings, monkeypatch)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "EVEN_ANSWERS_AT_ONCE": most}
    done = []
    with ExitStack() as stack, suppress(TooManyRequests):
        for number in range(3):
            stack.enter_context(even_answer())
            done.append(number)
    assert (len(done), len(clock.slept), even.PLACES.taken) == (admitted, admitted, 0)
    with even_answer():
        pass


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf"), -0.1, 10.5, 1e9, "0.4", None])
def test_what_would_tell_or_hold_threads_for_good_is_refused_at_start(settings, seconds):
    settings.REFERRAL_BLOCKS = {"EVEN_ANSWER_SECONDS": seconds}
    with pytest.raises(ImproperlyConfigured, match=r"EVEN_ANSWER_SECONDS.*between 0 and 10\.0 seconds"):
        get_conf()
    assert [problem.id for problem in check_settings(None)] == ["referral_blocks.E001"]


def test_a_host_that_sets_nothing_has_it_and_this_suite_does_not_wait():
    assert (Conf().EVEN_ANSWER_SECONDS, get_conf().EVEN_ANSWER_SECONDS) == (0.4, 0)
