"""Makes, changes, switches and removes endpoints."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.crypto import encrypt
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.core.states import change_state, lock
from referral_blocks.core.text import clean_text

from .address import BadAddress, NotFoundAddress, PrivateAddress, addresses_of, plain_http_allowed, read_url
from .models import MAX_URL, Status, WebhookEndpoint, WebhookEndpointChange
from .signing import new_secret

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_ENDPOINTS = 20  # a site: each event is written once for each of them
OVERLAP = timedelta(days=1)  # how long the old secret signs beside the new one, unless said otherwise
MAX_OVERLAP = timedelta(days=30)
ALLOWED: dict[str, set[str]] = {status: set(Status.values) - {status} for status in Status.values}


def clean_url(url: str) -> str:
    """The address if it may be called now; raises InvalidInput (path ``url``). Looks the host name up: never inside a
    transaction."""
    text = clean_text(url, max_length=MAX_URL, path=("url",))
    try:
        addresses_of(read_url(text))
    except BadAddress:
        scheme = "http:// or https://" if plain_http_allowed() else "https://"
        said = _("Write the address as %(scheme)s… with a host name, and without a user name or “#”.")
        raise InvalidInput(said % {"scheme": scheme}, code="invalid_url", path=("url",)) from None
    except NotFoundAddress:
        raise InvalidInput(_("This host name is not found."), code="unknown_host", path=("url",)) from None
    except PrivateAddress:
        said = _("This address is not on the public internet, so it is not called.")
        raise InvalidInput(said, code="private_address", path=("url",)) from None
    return text


@sensitive_variables("secret")
def create_endpoint(
    *, site_id: int, url: str, kinds: list[str], description: str, actor: User | None
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint of what clean_url, clean_kinds and clean_description returned, and its secret, which is shown this
    once. Raises NotPossibleNow; then nothing is written."""
    secret = new_secret()
    sites = WebhookEndpoint._meta.get_field("site").remote_field.model._default_manager
    with transaction.atomic():
        sites.select_for_update(no_key=True).get(pk=site_id)  # one at a time, so that two cannot both be the last
        if WebhookEndpoint.objects.filter(site_id=site_id).count() >= MAX_ENDPOINTS:
            raise NotPossibleNow(_("A site has at most %(max)d webhook endpoints.") % {"max": MAX_ENDPOINTS})
        endpoint = WebhookEndpoint.objects.create(
            site_id=site_id,
            url=url,
            secret=encrypt(secret),
            created_by=actor,
            kinds=kinds,
            description=description,
        )
        note_change(endpoint, "url", "created", actor=actor, note=url)
    return endpoint, secret


def update_endpoint(
    *,
    endpoint: WebhookEndpoint,
    url: str | None,
    kinds: list[str] | None,
    description: str | None,
    enabled: bool | None,
    actor: User | None,
) -> bool:
    """Change what is given, cleaned as for create_endpoint; returns whether anything was changed."""
    given = {"url": url, "kinds": kinds, "description": description}
    with transaction.atomic():
        lock(endpoint)
        fresh = {name: value for name, value in given.items() if value not in (None, getattr(endpoint, name))}
        if fresh:
            for name, value in fresh.items():
                setattr(endpoint, name, value)
                note_change(endpoint, name, "changed", actor=actor, note=f"{name}: {_as_text(value)}")
            endpoint.save(update_fields=list(fresh))
        switched = enabled is not None and enabled != (endpoint.status == Status.ON)
        if switched:
            _switch(endpoint, Status.ON if enabled else Status.OFF, actor)
    return bool(fresh) or switched


def _switch(endpoint: WebhookEndpoint, to: Status, actor: User | None) -> None:
    change_state(
        endpoint, to, allowed=ALLOWED, audit=WebhookEndpointChange, reason="person", field="status", actor=actor
    )
    # Whatever was wrong before, it begins anew.
    endpoint.failing_since, endpoint.strikes, endpoint.resting_until = None, 0, None
    endpoint.save(update_fields=["failing_since", "strikes", "resting_until"])


@sensitive_variables("secret")
def rotate_secret(
    *, endpoint: WebhookEndpoint, overlap: timedelta = OVERLAP, actor: User | None
) -> str:  # fmt: skip
    """A new secret, shown this once; for ``overlap`` messages carry the signatures of both. A third one is forgotten.
    Raises InvalidInput (``out_of_range``, path ``overlap``)."""
    if not timedelta() <= overlap <= MAX_OVERLAP:
        raise InvalidInput(_("Let the old secret sign for 0 to 30 days."), code="out_of_range", path=("overlap",))
    secret = new_secret()
    with transaction.atomic():
        lock(endpoint)
        endpoint.old_secret = endpoint.secret if overlap else None
        endpoint.old_secret_until = timezone.now() + overlap if overlap else None
        endpoint.secret = encrypt(secret)
        endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
        note_change(endpoint, "secret", "rotated", actor=actor)
    return secret


def forget_old_secrets(*, limit: int) -> int:
    """Delete secrets that sign no more; returns how many."""
    over = WebhookEndpoint.objects.filter(old_secret_until__lte=timezone.now()).order_by("pk")[:limit]
    keys = list(over.values_list("pk", flat=True))
    return WebhookEndpoint.objects.filter(pk__in=keys, old_secret_until__lte=timezone.now()).update(
        old_secret=None, old_secret_until=None
    )


def note_change(endpoint: WebhookEndpoint, field: str, reason: str, *, actor: User | None, note: str = "") -> None:
    """A line of the audit trail for what is no change of state."""
    WebhookEndpointChange.objects.create(
        subject=endpoint, field=field, from_state="", to_state="", reason=reason, note=note, actor=actor
    )


def overlap_of(hours: int) -> timedelta:
    """Hours as a stretch of time, however absurd the number; rotate_secret judges it."""
    return timedelta(hours=max(-1, min(hours, 10_000)))


def secret_signs_until(endpoint: WebhookEndpoint) -> datetime | None:
    """Until when the secret before the last rotation signs beside the new one; None when it no longer does."""
    until = endpoint.old_secret_until
    return until if until is not None and until > timezone.now() else None


def clean_description(text: str) -> str:
    """Raises InvalidInput with path ``description``."""
    return clean_text(text, max_length=120, path=("description",), required=False)


def _as_text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
