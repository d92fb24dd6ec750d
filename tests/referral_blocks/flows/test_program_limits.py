import pytest
from django.contrib.auth import get_user_model

from referral_blocks.core import queue
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.set_program_limits import set_program_limits
from referral_blocks.programs.models import Program, ProgramChange
from tests.make import make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_user("staff")


def test_limits_are_written_with_who_changed_them_and_what_waits_is_looked_at(staff):
    program = make_program()
    assert set_program_limits(
        program=program, budget="500", referrer_cap="50.50", referrer_cap_period="month", actor=staff
    )
    stored = Program.objects.get()
    assert (stored.budget_minor, stored.referrer_cap_minor, stored.referrer_cap_period) == (50_000, 5_050, "month")
    rows = ProgramChange.objects.values_list("field", "from_state", "to_state", "actor")
    assert sorted(rows) == [
        ("budget_minor", "", "50000", staff.pk),
        ("referrer_cap_minor", "", "5050", staff.pk),
        ("referrer_cap_period", "ever", "month", staff.pk),
    ]
    assert not queue.waiting_count()  # nobody waits for room


def test_setting_the_same_again_changes_nothing(staff):
    program = make_program(budget_minor=50_000)
    assert not set_program_limits(program=program, budget="500.00", referrer_cap=None, actor=staff)
    assert (ProgramChange.objects.count(), queue.waiting_count()) == (0, 0)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"budget": "-1"}, "budget"),
        ({"budget": "1.005"}, "budget"),
        ({"referrer_cap": "lots"}, "referrerCap"),
        ({"referrer_cap_period": "fortnight"}, "referrerCapPeriod"),
    ],
)
def test_bad_limits_are_refused_and_nothing_is_written(staff, given, path):
    program = make_program()
    with pytest.raises(DomainError) as refused:
        set_program_limits(program=program, **{"budget": None, "referrer_cap": None, "actor": staff, **given})
    assert refused.value.path == (path,)
    assert (Program.objects.get().budget_minor, ProgramChange.objects.count()) == (None, 0)
