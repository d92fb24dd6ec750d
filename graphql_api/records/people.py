"""A person, as the site's own systems know them."""

from __future__ import annotations

import strawberry
import strawberry_django

from graphql_api.people.types import PersonKind
from graphql_api.scalars import EmailAddress
from referral_blocks.people import models


@strawberry_django.type(models.Person, description="A referrer or a friend, with their address.")
class PersonRecord:
    @strawberry_django.field(description="The e-mail address; null once the person was erased.", only=["email"])
    def email(self, root: strawberry.Parent[models.Person]) -> EmailAddress | None:
        return EmailAddress(root.email) if root.email else None

    name: str = strawberry_django.field(description="The name; may be empty.")
    phone: str = strawberry_django.field(description="The phone number; may be empty.")
    kind: PersonKind = strawberry_django.field(description="What they are.")
    country: str = strawberry_django.field(description="The country’s two letters (ISO 3166-1); may be empty.")
    locale: str = strawberry_django.field(description="The language in which they are written to; may be empty.")
