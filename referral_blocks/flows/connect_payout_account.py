"""A person tells a provider where to pay them: their account is made there, and the address to go on at is returned."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput, NotFound, NotPossibleNow
from referral_blocks.core.hashing import keyed_hash
from referral_blocks.payouts.account import AccountStates, PayoutAccount
from referral_blocks.payouts.provider import AccountState, ProviderUnavailable, Recipient
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.people.models import Person

from .refresh_payout_account import refresh_payout_account


def connect_payout_account(
    *, person: Person, provider: str, return_url: str, refresh_url: str, country: str = ""
) -> str:
    """The provider's page where the person goes on; it works once, and for whoever has it: to be redirected to, never
    kept or mailed. ``refresh_url`` is where the provider sends people whose page is too old, ``return_url`` where it
    sends those who are done, which says nothing about whether they are.

    Our row is committed before the provider is asked, with a key that follows from it: asked twice, also at the same
    time, it makes one account. Raises NotFound with path ``provider``, InvalidInput with path ``country``, and
    NotPossibleNow (``provider_unavailable``).
    """
    if not is_registered(provider) or not payout_provider(provider).capabilities.needs_account:
        raise NotFound(_("Nothing is paid that way, or it needs no details."), path=("provider",))
    account = _account(person, provider, _country(country or person.country))
    try:
        if not account.reference:
            _open(account)
        url = payout_provider(provider).onboarding_url(
            account=account.reference, refresh_url=refresh_url, return_url=return_url
        )
    except ProviderUnavailable:
        raise NotPossibleNow(
            _("We cannot reach the payment provider at the moment. Please try again in a few minutes."),
            code="provider_unavailable",
        ) from None
    return url


def _country(code: str) -> str:
    upper = code.strip().upper()
    if upper and not (len(upper) == 2 and upper.isascii() and upper.isalpha()):
        raise InvalidInput(_("Use a country’s two letters, such as GB."), code="invalid_country", path=("country",))
    return upper


def _account(person: Person, provider: str, country: str) -> PayoutAccount:
    """The person's row, committed: two at once find the same one."""
    with transaction.atomic():
        account, created = PayoutAccount.objects.get_or_create(
            person=person, provider=provider, defaults={"country": country}
        )
        mine = PayoutAccount.objects.filter(pk=account.pk)
        if account.state == AccountStates.CLOSED:
            # Nobody can be paid there any more: another account, under another key.
            mine = mine.filter(state=AccountStates.CLOSED)
            where = country or account.country
            mine.update(reference="", state=AccountStates.ONBOARDING, created_at=timezone.now(), country=where)
        elif not created and country:
            # Providers never let it change once the account is there.
            mine.filter(reference="").update(country=country)
        account.refresh_from_db()
    return account


def _open(account: PayoutAccount) -> None:
    recipient = Recipient(name=account.person.name, email=account.person.email, country=account.country)
    facts = payout_provider(account.provider).open_account(recipient=recipient, key=_key(account, recipient))
    PayoutAccount.objects.filter(pk=account.pk, reference="").update(reference=facts.reference)
    account.refresh_from_db()
    if facts.state == AccountState.READY:
        refresh_payout_account(provider=account.provider, reference=account.reference)


def _key(account: PayoutAccount, recipient: Recipient) -> str:
    """The same for the same row and the same particulars: a provider refuses a key that comes with others. An account
    that was made with the old ones, and whose answer was lost, stays empty."""
    row = f"{account.pk}:{account.created_at.isoformat()}"
    return "account-" + keyed_hash("payout_account", f"{row}:{recipient.country}:{recipient.email}:{recipient.name}")
