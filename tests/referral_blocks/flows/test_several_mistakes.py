"""Flows that staff fill forms for tell all that is wrong at once, before they look at anything."""

from datetime import UTC, datetime

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.change_program import change_program, schedule_program
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.plan_payout_run import plan_payout_run
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.flows.resolve_payout import resolve_payout
from referral_blocks.flows.set_payout_policy import set_payout_policy
from referral_blocks.flows.set_program_limits import set_program_limits
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from tests.make import make_program

pytestmark = pytest.mark.django_db

EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
LONG = "x" * 501
HIDDEN = "a\u202eb"

CASES = {
    "refer_by_name": (
        lambda program: refer_by_name(
            program=program, email="kim@", name="www.evil.example", phone="1" * 33, kind="robot", country="UK1",
            referrer_name=" ", answers=[("Floor", HIDDEN), ("Windows", "12"), ("Firm", HIDDEN)], accept_terms=False,
        ),
        [
            ("invalid_email", "email"), ("invalid_name", "name"), ("too_long", "phone"), ("invalid_kind", "kind"),
            ("invalid_country", "country"), ("required", "referrerName"), ("invalid_text", "answers.0"),
            ("invalid_text", "answers.2"), ("terms_not_accepted", "acceptTerms"),
        ],
    ),
    "change_program": (
        lambda program: change_program(program=program, status="open", reason=" ", actor=None),
        [("unknown_choice", "status"), ("required", "reason")],
    ),
    "schedule_program": (
        lambda program: schedule_program(program=program, starts_at=LATE, ends_at=EARLY, reason=" ", actor=None),
        [("invalid_range", "endsAt"), ("required", "reason")],
    ),
    "set_program_limits": (
        lambda program: set_program_limits(
            program=program, budget="-1", referrer_cap="lots", referrer_cap_period="fortnight", actor=None
        ),
        [("invalid_amount", "budget"), ("invalid_amount", "referrerCap"), ("unknown_choice", "referrerCapPeriod")],
    ),
    "set_payout_policy": (
        lambda program: set_payout_policy(
            program=program, currency="GBP", minimum="little", second_person="1.005", daily_cap="-1", person_cap="0",
            actor=None,
        ),
        [
            ("invalid_amount", "minimum"), ("too_many_decimals", "secondPerson"), ("invalid_amount", "dailyCap"),
            ("invalid_amount", "personCap"),
        ],
    ),
    "set_payout_policy, as a whole": (
        lambda program: set_payout_policy(
            program=program, currency="GBP", minimum="50", daily_cap="1", person_cap="2", actor=None
        ),
        [("out_of_range", "dailyCap"), ("out_of_range", "personCap")],
    ),
    "plan_payout_run": (
        lambda program: plan_payout_run(program=program, provider="nobody", cut_off_at=LATE, actor=None),
        [("unknown_method", "provider"), ("in_future", "cutOffAt")],
    ),
    "resolve_payout": (
        lambda program: resolve_payout(payout=Payout(), paid=False, note=" ", provider_ref="tr_1", actor=None),
        [("required", "note"), ("not_used", "providerRef")],
    ),
    "mark_handed_over": (
        lambda program: mark_handed_over(handover=Handover(), note=LONG, proof=LONG, actor=None),
        [("too_long", "note"), ("too_long", "proof")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_all_that_is_wrong_is_told_before_anything_is_looked_at(name, django_assert_num_queries):
    call, wrong = CASES[name]
    program = make_program()
    with django_assert_num_queries(0), pytest.raises(InvalidInput) as refused:
        call(program)
    assert [(one.code, ".".join(one.path)) for one in refused.value.all] == wrong
