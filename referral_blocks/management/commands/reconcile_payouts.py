"""`manage.py reconcile_payouts`: our payouts beside a provider's own list, now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from referral_blocks.core.conf import get_conf
from referral_blocks.flows.reconcile_payouts import reconcile_payouts
from referral_blocks.payouts.registry import payout_provider


class Command(BaseCommand):
    help = "Compares payouts with the providers' own lists and prints every difference; ends with 1 when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", nargs="*", help="aliases; all whose books can be read by default")
        parser.add_argument("--since", help="a moment, such as 2026-11-01T00:00Z; three days ago by default")

    def handle(self, *args: Any, **options: Any) -> None:
        known = [alias for alias in get_conf().PAYOUT_PROVIDERS if payout_provider(alias).capabilities.read_back]
        asked = options["provider"] or known
        if unknown := sorted(set(asked) - set(known)):
            raise CommandError(f"No books can be read of: {', '.join(unknown)}")
        wrong = 0
        for alias in asked:
            done = reconcile_payouts(provider=alias, since=_moment(options["since"]))
            differences = list(done.differences.all())
            for d in differences:
                self.stdout.write(f"{alias}: {d.get_kind_display()}: {d.provider_ref} ours {d.ours} theirs {d.theirs}")
            self.stdout.write(f"{alias}: {done.compared} compared, {len(differences)} differ {done.error}".rstrip())
            wrong += len(differences) + bool(done.error)
        if wrong:
            raise CommandError("There are differences.")


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = parse_datetime(text)
    if moment is None:
        raise CommandError(f"“{text}” is no moment; write it as 2026-11-01T00:00Z.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
