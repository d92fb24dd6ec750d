"""Who people are, as a referrer or friend says it of themselves."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="Whether somebody is a person or a business.")
class PersonKind(Enum):
    PERSON = strawberry.enum_value("person", description="A person.")
    BUSINESS = strawberry.enum_value("business", description="A business.")
