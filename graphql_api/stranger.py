"""The one audience of public reads: a site's stranger, whoever asks, so that nothing of anybody's own can show."""

from __future__ import annotations

from django.db.models import prefetch_related_objects
from wagtail.models import Site

from referral_blocks.blocks.audience import Audience
from referral_blocks.blocks.portal_rows import Board
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.programs.selectors import terms_number
from referral_blocks.rewards.models import RewardRule

from .context import Info

MOST_PLACES = 50


class Stranger(Audience):
    """Reads each thing once a request, however many fields and blocks ask; it has no request of its own, and with it no
    cookie, token or session."""

    def __init__(self, site: Site) -> None:
        super().__init__(None)
        self.site = site

    def board(self, program: Program, *, limit: int) -> Board:
        """Boards of different lengths cost one read together."""
        whole = super().board(program, limit=MOST_PLACES)
        return Board(whole.period, whole.places[:limit], whole.start, whole.last_day)

    def points_offers(self, program: Program) -> list[RewardRule]:
        """With their conditions, which the words of an offer need."""
        rules = super().points_offers(program)
        prefetch_related_objects(rules, "conditions")
        return rules

    def terms_number(self, program: Program) -> int:
        return int(self.once("terms_number", program.pk, lambda: terms_number(program=program)))

    def terms_numbered(self, program: Program, number: int) -> TermsVersion | None:
        versions = TermsVersion.objects.filter(program_id=program.pk, number=number)
        found: TermsVersion | None = self.once("terms_numbered", (program.pk, number), versions.first)
        return found


def stranger_of(info: Info, site: Site | None = None) -> Stranger:
    """The request's one Stranger to a site, by default the one that is asked. Only pages need the right one: what is
    read about a programme is the same for all."""
    known: dict[int, Stranger] = info.context.strangers
    of_site = site or info.context.site
    if of_site.pk not in known:
        known[of_site.pk] = Stranger(of_site)
    return known[of_site.pk]
