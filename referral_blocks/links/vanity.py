"""Codes that a referrer chooses: what they may look like, and which words they may not hold."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.codes import MAX_LENGTH
from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput

MIN_VANITY, MAX_VANITY = 3, 30
PATH = ("code",)
_SHAPE = re.compile(r"[A-Z0-9_-]+")
# One letter for all that look like it, so that a word is seen through its disguise (0 for O, 1 or L for I, V for U).
_FOLD = str.maketrans("01L3457V8", "OIIEASTUB", "-_")
# Words by which a friend would take the code for the house's own; only as the whole code.
RESERVED = ("ADMIN", "ADMINISTRATOR", "HELP", "NULL", "OFFICIAL", "ROOT", "STAFF", "SUPPORT", "SYSTEM", "TEAM", "TEST")


def clean_vanity(text: str) -> str:
    """The code in upper case. Raises InvalidInput with path ``code`` and the code blank, too_long, too_short,
    invalid_character or blocked_word."""
    code = text[: 4 * MAX_LENGTH].strip().upper()
    if not code:
        raise InvalidInput(_("Type the code that you would like."), code="blank", path=PATH)
    if len(code) > MAX_VANITY:
        raise InvalidInput(_("Use at most %(max)d characters.") % {"max": MAX_VANITY}, code="too_long", path=PATH)
    # In upper case some letters and ligatures of other scripts turn into A to Z: asked of the text as it was typed.
    if not (text.isascii() and _SHAPE.fullmatch(code)):
        raise InvalidInput(_("Use letters from A to Z, digits, “-” and “_” only."), code="invalid_character", path=PATH)
    if len(code) < MIN_VANITY:
        raise InvalidInput(_("Use at least %(min)d characters.") % {"min": MIN_VANITY}, code="too_short", path=PATH)
    if is_blocked(code):
        raise InvalidInput(_("This code cannot be used. Please choose another one."), code="blocked_word", path=PATH)
    return code


def is_blocked(code: str) -> bool:
    """Whether the code is a reserved word or holds a blocked one, also with look-alike digits or dashes between."""
    folded = fold(code)
    return folded in {fold(word) for word in RESERVED} or any(
        fold(word) in folded for word in get_conf().VANITY_BLOCKED_WORDS if fold(word)
    )


def fold(text: str) -> str:
    """Upper case without dashes, look-alikes as one letter."""
    return text.upper().translate(_FOLD)
