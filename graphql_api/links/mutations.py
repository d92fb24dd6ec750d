"""Passing links on and choosing their code."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.signed_in import OwnPayload, require_referrer
from referral_blocks.core.errors import DomainError, NotFound
from referral_blocks.flows.create_link import create_link
from referral_blocks.flows.record_share import record_share
from referral_blocks.links.channels import MAX_TEXT, Message
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import link_by_code, link_url
from referral_blocks.links.services import primary_link
from referral_blocks.referrers.models import Referrer

from .types import ShareChannel, ViewerLink

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."
NEW_CODES = "20/day"  # a referrer: nobody needs more, and a code that was once taken stays taken


@strawberry.input(description="Which link was passed on, and how.")
class RecordShareInput:
    channel: ShareChannel = strawberry.field(description="How.")
    code: str | None = strawberry.field(default=None, description="Their link’s code; the one that is shown if null.")
    text: str = strawberry.field(
        default="", description=f"The message before the link, for the address that comes back; {MAX_TEXT} characters."
    )
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="A share.")
class RecordSharePayload:
    counted: bool = strawberry.field(
        default=False, description="Whether it was counted; a share of a closed programme’s link is not."
    )
    address: str | None = strawberry.field(
        default=None,
        description="Where the channel’s button leads, with the message ready to send (https, mailto or sms); null for "
        "what happens on the page itself.",
    )
    link: ViewerLink | None = strawberry.field(default=None, description="The link; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="The code that a referrer would like.")
class CreateLinkInput:
    code: str = strawberry.field(description="Letters from A to Z, digits, “-” and “_”.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The link that is shown from now on; those before it go on working.")
class CreateLinkPayload(OwnPayload):
    link: ViewerLink | None = strawberry.field(default=None, description="The link; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class LinksMutation:
    @strawberry.mutation(description="Say that the signed-in referrer has passed on one of their links.")
    def record_share(
        self, info: Info, given: Annotated[RecordShareInput, strawberry.argument(name="input", description="What.")]
    ) -> RecordSharePayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="record_share")
            link = _own_link(referrer, given.code)
            shared = record_share(link=link, channel=given.channel.value, referrer=referrer)
        except DomainError as error:
            return RecordSharePayload(errors=user_errors(error))
        make = shared.channel.address
        # Control characters are nobody's words; in a mail's address they could begin another header.
        text = "".join(c if c.isprintable() or c == "\n" else " " for c in given.text[:MAX_TEXT])
        message = Message(url=link_url(link), text=text, subject=referrer.program.name)
        return RecordSharePayload(
            counted=shared.event is not None,
            address=make(message) if make else None,
            link=link,  # type: ignore[arg-type]
        )

    @strawberry.mutation(
        description="Give the signed-in referrer a code of their own choice; the same again changes nothing."
    )
    def create_link(
        self, info: Info, given: Annotated[CreateLinkInput, strawberry.argument(name="input", description="Which.")]
    ) -> CreateLinkPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="create_link", rate=NEW_CODES)
            link = create_link(referrer=referrer, code=given.code)
        except DomainError as error:
            return CreateLinkPayload(errors=user_errors(error))
        link.referrer = referrer
        return CreateLinkPayload(link=link, session=info.context.session(given.program))  # type: ignore[arg-type]


def _own_link(referrer: Referrer, code: str | None) -> ReferralLink:
    if code is None:
        link = primary_link(referrer=referrer)
    else:
        link = link_by_code(code=code, site_id=referrer.program.site_id)  # type: ignore[assignment]
        if link is None or link.referrer_id != referrer.pk:
            raise NotFound(_("You have no link with this code."), path=("code",))
    link.referrer = referrer
    return link
