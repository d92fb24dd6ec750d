"""Runs the checks over a referral. A check that fails is a finding, too: money fails closed."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from referral_blocks.core.conf import get_conf
from referral_blocks.referrals.models import Referral
from referral_blocks.sales.models import Sale

from .check import Finding, Registered, Screening, registered_checks
from .facts import gather
from .models import Severity, SignalSide

log = logging.getLogger(__name__)

FAILED = "failed:"  # before the alias of a check that raised; such signals flag and never block
FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Screened:
    """What the checks said, by the name that a signal is stored under; ``screening`` is None when the facts could not
    be gathered."""

    occasion: str
    findings: dict[str, Finding]
    screening: Screening | None = None


def screen(*, referral: Referral, sale: Sale | None = None) -> Screened:
    """Every registered check's finding, in the site's language, whatever the visitor's.

    A check's fault raises nothing: no sale or friend is lost by it.
    """
    occasion = occasion_of(sale)
    with override(settings.LANGUAGE_CODE):
        try:
            with transaction.atomic():
                screening = gather(referral=referral, sale=sale)
        except Exception:
            log.exception("The facts for screening referral %s could not be gathered", referral.pk)
            return Screened(occasion, {FAILED + FACTS: _failure(FACTS, occasion)})
        return Screened(occasion, _inspect(screening, occasion), screening)


def occasion_of(sale: Sale | None) -> str:
    """The name under which signals keep what was screened."""
    return f"sale:{sale.pk}" if sale else "capture"


def _inspect(screening: Screening, occasion: str) -> dict[str, Finding]:
    findings = {}
    for line in registered_checks():
        try:
            found = _one(line, screening)
        except Exception:
            log.exception("The fraud check %s failed at %s", line.alias, occasion)
            findings[(FAILED + line.alias)[:40]] = _failure(line.alias, occasion)
        else:
            if found:
                findings[line.alias] = found
    return findings


def _one(line: Registered, screening: Screening) -> Finding | None:
    check = line.load()
    return check.inspect(screening) if screening.occasion in check.occasions else None


def _failure(alias: str, occasion: str) -> Finding:
    # The occasion makes each failure a sentence of its own: a decision about an earlier one does not cover it.
    evidence = _("The check “%(check)s” failed at %(occasion)s. Please look for yourself.")
    score = min(100, max(1, get_conf().FRAUD_REVIEW_SCORE))
    return Finding(Severity.HIGH, SignalSide.BOTH, score, evidence % {"check": alias, "occasion": occasion})


def blocking_aliases() -> set[str]:
    """The checks whose scores may add up to an automatic block."""
    aliases = set()
    for line in registered_checks():
        try:
            if line.load().may_block:
                aliases.add(line.alias)
        except Exception:
            log.exception("The fraud check %s cannot be loaded", line.alias)
    return aliases
