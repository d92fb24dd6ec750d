"""Writes referrers."""

from __future__ import annotations

from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, TermsVersion

from .models import Referrer


def get_or_create_referrer(
    *, person: Person, program: Program, terms_version: TermsVersion, greeting_consent: bool
) -> tuple[Referrer, bool]:
    """The person's enrolment, and whether it is new; a known one keeps its consent and the terms it accepted."""
    return Referrer.objects.get_or_create(
        person=person,
        program=program,
        defaults={"terms_version": terms_version, "greeting_consent": greeting_consent},
    )


def set_consents(*, referrer: Referrer, greeting: bool, leaderboard: bool) -> None:
    """Whether friends read the first name, and whether leaderboards show it."""
    referrer.greeting_consent, referrer.leaderboard_consent = greeting, leaderboard
    referrer.save(update_fields=["greeting_consent", "leaderboard_consent"])
