"""Somebody takes their data along, or has it erased: whoever takes part, as a referrer or as a friend."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from graphql_api.context import Context, Info
from graphql_api.errors import UserError, user_errors
from graphql_api.money.types import Money
from graphql_api.scalars import URL, BigInt, EmailAddress
from graphql_api.signed_in import require_referrer
from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.flows.erase_person import OpenValue as Value
from referral_blocks.flows.erase_person import erase_person, open_value
from referral_blocks.flows.export_person import export_person
from referral_blocks.flows.request_data_link import request_data_link
from referral_blocks.people.data_page import read_page_token
from referral_blocks.people.models import Person

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."
TOKEN = "What stands at the end of the address in the mail that requestDataLink sends: it works for an hour."  # noqa: S105
RATE = "20/hour"  # a referrer


@strawberry.type(description="A file with all that is kept about one person: JSON, made while it is downloaded.")
class PersonFile:
    url: URL = strawberry.field(description="Where it is. Whoever has the address has the file: keep it nowhere.")
    expires_at: datetime = strawberry.field(description="Until when the address works: some minutes.")


@strawberry.enum(description="How far an erasure is.")
class ErasureState(Enum):
    UNDER_WAY = strawberry.enum_value(
        "under_way",
        description="Signed out everywhere, and found by no address; the rest goes within minutes, or once payouts "
        "that are on their way have arrived.",
    )
    DONE = strawberry.enum_value("done", description="Nothing is left that names the person.")


@strawberry.type(description="What a person has not received yet. All but what is on its way is lost with an erasure.")
class OpenValue:
    rewards: int = strawberry.field(description="Rewards that are pending, approved, or not sent yet.")
    amounts: list[Money] = strawberry.field(description="What they are worth, one amount a currency.")
    points: BigInt = strawberry.field(description="Points that are left, in all programmes.")
    gift_cards: int = strawberry.field(description="Gift cards that work and were never looked at.")
    payouts_on_their_way: int = strawberry.field(
        description="Payouts that arrive first; what is needed for them is erased after that."
    )

    @classmethod
    def of(cls, value: Value) -> OpenValue:
        return cls(
            rewards=value.rewards,
            amounts=list(value.amounts),  # type: ignore[arg-type]
            points=value.points,  # type: ignore[arg-type]
            gift_cards=value.gift_cards,
            payouts_on_their_way=value.on_their_way,
        )


@strawberry.input(description="Whose file: of whoever is signed in, or of the mailbox that a token was sent to.")
class ExportPersonInput:
    token: str | None = strawberry.field(default=None, description=f"{TOKEN} Not needed when signed in.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The file of a person’s data.")
class ExportPersonPayload:
    file: PersonFile | None = strawberry.field(default=None, description="Where it is; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Whose mailbox gets the link to their data.")
class RequestDataLinkInput:
    email: EmailAddress | None = strawberry.field(
        default=None, description="The address of a referrer or a friend; not needed when signed in."
    )
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The same for known and unknown addresses.")
class RequestDataLinkPayload:
    ok: bool = strawberry.field(default=False, description="True: if the address is known, a link is on its way.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Who is erased, and that they know what they lose.")
class ErasePersonInput:
    token: str = strawberry.field(description=f"{TOKEN} A session alone, which can be stolen, erases nobody.")
    give_up: bool = strawberry.field(
        default=False, description="Whether what has not been received may be lost; refused with OPEN_REWARDS if not."
    )
    no_mail: bool = strawberry.field(
        default=False, description="Whether the address is never to be written to again, whoever types it into a form."
    )


@strawberry.type(description="An erasure that has begun; nothing undoes it.")
class ErasePersonPayload:
    state: ErasureState | None = strawberry.field(default=None, description="How far it is; null when refused.")
    open: OpenValue | None = strawberry.field(
        default=None, description="What was open when this was asked; null when the token is refused."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class PeopleMutation:
    @strawberry.mutation(description="Get the address of a file with all that is kept about oneself.")
    @sensitive_variables("given")
    def export_person(
        self, info: Info, given: Annotated[ExportPersonInput, strawberry.argument(name="input", description="Whose.")]
    ) -> ExportPersonPayload | None:
        context = info.context
        try:
            if given.token is None:
                person = require_referrer(context, given.program, purpose="export_person", rate=RATE).person
            else:
                person = _by_token(context, given.token, purpose="export_person")
            file = export_person(person=person, site=context.site)
        except DomainError as error:
            return ExportPersonPayload(errors=user_errors(error))
        return ExportPersonPayload(file=PersonFile(url=URL(file.url), expires_at=file.expires_at))

    @strawberry.mutation(
        description="Mail somebody the link by which they see, download and erase their data. It leads to a page of "
        "the site; an app may take the token from it."
    )
    def request_data_link(
        self, info: Info, given: Annotated[RequestDataLinkInput, strawberry.argument(name="input", description="Who.")]
    ) -> RequestDataLinkPayload | None:
        context = info.context
        try:
            if given.email is None:
                email = require_referrer(context, given.program, purpose="request_data_link", rate=RATE).person.email
            else:
                context.check_rate("request_data_link")
                email = given.email
            request_data_link(site_id=context.site.pk, email=email)
        except DomainError as error:
            return RequestDataLinkPayload(errors=user_errors(error))
        return RequestDataLinkPayload(ok=True)

    @strawberry.mutation(
        description="Have oneself erased, for good, in all programmes. Sums and dates stay and name nobody."
    )
    @sensitive_variables("given")
    def erase_person(
        self, info: Info, given: Annotated[ErasePersonInput, strawberry.argument(name="input", description="Who.")]
    ) -> ErasePersonPayload | None:
        value: Value | None = None
        try:
            person = _by_token(info.context, given.token, purpose="erase_person")
            value = open_value(person=person)
            erasure = erase_person(person=person, gives_up=given.give_up, no_mail=given.no_mail)
        except DomainError as error:
            return ErasePersonPayload(open=OpenValue.of(value) if value else None, errors=user_errors(error))
        state = ErasureState.DONE if erasure.done_at else ErasureState.UNDER_WAY
        return ErasePersonPayload(state=state, open=OpenValue.of(value))


@sensitive_variables("token")
def _by_token(context: Context, token: str, *, purpose: str) -> Person:
    """Whose mailbox the token was sent to, one try of the visitor counted. Raises InvalidInput, TooManyRequests."""
    context.check_rate(purpose)
    person = read_page_token(token, site_id=context.site.pk)
    if person is None:
        raise InvalidInput(
            _("This link is damaged or too old. Ask for a new one."), code="invalid_token", path=("token",)
        )
    return person
