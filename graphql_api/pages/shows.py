"""What blocks show a stranger besides their editor's fields: the same that their templates get."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from graphql_api.analytics.leaderboard import Leaderboard, leaderboard_of
from graphql_api.groups.types import GroupOffer
from graphql_api.programs.offers import Offer, offers_of
from graphql_api.programs.types import Program, Terms
from graphql_api.scalars import URL
from graphql_api.stranger import MOST_PLACES
from referral_blocks.blocks.aims import Action as ShownAction
from referral_blocks.blocks.friend_fields import LABELS
from referral_blocks.rewards.models import Side, Trigger

from .generated import Block


@strawberry.type(description="A button.")
class BlockAction:
    text: str = strawberry.field(description="What it says.")
    url: URL = strawberry.field(description="Where it leads: a page, or #… for a block of the same page.")

    @classmethod
    def of(cls, action: ShownAction | None) -> BlockAction | None:
        return cls(text=action.text, url=action.href) if action else None


@strawberry.enum(description="What a friend is asked for besides name and e-mail.")
class FriendFieldKind(Enum):
    PHONE = strawberry.enum_value("phone", description="A phone number.")
    COMPANY = strawberry.enum_value("company", description="Where they work.")
    MESSAGE = strawberry.enum_value("message", description="A text of several lines.")
    TEXT = strawberry.enum_value("text", description="The answer to a question of the marketer’s own.")


@strawberry.type(description="One more thing that a friend is asked for.")
class FriendField:
    kind: FriendFieldKind = strawberry.field(description="What it is.")
    label: str = strawberry.field(description="What stands above it.")
    help_text: str = strawberry.field(description="A line that says why it is asked; may be empty.")
    required: bool = strawberry.field(description="Whether it has to be filled in.")


@strawberry.type(description="A figure as it is read.")
class ShownStat:
    figure: str = strawberry.field(description="Such as “1,200+”.")
    label: str = strawberry.field(description="What it counts.")


@strawberry.interface(description="A block that speaks of a programme.")
class ProgramBlock(Block):
    @strawberry.field(description="The programme: the block’s, the page’s, or the site’s only live one.")
    def program(self) -> Program | None:
        return self.seen.program  # type: ignore[return-value]

    @strawberry.field(
        description="Whether this site shows it: a block that needs a programme and has none is left out."
    )
    def is_shown(self) -> bool:
        return not self.seen.block.needs_program or self.seen.program is not None  # type: ignore[attr-defined]

    def _promised(self) -> list[Offer]:
        """What a referral earns each side, first the side that the block speaks to."""
        if self.seen.program is None:
            return []
        promise = self.seen.stranger.promise(self.seen.program)
        sides = [promise.friend, promise.referrer]
        if self.seen.value.get("speaks_to") == Side.REFERRER:
            sides.reverse()
        return offers_of([rule for side in sides for rule in side], program=self.seen.program)

    def _rules_for(self, trigger: str) -> list[Offer]:
        program = self.seen.program
        return offers_of(self.seen.stranger.rules_for(program, trigger), program=program) if program else []


@strawberry.type
class HeroShows(ProgramBlock):
    @strawberry.field(description="What both sides get; empty where the block does not show it.")
    def offers(self) -> list[Offer]:
        return self._promised() if self.seen.value.get("show_offer") else []

    @strawberry.field(description="The button; null without one, and where what it leads to is closed.")
    def action(self) -> BlockAction | None:
        return BlockAction.of(self.seen.shown.get("action"))


@strawberry.type
class OfferCardsShows(ProgramBlock):
    @strawberry.field(description="What both sides get, first the side that the block speaks to.")
    def offers(self) -> list[Offer]:
        return self._promised()


@strawberry.type
class PostPurchaseShows(ProgramBlock):
    @strawberry.field(description="What both sides get; empty where the block does not show it.")
    def offers(self) -> list[Offer]:
        return self._promised() if self.seen.value.get("show_offer") else []


@strawberry.type
class CtaBarShows(ProgramBlock):
    @strawberry.field(description="The button; null without one, and where what it leads to is closed.")
    def action(self) -> BlockAction | None:
        return BlockAction.of(self.seen.shown.get("action"))


@strawberry.type
class FriendFormShows(ProgramBlock):
    @strawberry.field(description="What is asked for besides name and e-mail, in this order.")
    def fields(self) -> list[FriendField]:
        return [
            FriendField(
                kind=FriendFieldKind(child.block_type),
                label=child.value.get("label") or str(LABELS[child.block_type]),
                help_text=child.value.get("help_text") or "",
                required=bool(child.value.get("required")),
            )
            for child in self.seen.value.get("fields") or ()
        ]


@strawberry.type
class GroupDealShows(ProgramBlock):
    @strawberry.field(description="What the programme offers to groups.")
    def group_offers(self) -> list[GroupOffer]:
        program = self.seen.program
        return [GroupOffer.of(offer) for offer in self.seen.stranger.group_offers(program)] if program else []

    @strawberry.field(description="What both sides get when a group is complete.")
    def prizes(self) -> list[Offer]:
        return self._rules_for(Trigger.GROUP)


@strawberry.type
class MilestoneShows(ProgramBlock):
    @strawberry.field(
        description="What referrers get, by the friend from whom on; empty where every friend brings the same."
    )
    def milestones(self) -> list[Offer]:
        rungs = [offer for offer in self._rules_for(Trigger.SALE) if offer.rule.side == Side.REFERRER]
        rungs.sort(key=lambda offer: offer.rule.friend_from)
        return rungs if any(offer.rule.friend_from > 1 for offer in rungs) else []


@strawberry.type
class LeaderboardShows(ProgramBlock):
    @strawberry.field(description="The leaderboard with as many places as the block has; null without a programme.")
    def leaderboard(self) -> Leaderboard | None:
        seen = self.seen
        if seen.program is None:
            return None
        limit = min(max(seen.value.get("places") or 10, 1), MOST_PLACES)
        prizes = bool(seen.value.get("show_prizes"))
        return leaderboard_of(seen.stranger, seen.program, limit=limit, with_prizes=prizes)


@strawberry.type
class StatRowShows(ProgramBlock):
    @strawberry.field(description="The figures that are large enough to show, rounded down; a few minutes old.")
    def shown(self) -> list[ShownStat]:
        return [ShownStat(figure=stat.figure, label=stat.label) for stat in self.seen.shown.get("shown") or ()]


@strawberry.type
class CountdownShows(ProgramBlock):
    @strawberry.field(description="When the programme ends; null where there is nothing to count down to.")
    def ends_at(self) -> datetime | None:
        return self.seen.shown.get("end")

    @strawberry.field(description="Whether it is over: then endedText stands here.")
    def is_over(self) -> bool:
        return bool(self.seen.shown.get("is_over"))


@strawberry.type
class TermsShows(ProgramBlock):
    @strawberry.field(description="The terms in force; null when the programme has none.")
    def terms(self) -> Terms | None:
        program = self.seen.program
        if program is None or not program.terms:
            return None
        return Terms(number=self.seen.stranger.terms_number(program), text=program.terms, is_in_force=True)


SHOWS: dict[str, type[ProgramBlock]] = {
    "countdown": CountdownShows,
    "cta_bar": CtaBarShows,
    "friend_form": FriendFormShows,
    "group_deal": GroupDealShows,
    "hero": HeroShows,
    "leaderboard": LeaderboardShows,
    "milestone": MilestoneShows,
    "offer_cards": OfferCardsShows,
    "post_purchase": PostPurchaseShows,
    "stat_row": StatRowShows,
    "terms": TermsShows,
}

# What the editor fills in for some visitors only.
HIDDEN: dict[str, tuple[str, ...]] = {"members_only": ("content",)}
