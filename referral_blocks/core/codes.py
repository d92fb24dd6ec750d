"""Referral codes: random, unguessable, and readable aloud.

29 letters and digits without look-alikes (no 0 O, 1 I L, U V) and 9 places give 29^9 ≈ 1.45 · 10^13 codes, 43.7 bits.
With 10 million codes issued, a new one collides with probability 7 · 10^-7: a retry is rare, and there is no storm.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
LENGTH = 9
MAX_LENGTH = 40
_SHAPE = re.compile(rf"[A-Z0-9_-]{{1,{MAX_LENGTH}}}")


def new_code() -> str:
    """A random code in upper case."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def code_from(digits: str) -> str:
    """The one code that stands for these random hex digits, of which there have to be plenty, such as a keyed hash."""
    number, code = int(digits, 16), ""
    for _place in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        code += ALPHABET[letter]
    return code


def is_random(code: str) -> bool:
    """Whether a code may be one of ours; of a chosen one nobody but its owner need know whose it is."""
    return len(code) == LENGTH and set(code) <= set(ALPHABET)


def normalise_code(text: str) -> str | None:
    """The form in which codes are stored, or None for text that cannot be a code (too long, other characters)."""
    if len(text) > 2 * MAX_LENGTH:
        return None
    upper = text.strip().upper()
    return upper if _SHAPE.fullmatch(upper) else None
