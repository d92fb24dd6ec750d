"""A page that everybody may open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry import relay
from wagtail.models import Site

from graphql_api.connections import Pages
from graphql_api.context import Info
from graphql_api.programs.types import Program
from graphql_api.scalars import URL
from graphql_api.stranger import stranger_of

from .content import Sheaf
from .found import public_pages, type_of
from .images import Image
from .registry import page_block

PageBlock = page_block()


@strawberry.enum(description="What a page is for.")
class PageType(Enum):
    LANDING = strawberry.enum_value("landing", description="Where referrers’ links lead.")
    SHARE = strawberry.enum_value("share", description="Where customers join and find their link.")
    PORTAL = strawberry.enum_value("portal", description="A referrer’s own page.")
    TERMS = strawberry.enum_value("terms", description="The terms on a page of their own.")
    OTHER = strawberry.enum_value("other", description="Any other page with referral blocks.")


@strawberry.type(description="A public page with referral blocks.")
class Page(relay.Node):
    pk: relay.NodeID[int]
    page: strawberry.Private[Any]
    sheaf: strawberry.Private[Sheaf]

    @strawberry.field(description="What it is for.")
    def type(self) -> PageType:
        return PageType(type_of(self.page))

    @strawberry.field(description="Its title.")
    def title(self) -> str:
        return self.page.title  # type: ignore[no-any-return]

    @strawberry.field(description="What search engines and browser tabs show.")
    def seo_title(self) -> str:
        return self.page.seo_title or self.page.title

    @strawberry.field(description="What search engines show below it; may be empty.")
    def search_description(self) -> str:
        return self.page.search_description or ""

    @strawberry.field(description="Its path on this site, such as /invited/.")
    def path(self, info: Info) -> str:
        return _parts(self.page, info)[1]

    @strawberry.field(description="Its whole address on this site.")
    def url(self, info: Info) -> URL:
        return "".join(_parts(self.page, info))

    @strawberry.field(description="Its language, such as en or de-at.")
    def language(self) -> str:
        return self.page.locale.language_code  # type: ignore[no-any-return]

    @strawberry.field(description="When it was first published; null where that is not known.")
    def first_published_at(self) -> datetime | None:
        return self.page.first_published_at  # type: ignore[no-any-return]

    @strawberry.field(description="When it was last published; null where that is not known.")
    def last_published_at(self) -> datetime | None:
        return self.page.last_published_at  # type: ignore[no-any-return]

    @strawberry.field(description="What messengers and social networks show beside its link; null without one.")
    def share_image(self) -> Image | None:
        return Image.of(self.sheaf.share_image_of(self.page))

    @strawberry.field(description="The programme that its blocks speak of, unless one of them has its own.")
    def program(self) -> Program | None:
        return self.sheaf.stranger.program_for(chosen=None, page=self.page)  # type: ignore[return-value]

    @strawberry.field(description="Its blocks, in order. What only members may read is never among them.")
    def blocks(self) -> list[PageBlock]:  # type: ignore[valid-type]
        return self.sheaf.blocks_of(self.page)

    @classmethod
    def of_all(cls, pages: Iterable[Any], info: Info, site: Site | None = None) -> list[Page]:
        """The API’s view of pages of one site that were found together."""
        found = list(pages)
        sheaf = Sheaf(found, stranger=stranger_of(info, site))
        return [cls(pk=page.pk, page=page, sheaf=sheaf) for page in found]

    @classmethod
    def resolve_nodes(cls, *, info: Info, node_ids: Iterable[str], required: bool = False) -> list[Page | None]:  # type: ignore[override]
        ids = list(node_ids)
        wanted = [int(text) for text in ids if text.isascii() and text.isdecimal() and len(text) < 10]
        found = {page.pk: page for page in cls.of_all(public_pages(info.context.site).filter(pk__in=wanted), info)}
        return [found.get(int(text)) if text.isascii() and text.isdecimal() else None for text in ids]


class PageList:
    """Public pages as a list that reads only the part that is asked for, and that part together."""

    def __init__(self, pages: Any, info: Info, site: Site) -> None:
        self.pages, self.info, self.site = pages, info, site

    def __len__(self) -> int:
        return int(self.pages.count())

    def __getitem__(self, part: slice) -> list[Page]:
        return Page.of_all(self.pages[part], self.info, self.site)


PageConnection = Pages[Page]


def _parts(page: Any, info: Info) -> tuple[str, str]:
    parts = page.get_url_parts(info.context.request)
    return (parts[1] or "", parts[2] or "") if parts else ("", "")
