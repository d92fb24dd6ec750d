"""Text and addresses as people send them, made safe to store or refused with a reason."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from .errors import InvalidInput

_email = EmailValidator()
# Control characters, lone surrogates, direction overrides and other unseen marks, line and paragraph separators.
UNSEEN = ("Cc", "Cs", "Cf", "Zl", "Zp")
JOINERS = "\u200c\u200d"  # some scripts cannot be written without them
_ADDRESS = re.compile(r"[/@\\]|[^\W\d_]{2,}\.[^\W\d_]{2,}")  # what mail programs turn into links
# A spreadsheet takes a cell that begins so for a formula (OWASP, “CSV Injection”), the full-width signs included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MAX_EMAIL = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


def clean_text(
    value: str, *, max_length: int, path: tuple[str, ...], required: bool = True, lines: bool = False
) -> str:
    """``value`` trimmed and in Unicode NFC; raises InvalidInput when empty, too long or holding control characters.

    PostgreSQL cannot store NUL, and a line break in a name could forge a mail header; ``lines`` admits breaks and tabs.
    """
    text = unicodedata.normalize("NFC", value).strip()
    allowed = JOINERS + ("\n\r\t" if lines else "")
    if any(unicodedata.category(c) in UNSEEN and c not in allowed for c in text):
        raise InvalidInput(_("Remove the control characters from this text."), code="invalid_text", path=path)
    if required and not text:
        raise InvalidInput(_("This cannot be empty."), code="required", path=path)
    if len(text) > max_length:
        raise InvalidInput(_("Use at most %(max)d characters.") % {"max": max_length}, code="too_long", path=path)
    return text


def clean_email(value: str, *, path: tuple[str, ...] = ("email",)) -> str:
    """The address as typed, trimmed; raises InvalidInput for one that cannot receive mail."""
    text = clean_text(value, max_length=MAX_EMAIL, path=path)
    try:
        _email(text)
    except ValidationError:
        raise InvalidInput(
            _("“%(email)s” is not an e-mail address. Check it for typing errors.") % {"email": text},
            code="invalid_email",
            path=path,
        ) from None
    return text


def clean_name(value: str, *, path: tuple[str, ...] = ("name",)) -> str:
    """A person's or a business's name; raises InvalidInput also for one with a web or mail address in it: names stand
    in mails to others, and nobody shall send a link that way."""
    text = clean_text(value, max_length=120, path=path, required=False)
    if _ADDRESS.search(text):
        raise InvalidInput(_("Write the name alone, without an address or a link."), code="invalid_name", path=path)
    return text


def plain_cell(text: str) -> str:
    """``text`` for a file that staff open in a spreadsheet: quoted where it would be read as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
