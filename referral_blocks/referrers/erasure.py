"""Ends what a person was signed in to, and lets go of the ids by which their enrolments were known."""

from __future__ import annotations

import uuid

from .models import Referrer, SignIn


def end_sign_ins(*, person_id: int) -> None:
    """No browser and no app is signed in any more, and no page shows the name."""
    SignIn.objects.filter(referrer__person_id=person_id).delete()
    Referrer.objects.filter(person_id=person_id).update(greeting_consent=False, leaderboard_consent=False)


def renew_ids(*, person_id: int) -> None:
    """Other public ids for the enrolments: old cookies, mails and records of other systems name nobody any more."""
    referrers = list(Referrer.objects.filter(person_id=person_id).only("pk"))
    for referrer in referrers:
        referrer.public_id = uuid.uuid4()
    Referrer.objects.bulk_update(referrers, ["public_id"], batch_size=500)
