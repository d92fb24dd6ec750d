"""The table in docs/concepts/programme-states.md, walked cell by cell."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.create_link import create_link
from referral_blocks.flows.import_codes import import_codes
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.flows.refer_by_name import confirm_claim, refer_by_name
from referral_blocks.links.models import Visit
from referral_blocks.links.selectors import validate_code
from referral_blocks.programs.models import Phase, Program
from referral_blocks.rewards.models import PendingReason, Reward, RewardState
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).resolve().parents[3] / "docs" / "concepts" / "programme-states.md"


class Story:
    """A programme that was open, with a link, a friend, a claim and two rewards; then its state changes."""

    def __init__(self, phase):
        rule = {"side": "referrer", "title": "Gift", "amount_minor": 100}
        self.program = make_program(
            rules=({**rule, "hold_days": 1, "approval": "automatic"}, {**rule, "hold_days": 0, "approval": "person"})
        )
        self.link = make_link(self.program)
        make_referral(self.program, email="bought@example.com", link=self.link)
        make_referral(self.program, email="known@example.com", link=self.link)
        self.sell("bought@example.com")
        named = {"email": "claim@example.com", "name": "C", "referrer_name": "Robin", "accept_terms": True}
        self.claim = refer_by_name(program=self.program, **named).claim
        self.staff = get_user_model().objects.create_user("staff")
        self.become(phase)
        self.program = self.link.referrer.program = Program.objects.get()

    def become(self, phase):
        fields = {
            Phase.SCHEDULED: {"starts_at": timezone.now() + timedelta(days=1)},
            Phase.OPEN: {},
            Phase.ENDED: {"ends_at": timezone.now() - timedelta(seconds=1)},
        }.get(phase, {"status": phase})
        Program.objects.update(**fields)

    def sell(self, email, order="1"):
        return record_sale(
            program=self.program, source="api", external_id=order, friend_email=email, amount="50", currency="GBP"
        )

    def visit(self):
        return record_visit(code=self.link.code, site_id=self.program.site_id, ip_hash="")

    def new(self):
        return {"program": self.program, "email": "new@example.com", "name": "New"}

    def approve(self):
        reward = Reward.objects.exclude(pending_reasons__reason="hold").get()
        approve_reward(reward=reward, actor=self.staff)
        reward.refresh_from_db()
        return reward.state != RewardState.PENDING

    def mature(self):
        PendingReason.objects.filter(reason="hold").update(until=timezone.now())
        return mature_rewards() == 1 and Reward.objects.filter(state=RewardState.PENDING).count() == 1

    def by_staff(self):
        return attribute_referral(
            **self.new(), referrer=self.link.referrer, reason="Met at the fair.", actor=self.staff
        ) and confirm_claim(claim=self.claim, referrer=self.link.referrer, actor=self.staff)


ROWS = {
    "a link is opened: leads to the page": lambda s: s.visit().program == s.program,
    "… and the visit counts": lambda s: s.visit().token and Visit.objects.exists(),
    "somebody joins": lambda s: join_program(**s.new(), accept_terms=True),
    "a friend leaves their details": lambda s: capture_referral(**s.new(), accept_terms=True, code=s.link.code),
    "a friend names the referrer": lambda s: refer_by_name(**s.new(), accept_terms=True, referrer_name="Robin"),
    "a code is found good": lambda s: validate_code(program=s.program, code=s.link.code).status == "ok",
    "a referrer chooses a code": lambda s: create_link(referrer=s.link.referrer, code="ROBIN-M"),
    "codes are imported": lambda s: import_codes(
        program=s.program, rows=[{"email": "i@example.com", "code": "OLD-1"}], terms_accepted=True
    ),
    "staff credit a friend, or confirm a claim": Story.by_staff,
    "a friend who is known buys": lambda s: s.sell("known@example.com", "2").rewards,
    "a sale is tried in a preview": lambda s: preview_rewards(program=s.program, sale=SaleInput("50"))[0].fires,
    "a reward's hold ends and it is paid": Story.mature,
    "staff approve a reward": Story.approve,
}


def cells():
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    phases = table[0][1:]
    for name, *answers in table[2:]:
        for phase, answer in zip(phases, answers, strict=True):
            yield name, phase, answer


CELLS = list(cells())


def test_the_table_speaks_of_every_state_and_every_row_is_walked():
    assert {phase for _n, phase, _a in CELLS} == set(Phase.values)
    assert {name for name, _p, _a in CELLS} == set(ROWS)
    assert {answer for _n, _p, answer in CELLS} == {"yes", "no"}


@pytest.mark.parametrize(("name", "phase", "answer"), CELLS)
def test_each_cell_is_what_the_flows_do(name, phase, answer):
    story = Story(phase)
    assert story.program.phase == phase
    try:
        done = bool(ROWS[name](story))
    except DomainError as error:
        assert error.code == "program_closed"
        done = False
    assert done is (answer == "yes")
