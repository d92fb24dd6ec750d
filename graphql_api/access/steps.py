"""One step of a row's life, as the audit trail keeps it."""

from __future__ import annotations

from datetime import datetime

import strawberry
import strawberry_django


@strawberry.interface(description="One step of a record’s life; steps are never edited.")
class Step:
    created_at: datetime = strawberry_django.field(description="When it was taken.")
    field: str = strawberry_django.field(description="What changed, such as “state” or “reason”.")
    from_state: str = strawberry_django.field(description="What it was before; may be empty.")
    to_state: str = strawberry_django.field(description="What it was afterwards; may be empty.")
    reason: str = strawberry_django.field(description="Why, for programs.")
    note: str = strawberry_django.field(description="Why, in the words of whoever decided; may be empty.")
    agent: str = strawberry_django.field(
        description="Which API key did it, by name and beginning; empty for people and for the system itself."
    )
