"""Whose friend has bought: the referral that a sale counts for, most trusted first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import NotFound, gathering
from referral_blocks.core.text import clean_email, clean_text
from referral_blocks.people.services import email_key, phone_key
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import lock_referral

from .capture_referral import capture_referral

PHONE_DIGITS = 6  # fewer are no telephone number, and would match strangers


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a checkout knows of its customer: how to reach them, and the code or token that they brought along."""

    email: str
    phone: str = ""
    name: str = ""
    code: str = ""
    token: str = ""
    accepts_terms: bool = False
    kind: str = ""
    country: str = ""

    @classmethod
    def of(
        cls,
        *,
        email: str,
        phone: str,
        name: str,
        code: str,
        token: str,
        accepts_terms: bool,
        kind: str = "",
        country: str = "",
    ) -> Buyer:
        """Cleaned; raises InvalidInput with all that is wrong (paths ``friendEmail``, ``friendPhone``, ``friendName``).
        The address may be left out where there is a phone number."""
        only_phone = bool(phone.strip()) and not email.strip()
        with gathering() as mistakes:
            with mistakes.check():
                address = "" if only_phone else clean_email(email, path=("friendEmail",))
            with mistakes.check():
                number = clean_text(phone, max_length=32, path=("friendPhone",), required=False)
            with mistakes.check():
                called = clean_text(name, max_length=120, path=("friendName",), required=False)
        return cls(
            email=address,
            phone=number,
            name=called,
            code=code,
            token=token,
            accepts_terms=accepts_terms,
            kind=kind,
            country=country,
        )


def referral_of(*, program: Program, buyer: Buyer) -> Referral:
    """The buyer's referral in this programme, its row locked: two sales at once qualify it one after the other.

    Known by e-mail, else by a phone number that only one friend has, else captured now by the code or token. Raises
    NotFound for nobody's friend, and what capture_referral raises.
    """
    referral = _by_email(program, buyer) or _by_phone(program, buyer)
    if referral is None and buyer.email and (buyer.code.strip() or buyer.token):
        capture_referral(
            program=program,
            email=buyer.email,
            name=buyer.name,
            phone=buyer.phone,
            accept_terms=buyer.accepts_terms,
            code=buyer.code,
            token=buyer.token,
            kind=buyer.kind,
            country=buyer.country,
        )
        referral = _by_email(program, buyer)
    if referral is None:
        raise NotFound(
            _("Nobody with this e-mail address was referred in this programme.")
            if buyer.email
            else _("Nobody with this phone number was referred in this programme."),
            code="no_referral",
            path=("friendEmail",) if buyer.email else ("friendPhone",),
        )
    return referral


def _by_email(program: Program, buyer: Buyer) -> Referral | None:
    if not buyer.email:
        return None
    return _only(Referral.objects.filter(program=program, friend__email_key=email_key(buyer.email)))


def _by_phone(program: Program, buyer: Buyer) -> Referral | None:
    key = phone_key(buyer.phone)
    if len(key) < PHONE_DIGITS:
        return None
    return _only(Referral.objects.filter(program=program, friend__phone_key=key))


def _only(found: QuerySet[Referral]) -> Referral | None:
    """The one referral that was found, locked; None for none and for several."""
    ids = list(found.values_list("pk", flat=True)[:2])
    return lock_referral(referral_id=ids[0]) if len(ids) == 1 else None
