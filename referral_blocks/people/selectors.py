"""Reads people and the list of known customers."""

from __future__ import annotations

from referral_blocks.core.hashing import keyed_hash

from .erasure import erased_customers
from .models import KnownCustomer
from .services import mailbox_key, phone_key

PURPOSE = "customer"


def customer_hashes(*, site_id: int, email: str = "", phone: str = "") -> list[str]:
    """What a site's list of customers keeps of an address and a number: keyed hashes, other ones for every site."""
    keys = [f"e:{mailbox_key(email)}" if email.strip() else "", f"p:{phone_key(phone)}" if phone_key(phone) else ""]
    return [keyed_hash(f"{PURPOSE}.{site_id}", key) for key in keys if key]


def is_known_customer(*, site_id: int, email: str, phone: str = "") -> bool | None:
    """Whether the address or the number was a customer's before, be it one who had themselves erased; None when the
    site has given no list to look in."""
    customers = KnownCustomer.objects.filter(site_id=site_id)
    hashes = customer_hashes(site_id=site_id, email=email, phone=phone)
    known = customers.filter(contact_hash__in=hashes).values("pk").union(erased_customers(email=email).values("pk"))
    if known.exists():
        return True
    return False if customers.exists() else None
