"""Encrypts what the database must not give away, such as the links of gift cards; keys can be changed at any time."""

from __future__ import annotations

import base64
import binascii

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from .conf import get_conf

INFO = b"referral_blocks.encryption.1"  # what tells these keys from any other that is derived from SECRET_KEY


class CannotDecrypt(Exception):
    """None of the keys opens it: the key was taken away, or the bytes were changed."""

    message: str | Promise = _("This cannot be read any more: its encryption key is missing.")

    def __init__(self) -> None:
        super().__init__(self.message)


@sensitive_variables()
def encrypt(text: str) -> bytes:
    """``text`` under the newest key; the same text gives other bytes each time."""
    return _keys().encrypt(text.encode())


@sensitive_variables()
def decrypt(token: bytes | memoryview) -> str:
    """What was encrypted under any of the keys; raises CannotDecrypt."""
    try:
        return _keys().decrypt(bytes(token)).decode()
    except InvalidToken:
        raise CannotDecrypt from None


@sensitive_variables()
def encrypt_anew(token: bytes | memoryview) -> bytes:
    """The same content under the newest key; raises CannotDecrypt."""
    try:
        return _keys().rotate(bytes(token))
    except InvalidToken:
        raise CannotDecrypt from None


@sensitive_variables()
def _keys() -> MultiFernet:
    """The host's own keys, newest first, then those derived from SECRET_KEY: what was encrypted before the host had set
    keys stays readable. Raises ImproperlyConfigured."""
    derived = [_derived(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([*(_own(key) for key in get_conf().ENCRYPTION_KEYS), *derived])


@sensitive_variables()
def _own(key: str) -> Fernet:
    try:
        return Fernet(key)
    except (ValueError, binascii.Error):
        raise ImproperlyConfigured(
            'REFERRAL_BLOCKS["ENCRYPTION_KEYS"] holds something that is not 32 bytes in URL-safe base64.'
        ) from None


@sensitive_variables()
def _derived(secret: str | bytes) -> Fernet:
    material = secret if isinstance(secret, bytes) else secret.encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(material)
    return Fernet(base64.urlsafe_b64encode(key))
