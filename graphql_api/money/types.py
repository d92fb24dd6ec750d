"""The Money type."""

from __future__ import annotations

from typing import Annotated

import strawberry
from babel.core import UnknownLocaleError
from django.utils.translation import gettext as _
from graphql import GraphQLError

from graphql_api.errors import ErrorCode, refusal
from graphql_api.scalars import BigInt
from referral_blocks.core import money as core

LOCALE_LENGTH = 35  # RFC 5646 §4.4.1: what a language tag needs at most


@strawberry.type(description="An exact amount in one currency.")
class Money:
    amount_minor: BigInt = strawberry.field(
        description="The amount in the currency’s smallest unit: 1250 for £12.50, 1250 for ¥1,250."
    )
    currency: str = strawberry.field(description="ISO 4217 code, such as GBP.")

    @strawberry.field(description="The amount for people, such as “£12.50”.")
    def formatted(
        self,
        locale: Annotated[
            str | None,
            strawberry.argument(description="How to write it, such as de-AT; by default the site’s language."),
        ] = None,
    ) -> str:
        if locale == "" or len(locale or "") > LOCALE_LENGTH:
            raise _unknown_locale()
        try:
            return core.Money(self.amount_minor, self.currency).format(locale)
        except (UnknownLocaleError, ValueError):
            raise _unknown_locale() from None

    @classmethod
    def of(cls, amount: core.Money) -> Money:
        """The API's view of an amount."""
        return cls(amount_minor=BigInt(amount.amount_minor), currency=amount.currency)


def _unknown_locale() -> GraphQLError:
    return refusal(ErrorCode.BAD_USER_INPUT, _("There is no such locale. Write it as in de-AT."))
