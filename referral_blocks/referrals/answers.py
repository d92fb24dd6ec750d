"""What a friend answers beyond name, e-mail and phone: labels that a marketer wrote, and the friend's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.core.text import clean_text

MOST = 10
MAX_LABEL = 80
MAX_TEXT = 2000

GivenAnswers = Sequence[tuple[str, str]]


class Answer(TypedDict):
    """One answer as it is stored."""

    label: str
    text: str


Answers = Sequence[Answer]


def clean_answers(given: GivenAnswers) -> list[Answer]:
    """The answers as they are stored, empty ones left out; raises InvalidInput with all that is wrong, each with a path
    such as ``("answers", "0")``."""
    if len(given) > MOST:
        raise InvalidInput(_("Give at most %(max)d answers.") % {"max": MOST}, code="too_long", path=("answers",))
    kept: list[Answer] = []
    with gathering() as mistakes:
        for number, (label, text) in enumerate(given):
            path = ("answers", str(number))
            with mistakes.check():
                words = clean_text(text, max_length=MAX_TEXT, path=path, required=False, lines=True)
                if words:
                    kept.append({"label": clean_text(label, max_length=MAX_LABEL, path=path), "text": words})
    return kept
