"""A site says who its customers were before: only keyed hashes of their addresses and numbers are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.text import clean_email
from referral_blocks.people.selectors import customer_hashes
from referral_blocks.people.services import add_known_customers, phone_key

BATCH = 500
MIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class CustomersImported:
    """``refused`` holds the numbers (from 1) of the entries that are neither an address nor a phone number."""

    added: int
    known: int
    refused: tuple[int, ...]


def import_customers(*, site_id: int, contacts: Iterable[str]) -> CustomersImported:
    """Note every e-mail address and phone number of ``contacts`` as a customer's; given again, nothing changes."""
    added = known = 0
    refused: list[int] = []
    numbered = enumerate(contacts, start=1)
    while batch := list(islice(numbered, BATCH)):
        hashes: list[str] = []
        for number, contact in batch:
            found = _hashes(site_id, contact)
            hashes += found
            if not found:
                refused.append(number)
        new = add_known_customers(site_id=site_id, hashes=hashes)
        added, known = added + new, known + len(hashes) - new
    return CustomersImported(added, known, tuple(refused))


def _hashes(site_id: int, contact: str) -> list[str]:
    text = str(contact).strip()
    if "@" in text:
        try:
            return customer_hashes(site_id=site_id, email=clean_email(text))
        except InvalidInput:
            return []
    if len(phone_key(text)) < MIN_DIGITS or any(c.isalpha() for c in text):
        return []
    return customer_hashes(site_id=site_id, phone=text)
