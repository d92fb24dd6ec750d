"""Puts the one file of <referral-share> together: its sources one after the other, its look and its operations."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .operations import operations
from .words import few_words, site_language

SOURCE = Path(__file__).parent / "source"
PARTS = (
    "dom",
    "site",
    "session",
    "share",
    "standing",
    "forms",
    "live",
    "element",
)  # in the order in which they need each other
# Indentation, lines that hold nothing but a comment, and comments after code; what has quotes may be no comment.
DISPENSABLE = re.compile(r"""^ *(?:(?://|/\*\*|\*/|\* ).*\n)?| +//[^"'`\n]*$""", re.MULTILINE)

# No text of the sources has more than one line.
NEEDLESS_BREAK = re.compile(r"(?<=[{(\[,;])\n")


@dataclass(frozen=True, slots=True)
class Script:
    text: str
    version: str  # changes with the text


@cache
def script() -> Script:
    """As it is served; read once a process."""
    given = {"LOOK": _look(), "WORDS": few_words(site_language()), "OPERATIONS": operations()}
    heads = (f"const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in given.items())
    parts = (DISPENSABLE.sub("", (SOURCE / f"{part}.js").read_text("utf-8")) for part in PARTS)
    text = NEEDLESS_BREAK.sub("", "\n".join((*heads, *parts)))
    return Script(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def _look() -> str:
    """The stylesheet without comments, and without spaces where they mean nothing."""
    css = re.sub(r"/\*.*?\*/", "", (SOURCE / "look.css").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?|(?<=:) ", r"\1", re.sub(r"\s+", " ", css)).strip()
