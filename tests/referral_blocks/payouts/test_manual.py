"""Custom rewards: what kind, for whom, by when, and what proves that it was done."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from tests.referral_blocks.admin.staff import staff_client
from tests.runs import GIFT, buy, friend_of, runs_program, send_all, staff

pytestmark = pytest.mark.django_db
LATE_IN_LONDON = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight there


def handed(*names, **options):
    """A handover to each of ``names``."""
    rule = {**GIFT, "method": "manual", "method_options": options}
    program = runs_program(rule, time_zone="Europe/London", slug=f"p{Payout.objects.count()}")
    for name in names:
        buy(friend_of(program, name), name)
    send_all()
    return list(Handover.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {"kind": "in_store"}),
        ({"kind": "cash", "due_days": ""}, {"kind": "cash"}),
        ({"kind": "swag", "due_days": "14"}, {"kind": "swag", "due_days": 14}),
        ({"kind": "swag", "due_days": 365}, {"kind": "swag", "due_days": 365}),
        ({"kind": "donation", "organisation": " Lifeboats "}, {"kind": "donation", "organisation": "Lifeboats"}),
    ],
)
def test_choices_are_read(given, kept):
    assert ManualProvider().clean_options(given) == kept
    assert ManualProvider().clean_options(kept) == kept


@pytest.mark.parametrize(
    ("given", "name", "code"),
    [
        ({"kind": "hug"}, "kind", "unknown_choice"),
        ({"due_days": "0"}, "due_days", "out_of_range"),
        ({"due_days": 366}, "due_days", "out_of_range"),
        ({"due_days": "soon"}, "due_days", "out_of_range"),
        ({"kind": "donation"}, "organisation", "required"),
        ({"organisation": "Lifeboats"}, "organisation", "not_used"),
        ({"colour": "red"}, "colour", "not_used"),
    ],
)
def test_choices_that_do_not_fit_are_refused(given, name, code):
    with pytest.raises(InvalidInput) as refusal:
        ManualProvider().clean_options(given)
    assert (refusal.value.path, refusal.value.code) == (("methodOptions", name), code)


def test_a_handover_says_what_and_by_when_on_the_programme_s_clock():
    with time_machine.travel(LATE_IN_LONDON):
        (handover,) = handed("ana", kind="donation", due_days=10, organisation="Lifeboats")
    assert (handover.kind, handover.organisation, handover.due_on) == ("donation", "Lifeboats", date(2026, 7, 12))
    (_first, plain) = handed("ben")
    assert (plain.kind, plain.organisation, plain.due_on) == ("in_store", "", None)


def test_proof_is_kept_and_too_much_of_it_refused():
    (handover,) = handed("ana", kind="swag")
    with pytest.raises(InvalidInput) as refusal:
        mark_handed_over(handover=handover, actor=staff(), proof="x" * 501)
    assert refusal.value.path == ("proof",)
    assert Handover.objects.get().handed_over_at is None
    assert mark_handed_over(handover=handover, actor=staff(), note="Sent", proof="RM123456789GB")
    stored = Handover.objects.get()
    assert (stored.note, stored.proof, Payout.objects.get().state, check_ledger()) == (
        "Sent", "RM123456789GB", "paid", [],
    )  # fmt: skip


def test_the_desk_shows_what_is_due_first_and_marks_what_is_late():
    with time_machine.travel(LATE_IN_LONDON):
        handed("ana")
        handed("ben", due_days=20)
        handed("cleo", kind="swag", due_days=3)
    client = staff_client("mark_handed_over")
    with time_machine.travel(datetime(2026, 7, 6, 12, tzinfo=UTC)):
        page = client.get(reverse("referral_handover_desk:index"))
        assert [row.payout.person.name for row in page.context["object_list"]] == ["Cleo", "Ben", "Ana"]
        assert page.content.decode().count("Overdue") == 1
        page = client.get(reverse("referral_handover_desk:index"), {"kind": "swag"})
        assert [row.payout.person.name for row in page.context["object_list"]] == ["Cleo"]


def test_the_page_asks_for_proof():
    (handover,) = handed("ana", kind="donation", organisation="Lifeboats")
    client = staff_client("mark_handed_over")
    url = reverse("referral_handover_desk:done", args=[handover.pk])
    assert "For Lifeboats" in client.get(url).content.decode()
    client.post(url, {"note": "", "proof": "Receipt 77"})
    assert Handover.objects.get().proof == "Receipt 77"
    done = client.get(reverse("referral_handover_desk:index"), {"state": "done"}).content.decode()
    assert "Receipt 77" in done
