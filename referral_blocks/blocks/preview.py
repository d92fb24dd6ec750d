"""Whom an editor looks at a page as: people who are imagined, in a programme that is real. Nothing is written."""

from __future__ import annotations

import copy
from dataclasses import replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from referral_blocks.analytics.leaderboard import OwnPlace
from referral_blocks.analytics.standing import Standing
from referral_blocks.core.money import Money
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session

from .audience import Audience, Invitation, Progress, RewardLine, Share
from .portal_rows import Board, GroupCard, Listed, Points
from .preview_history import History, imagine, next_milestone, own_group, with_place
from .sample import SAMPLE_CODE

VISITOR, FRIEND, NEW_REFERRER, REFERRER = "visitor", "friend", "new-referrer", "referrer"
PREVIEW_MODES = [
    (VISITOR, _("Visitor")),
    (FRIEND, _("Friend whom Alex invited")),
    (NEW_REFERRER, _("Referrer without friends yet")),
    (REFERRER, _("Referrer with rewards")),
]
NAME = "Alex"
LONGEST_BOARD = 50


class VisitorPreview(Audience):
    """Somebody new, whatever the cookies of the editor's browser say. A draft programme is shown as it will be."""

    def program_for(self, *, chosen: int | None, page: object) -> Program | None:
        program = super().program_for(chosen=chosen, page=page)
        if program is None or program.status != ProgramStatus.DRAFT:
            return program
        return self.once("draft", program.pk, lambda: self._set_live(program))

    def _set_live(self, program: Program) -> Program:
        # A copy: what the site's programmes are is asked again.
        shown = copy.copy(program)
        shown.status = ProgramStatus.LIVE
        return shown

    def is_draft(self, program: Program) -> bool:
        return ("draft", program.pk) in self._kept

    @property
    def told(self) -> str:
        return ""

    @property
    def customer(self) -> dict[str, str]:
        return {}

    def invitation(self, program: Program) -> Invitation | None:
        return None

    def session(self, program: Program) -> Session | None:
        return None

    def invited_group(self, program: Program) -> None:
        return None


class FriendPreview(VisitorPreview):
    """Somebody who opened the link of Alex, who lets friends read the name."""

    def invitation(self, program: Program) -> Invitation:
        return Invitation(NAME, "")


class NewReferrerPreview(VisitorPreview):
    """Alex, who has just joined."""

    def history(self, program: Program) -> History:
        """What Alex has achieved: nothing yet."""
        return History()

    def session(self, program: Program) -> Session:
        def imagine() -> Session:
            person = Person(name=f"{NAME} Example", email="alex@example.com")
            alex = Referrer(person=person, program=program, greeting_consent=True, leaderboard_consent=True)
            return Session(alex, verified=True)

        return self.once("session", program.pk, imagine)

    def share(self, session: Session) -> Share:
        path = reverse("referral_blocks:visit", args=[SAMPLE_CODE])
        return Share(SAMPLE_CODE, session.referrer.program.site.root_url + path)

    def customers(self, referrer: Referrer) -> int:
        return self.history(referrer.program).qualified

    def standing(self, referrer: Referrer) -> Standing:
        program = referrer.program
        history, currency = self.history(program), program.currency
        coming = next_milestone(self.offer(program).referrer, after=history.qualified)
        pending, received = (Money(minor, currency) for minor in history.worth(currency))
        return Standing(history.visits, len(history.friends), history.qualified, pending, received, coming)

    def progress(self, referrer: Referrer) -> Progress:
        history = self.history(referrer.program)
        lines = [RewardLine(row.title, row.state, row.state_label, row.waits_for) for row in history.rewards]
        return Progress(self.standing(referrer), lines, history.friends)

    def reward_rows(self, referrer: Referrer) -> Listed:
        return Listed(self.history(referrer.program).rewards)

    def friend_rows(self, referrer: Referrer) -> Listed:
        return Listed(self.history(referrer.program).friends)

    def own_place(self, referrer: Referrer) -> OwnPlace:
        return OwnPlace(None, 0)

    def own_groups(self, referrer: Referrer) -> list[GroupCard]:
        return []

    def points(self, referrer: Referrer) -> Points:
        return Points(0)

    def exchanges(self, referrer: Referrer) -> dict[int, int]:
        return {}


class ReferrerPreview(NewReferrerPreview):
    """Alex some weeks later, with the rewards that the programme's rules promise."""

    def history(self, program: Program) -> History:
        return self.once("history", program.pk, lambda: imagine(self.offer(program).referrer, program))

    def board(self, program: Program, *, limit: int) -> Board:
        """The real places, and Alex behind everybody who brought as many."""
        real = super().board(program, limit=limit)
        alex = self.session(program).referrer
        return replace(real, places=with_place(real.places, alex, self.customers(alex))[:limit])

    def own_place(self, referrer: Referrer) -> OwnPlace:
        places = self.board(referrer.program, limit=LONGEST_BOARD).places
        ranks = [place.rank for place in places if place.referrer is referrer]
        return OwnPlace(ranks[0] if ranks else LONGEST_BOARD + 1, self.customers(referrer))

    def own_groups(self, referrer: Referrer) -> list[GroupCard]:
        """One that runs, for the first offer: the others show how a group is opened."""
        return [own_group(offer) for offer in self.group_offers(referrer.program)[:1]]

    def points(self, referrer: Referrer) -> Points:
        """Enough for the cheapest thing that they buy."""
        program = referrer.program
        prices = [rule.points_price or 0 for rule in self.points_offers(program)[:1]]
        return Points(max(self.history(program).points, *prices, 0))


PREVIEWS: dict[str, type[VisitorPreview]] = {
    VISITOR: VisitorPreview,
    FRIEND: FriendPreview,
    NEW_REFERRER: NewReferrerPreview,
    REFERRER: ReferrerPreview,
}


def preview_audience(request: HttpRequest, mode: str | None) -> Audience:
    """The imagined visitor of a preview mode; a visitor for a mode that nobody knows."""
    return PREVIEWS.get(mode or "", VisitorPreview)(request)
