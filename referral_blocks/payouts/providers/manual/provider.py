"""A provider whose rail is people: sending a payout puts it on the staff's list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.text import clean_text
from referral_blocks.payouts.limits import today
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
)

from .models import Handover, HandoverKind

MOST_DAYS = 365


class ManualProvider(PayoutProvider):
    """Options: ``kind`` (one of HandoverKind), ``due_days`` (until when it should be done), and ``organisation`` for a
    donation."""

    label = _("Handed over by staff")

    capabilities = Capabilities(in_house=True)

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        for name in options:
            if name not in ("kind", "due_days", "organisation"):
                raise _refusal(_("Staff are not asked for this."), "not_used", name)
        kind = str(options.get("kind") or HandoverKind.IN_STORE)
        if kind not in HandoverKind.values:
            known = ", ".join(HandoverKind.values)
            raise _refusal(_("Choose one of: %(known)s.") % {"known": known}, "unknown_choice", "kind")
        cleaned: dict[str, Any] = {"kind": kind}
        if (days := _days(options.get("due_days"))) is not None:
            cleaned["due_days"] = days
        donation = kind == HandoverKind.DONATION
        given = str(options.get("organisation") or "")
        if organisation := clean_text(given, max_length=120, path=("methodOptions", "organisation"), required=donation):
            if not donation:
                raise _refusal(_("Only a donation goes to an organisation."), "not_used", "organisation")
            cleaned["organisation"] = organisation
        return cleaned

    def describe_options(self) -> list[tuple[str, str | Promise]]:
        kinds = ", ".join(f"{kind.value} ({kind.label})" for kind in HandoverKind)
        return [
            ("kind", _("What it is: %(kinds)s.") % {"kinds": kinds}),
            ("due_days", _("Within how many days staff should hand it over. Empty: no date.")),
            ("organisation", _("Whom a donation goes to.")),
        ]

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        return {"title": order.title, "instructions": order.instructions, **self.clean_options(order.options)}

    def send(self, request: PayoutRequest) -> PayoutResult:
        payout = Payout.objects.select_related("program").get(public_id=request.payout_id)
        body = request.body
        days = body.get("due_days")
        handover, _created = Handover.objects.get_or_create(
            idempotency_key=request.idempotency_key,
            defaults={
                "payout": payout,
                "title": body["title"],
                "instructions": body["instructions"],
                "kind": body.get("kind", HandoverKind.IN_STORE),
                "organisation": body.get("organisation", ""),
                "due_on": today(program=payout.program) + timedelta(days=days) if days else None,
            },
        )
        return PayoutResult(Outcome.ACCEPTED, provider_ref=f"handover-{handover.pk}")


def _days(given: Any) -> int | None:
    text = str("" if given is None else given).strip()
    if not text:
        return None
    days = int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else 0
    if not 1 <= days <= MOST_DAYS:
        message = _("Give a whole number from %(least)d to %(most)d.") % {"least": 1, "most": MOST_DAYS}
        raise _refusal(message, "out_of_range", "due_days")
    return days


def _refusal(message: str | Promise, code: str, name: str) -> InvalidInput:
    return InvalidInput(message, code=code, path=("methodOptions", name))
