"""Aliases and reason codes in the words that staff read."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_percent
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from referral_blocks.fraud.check import check_labels
from referral_blocks.payouts.registry import payout_provider_choices

# Reason codes of audit rows. A code that is missing here, such as “payout:7”, is shown as it is.
CAUSES = {
    "score": _("The score decided"),
    "person": _("A person decided"),
    "rule": _("The rule says “automatic”"),
    "time": _("Its time had come"),
    "sale": _("Sale"),
    "credit_window": _("The time to buy was over"),
    "clear": _("Nothing left to wait for"),
    "blocked": _("The friend was blocked"),
    "settled": _("The recipient has it"),
    "payout_failed": _("The payout failed"),
    "reversed": _("The sale was reversed"),
    "netted": _("Nothing was left to send"),
    "excluded": _("Taken out of its run"),
    "run_cancelled": _("Its run was cancelled"),
    "created": _("Made"),
    "changed": _("Changed"),
    "rotated": _("Secret replaced"),
    "webhook_gone": _("It answered that it is gone"),
    "webhook_failing": _("It failed for days"),
}


def cause(code: str) -> str:
    return str(CAUSES.get(code) or check_labels().get(code, code))


def provider_label(alias: str) -> str:
    """A payout provider in words; its alias when the host has removed it."""
    return str(dict(payout_provider_choices()).get(alias, alias))


def payouts_to_people(payouts: int, people: int) -> str:
    """Such as “3 payouts to 2 people”."""
    n = ngettext("%(n)d payout", "%(n)d payouts", payouts) % {"n": payouts}
    to = ngettext("%(n)d person", "%(n)d people", people) % {"n": people}
    return _("%(payouts)s to %(people)s") % {"payouts": n, "people": to}


def percent(share: Decimal | None) -> str:
    """A share in per cent with at most one decimal, as the active language writes it; a dash for none."""
    if share is None:
        return "–"
    rounded = share.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return format_percent(rounded, locale=to_locale(get_language() or "en"), decimal_quantization=False)
