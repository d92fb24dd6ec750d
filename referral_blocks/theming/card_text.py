"""Sets words in an image: in the theme's own font files, shrunk and wrapped until they fit, never with empty boxes."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from django.contrib.staticfiles import finders
from PIL import ImageDraw, ImageFont

from referral_blocks.core.text import JOINERS, UNSEEN

Font = ImageFont.FreeTypeFont
MEASURE = 100  # pixels at which words are measured; widths grow with the size
ELLIPSIS = "…"
# Pictures, marks and code points that nobody has assigned may be left out; a letter or a currency may not.
DROPPABLE = ("So", "Sk", "Cf", "Cn", "Co", "Mn", "Me")


@dataclass(frozen=True)
class Face:
    """Font files of one look, as static paths: each letter is drawn by the first that has it. Without any that can be
    read, by the one that Pillow brings."""

    files: tuple[str, ...]
    weight: int = 400

    @cached_property
    def _opened(self) -> dict[tuple[str, int], Font | None]:
        return {}

    def _font(self, file: str, size: int) -> Font | None:
        if (file, size) not in self._opened:
            self._opened[file, size] = _open(file, size, self.weight)
        return self._opened[file, size]

    @cached_property
    def _in_order(self) -> tuple[str, ...]:
        return tuple(file for file in self.files if self._font(file, MEASURE)) or ("",)

    @cached_property
    def _known(self) -> dict[str, str | None]:
        return {}

    def file_for(self, letter: str) -> str | None:
        """The font file that has the letter, or None."""
        if letter not in self._known:
            has = (f for f in self._in_order if (font := self._font(f, MEASURE)) and _has(font, letter))
            self._known[letter] = next(has, None)
        return self._known[letter]

    def legible(self, text: str) -> str:
        """The text on one line, less the signs that no font has; empty where a letter or digit is missing."""
        one_line = " ".join(unicodedata.normalize("NFC", text).split())
        kept = []
        for letter in one_line:
            if unicodedata.category(letter) in UNSEEN and letter not in JOINERS:
                continue
            if self.file_for(letter) is not None:
                kept.append(letter)
            elif not unicodedata.category(letter).startswith(DROPPABLE):
                return ""
        return " ".join("".join(kept).split())

    def width(self, text: str, size: float) -> float:
        if text not in self._widths:
            self._widths[text] = sum(font.getlength(run) for font, run in self._runs(text, MEASURE))
        return self._widths[text] * size / MEASURE

    @cached_property
    def _widths(self) -> dict[str, float]:
        return {}

    def _runs(self, text: str, size: int) -> list[tuple[Font, str]]:
        runs = ((file, "".join(letters)) for file, letters in groupby(text, key=self.file_for))
        return [(font, run) for file, run in runs if file is not None and (font := self._font(file, size))]

    def draw(self, on: ImageDraw.ImageDraw, text: str, *, at: tuple[float, float], size: int, fill: str) -> None:
        """One line; ``at`` is where its baseline begins."""
        x, y = at
        for font, run in self._runs(text, size):
            on.text((x, y), run, font=font, fill=fill, anchor="ls")
            x += font.getlength(run)


def _open(file: str, size: int, weight: int) -> Font | None:
    if not file:
        own = ImageFont.load_default(size)
        return own if isinstance(own, Font) else None
    path = finders.find(file)
    if not isinstance(path, str):
        return None
    try:
        font = ImageFont.truetype(path, size)
    except OSError:
        return None  # a FreeType that cannot unpack WOFF2
    with suppress(OSError, NotImplementedError):  # it has one weight
        font.set_variation_by_axes([weight])
    return font


def _has(font: Font, letter: str) -> bool:
    if letter == " ":
        return True
    # FreeType draws what it does not have as one and the same glyph: that of a code point that is no character.
    shape, missing = font.getmask(letter), font.getmask("\uffff")
    return (shape.size, bytes(shape)) != (missing.size, bytes(missing))


@dataclass(frozen=True)
class Setting:
    """Lines that fit; ``height`` from the top of the first line's capitals to the last line's descenders."""

    face: Face
    lines: tuple[str, ...]
    size: int
    leading: float

    @property
    def height(self) -> float:
        return (len(self.lines) - 1) * self.step + 0.94 * self.size if self.lines else 0

    @property
    def step(self) -> float:
        return self.size * self.leading

    @property
    def width(self) -> float:
        return max((self.face.width(line, self.size) for line in self.lines), default=0)

    def draw(self, on: ImageDraw.ImageDraw, *, x: float, y: float, width: float, align: str, fill: str) -> None:
        """``align`` is ``left``, ``right`` or ``center`` in a box of this ``width`` whose corner is (x, y)."""
        for number, line in enumerate(self.lines):
            free = width - self.face.width(line, self.size)
            left = x + {"left": 0, "center": free / 2, "right": free}[align]
            self.face.draw(on, line, at=(left, y + 0.72 * self.size + number * self.step), size=self.size, fill=fill)


def set_words(
    text: str, face: Face, *, width: float, height: float, sizes: tuple[int, int], leading: float = 1.08, lines: int = 9
) -> Setting:
    """The text as large as it fits into the box, between ``sizes`` (largest, smallest) and on that many ``lines``; what
    does not fit even then ends in an ellipsis. Nothing for a text that the face cannot write."""
    text = face.legible(text)
    largest, smallest = sizes
    for size in range(largest, smallest - 1, -2):
        found = Setting(face, tuple(_wrap(text, face, size, width)), size, leading)
        whole_words = all(" " in line or line in text.split(" ") for line in found.lines)
        if len(found.lines) <= lines and found.height <= height and (whole_words or size == smallest):
            return Setting(face, tuple(_even(found.lines, face, size, width)), size, leading)
    wrapped, fits = _wrap(text, face, smallest, width), 1
    while (
        fits < min(lines, len(wrapped))
        and Setting(face, tuple(wrapped[: fits + 1]), smallest, leading).height <= height
    ):
        fits += 1
    return Setting(face, tuple(_cut(wrapped[:fits], face, smallest, width)), smallest, leading)


def _wrap(text: str, face: Face, size: float, width: float) -> list[str]:
    lines: list[str] = []
    space, free = face.width(" ", size), 0.0
    for word in text.split():
        wide = face.width(word, size)
        if lines and space + wide <= free:
            lines[-1] += f" {word}"
            free -= space + wide
        elif wide <= width:
            lines.append(word)
            free = width - wide
        else:  # a word that is wider than the box breaks
            lines.append("")
            free = width
            for letter in word:
                wide = face.width(letter, size)
                if wide > free and lines[-1]:
                    lines.append("")
                    free = width
                lines[-1] += letter
                free -= wide
    return lines


def _even(lines: tuple[str, ...], face: Face, size: float, width: float) -> list[str]:
    """As many lines, as equally long as can be, so that no word stands alone."""
    text, best = " ".join(lines), list(lines)
    if any(" " not in line and line not in text.split() for line in lines):
        return best
    for narrower in range(int(width), int(width / 2), -12):
        tried = _wrap(text, face, size, narrower)
        if len(tried) != len(lines) or " ".join(tried) != text:
            break
        best = tried
    return best


def _cut(lines: list[str], face: Face, size: float, width: float) -> list[str]:
    last = lines[-1] if lines else ""
    end = ELLIPSIS if face.file_for(ELLIPSIS) else "..."
    while last and face.width(last + end, size) > width:
        last = last[:-1]
    return [*lines[:-1], last.rstrip(" ,.;:–-") + end] if lines else []
