"""An imagined visitor and programme, so that a block shows itself finished in the block chooser."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from referral_blocks.analytics.figures import Figures
from referral_blocks.analytics.standing import Standing
from referral_blocks.core.money import Money
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session
from referral_blocks.rewards.models import RewardRule, RewardState, Side

from .audience import Audience, Invitation, Offer, Progress, RewardLine, Share
from .sample_portal import SamplePortal

SAMPLE_CODE = "SAMPLE234"
SAMPLE_URL = f"https://example.com/r/{SAMPLE_CODE}/"


class SampleAudience(SamplePortal, Audience):
    """Somebody invited by Alex, who is a verified referrer too; nothing is read from the database but the theme."""

    is_sample = True
    is_preview = True

    def program_for(self, *, chosen: int | None, page: object) -> Program:
        return Program(
            name=_("Bring a friend"),
            slug="sample",
            currency="EUR",
            status=ProgramStatus.LIVE,
            terms=_("Your programme’s terms stand here."),
        )

    def offer(self, program: Program) -> Offer:
        return Offer(
            [RewardRule(side=Side.FRIEND, title=_("10 € off the first visit"), amount_minor=1000)],
            [RewardRule(side=Side.REFERRER, title=_("20 € gift card"), amount_minor=2000)],
        )

    def figures(self, program: Program) -> Figures:
        return Figures(friends=1280, customers=640, rewards=910)

    def terms_version(self, program: Program) -> None:
        return None

    def customers(self, referrer: Referrer) -> int:
        return 3

    def page_href(self, program: Program, field: str) -> str:
        return "#"

    def invitation(self, program: Program) -> Invitation:
        return Invitation("Alex", "")

    def session(self, program: Program) -> Session:
        return Session(Referrer(person=Person(name="Alex Example"), program=program), verified=True)

    def share(self, session: Session) -> Share:
        return Share(SAMPLE_CODE, SAMPLE_URL)

    def progress(self, referrer: Referrer) -> Progress:
        zero, earned = Money(0, "EUR"), Money(2000, "EUR")
        joined = timezone.now() - timedelta(days=20)
        friend = Referral(friend_name="Kim Example", stage=Stage.QUALIFIED, attributed_at=joined)
        reward = RewardLine(_("20 € gift card"), RewardState.ISSUED, str(RewardState.ISSUED.label))
        return Progress(Standing(12, 1, 1, zero, earned), [reward], [friend])
