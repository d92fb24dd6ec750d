"""Draws the image that messengers and social networks show beside a link, in the site's theme and brand."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, replace

from PIL import Image, ImageDraw, ImageStat

from referral_blocks.core.hashing import keyed_hash

from .brand import tokens
from .card_ornaments import FINE, ORNAMENTS, Colors, mark, mix
from .card_text import Face, Setting, set_words
from .contrast import SHAPE, contrast, readable_on
from .selectors import Look
from .theme import CardStyle, Theme, all_themes, get_theme

SIZE = (1200, 630)  # what Open Graph's readers expect
DRAWING = 1  # counts up when the same card is drawn in another way: another address
LOGO = (330, 76)
GAP, INSET, PADDING, RULE = 40, 34, 21, 18
MARK = 84


@dataclass(frozen=True, slots=True)
class Card:
    """All that one image shows. ``logo`` names the picture that is drawn in place of the site's ``name``."""

    heading: str
    offer: str
    name: str
    right_to_left: bool
    style: CardStyle
    colors: Colors
    logo: str = ""

    @property
    def version(self) -> str:
        """Names the image: other words, colours or fonts, another name. Keyed, so that nobody can make one up."""
        return keyed_hash("card", json.dumps([DRAWING, asdict(self)], sort_keys=True))


def card_of(look: Look, *, heading: str, offer: str, name: str, right_to_left: bool) -> Card:
    style = _style(look.theme)
    lender = get_theme(look.brand.font)
    if lender and (fonts := lender.card):
        style = replace(
            style, heading=fonts.heading, heading_weight=fonts.heading_weight, body=fonts.body,
            body_weight=fonts.body_weight,
        )  # fmt: skip
    logo = f"{look.logo.pk}:{look.logo.file.name}:{look.logo.file_hash}" if look.logo else ""
    return Card(heading, offer, name, right_to_left, style, _colors(look, style), logo)


def _style(theme: Theme | None) -> CardStyle:
    if theme is None:
        return CardStyle()
    ground = theme.light.hero
    ink = readable_on(ground)
    return theme.card or CardStyle(ground=ground, ink=ink, accent=ink, on_accent=ground)


def _colors(look: Look, style: CardStyle) -> Colors:
    made = tokens(look.brand, look.theme, dark=style.dark)
    ground, ink = made.get("color-hero", style.ground), made.get("color-on-hero", style.ink)
    accent, on_accent = made.get("color-accent", style.accent), made.get("color-on-accent", style.on_accent)
    if contrast(accent, ground) < SHAPE:  # as on the page: it would vanish
        accent, on_accent = ink, ground
    return Colors(ground, ink, accent, on_accent)


def draw_card(card: Card, logo: Image.Image | None = None) -> bytes:
    """A PNG; the same bytes for the same card. Takes a tenth of a second."""
    canvas = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), card.colors.ground)
    ORNAMENTS.get(card.style.ornament, ORNAMENTS["plain"])(canvas, card.colors, card.right_to_left)
    image = canvas.resize(SIZE, Image.Resampling.LANCZOS)
    _compose(image, card, logo)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


@dataclass(frozen=True, slots=True)
class Column:
    """Where words stand, from side to side."""

    left: float
    width: float
    align: str

    def start(self, wide: float) -> float:
        """Where something of this width begins."""
        free = self.width - wide
        return self.left + {"left": 0, "center": free / 2, "right": free}[self.align]


def _compose(image: Image.Image, card: Card, logo: Image.Image | None) -> None:
    style, colors, draw = card.style, card.colors, ImageDraw.Draw(image)
    heading_face, body_face = Face(style.heading, style.heading_weight), Face(style.body, style.body_weight)
    left, top, right, bottom = style.area
    align = "center" if style.centered else "right" if card.right_to_left else "left"
    column = Column(SIZE[0] - right if card.right_to_left else left, right - left, align)

    if logo is not None:
        y = top + _draw_logo(image, logo, colors.ground, column, top) + GAP
    else:
        name = set_words(card.name, _able(body_face, card.name), width=column.width, height=60, sizes=(38, 26), lines=1)
        _write(draw, name, column, top, colors.ink)
        y = top + name.height + (GAP if name.lines else 0)

    inset = 0 if style.offer == "words" else INSET
    face = _able(heading_face, card.offer)
    offer = set_words(card.offer, face, width=column.width - 2 * inset, height=110, sizes=(50, 28), lines=2)
    below = offer.height + (2 * PADDING if inset else RULE) + GAP if offer.lines else 0
    room = bottom - y - below
    face = _able(heading_face, card.heading)
    heading = set_words(card.heading, face, width=column.width, height=room, sizes=(104, 40), leading=style.leading)
    taken = heading.height or 2 * MARK
    y += max(0, room - taken) * (0.5 if style.centered else 1)
    if heading.lines:
        _write(draw, heading, column, y, colors.ink)
    else:
        mark(image, colors, center=(column.start(3.4 * MARK) + 1.7 * MARK, y + MARK), radius=MARK)
    if offer.lines:
        (_draw_label if inset else _draw_words)(draw, offer, card, column, y + taken + GAP)


def _write(draw: ImageDraw.ImageDraw, words: Setting, column: Column, y: float, fill: str) -> None:
    words.draw(draw, x=column.left, y=y, width=column.width, align=column.align, fill=fill)


def _able(own: Face, text: str) -> Face:
    """The style's own face where it can write the text, else that of another theme."""
    styles = (theme.card for theme in all_themes() if theme.card)
    others = (Face(style.heading, style.heading_weight) for style in styles)
    return next((face for face in (own, *others) if face.legible(text)), own)


def _draw_words(draw: ImageDraw.ImageDraw, offer: Setting, card: Card, column: Column, y: float) -> None:
    """Below a short rule with a diamond on it."""
    x, y, colors = column.start(140), y - 12, card.colors
    draw.line((x, y, x + 140, y), fill=colors.ink, width=2)
    draw.polygon([(x + 62, y), (x + 70, y - 8), (x + 78, y), (x + 70, y + 8)], fill=colors.accent)
    _write(draw, offer, column, y + 12 + RULE, colors.accent)


def _draw_label(draw: ImageDraw.ImageDraw, offer: Setting, card: Card, column: Column, y: float) -> None:
    wide, high = offer.width + 2 * INSET, offer.height + 2 * PADDING
    x = column.start(wide)
    draw.rounded_rectangle((x, y, x + wide, y + high), min(card.style.radius, high / 2), fill=card.colors.accent)
    inside = Column(x + INSET, offer.width, column.align)
    _write(draw, offer, inside, y + PADDING + 0.05 * offer.size, card.colors.on_accent)


def _draw_logo(image: Image.Image, logo: Image.Image, ground: str, column: Column, top: float) -> float:
    """On the ground itself where it can be seen there, else on a plate; returns the height that it took."""
    shown = logo.convert("RGBA")
    shown.thumbnail(LOGO, Image.Resampling.LANCZOS)
    alpha = shown.getchannel("A")
    is_cut_out = ImageStat.Stat(alpha).mean[0] < 250
    pad = 16 if is_cut_out and contrast(_average(shown, alpha), ground) < SHAPE else 0
    wide, high = shown.width + 2 * pad, shown.height + 2 * pad
    x = column.start(wide)
    if pad:
        plate = mix(readable_on(ground), ground, 0.96)
        ImageDraw.Draw(image).rounded_rectangle((x, top, x + wide, top + high), 10, fill=plate)
    image.paste(shown, (round(x + pad), round(top + pad)), shown)
    return float(high)


def _average(logo: Image.Image, alpha: Image.Image) -> str:
    red, green, blue = ImageStat.Stat(logo.convert("RGB"), mask=alpha).mean if alpha.getbbox() else (0, 0, 0)
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"
