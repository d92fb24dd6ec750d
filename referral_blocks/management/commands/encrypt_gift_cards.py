"""Puts every stored gift card under the newest of the encryption keys, so that the old ones can be taken away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from referral_blocks.core.crypto import CannotDecrypt
from referral_blocks.payouts.providers.runa.cards import encrypt_cards_anew


class Command(BaseCommand):
    help = "Encrypt every stored gift card under the first of REFERRAL_BLOCKS['ENCRYPTION_KEYS']."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        try:
            for _card in encrypt_cards_anew():
                count += 1
        except CannotDecrypt:
            raise CommandError(f"{count} done; the next cannot be read: a key is missing.") from None
        self.stdout.write(f"{count} gift cards are under the newest key.")
