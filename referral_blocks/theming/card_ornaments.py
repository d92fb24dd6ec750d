"""What a card wears beside its words: one function an ornament, which a theme names in its CardStyle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

FINE = 2  # shapes are drawn larger and then made smaller, so that curves are smooth


@dataclass(frozen=True, slots=True)
class Colors:
    """As ``#rrggbb``; ``accent`` stands out from ``ground``, ``on_accent`` can be read on it."""

    ground: str
    ink: str
    accent: str
    on_accent: str


Ornament = Callable[[Image.Image, Colors, bool], None]


def mix(one: str, other: str, share: float) -> str:
    """``share`` of ``one`` in ``other``."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def plain(image: Image.Image, colors: Colors, mirrored: bool) -> None:
    """A bar of the accent along the edge where reading begins."""
    width, height = image.size
    bar = 24 * FINE
    left = width - bar if mirrored else 0
    ImageDraw.Draw(image).rectangle((left, 0, left + bar, height), fill=colors.accent)


def frame(image: Image.Image, colors: Colors, mirrored: bool) -> None:
    """A printed label: a thick and a thin rule, with corners that are bitten off."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    for inset, bite, line in ((30, 34, 5), (42, 34, 2)):
        edge, radius, thick = inset * FINE, bite * FINE, line * FINE
        right, low = width - edge, height - edge
        for box in (
            (edge + radius, edge, right - radius, edge + thick),
            (edge + radius, low - thick, right - radius, low),
            (edge, edge + radius, edge + thick, low - radius),
            (right - thick, edge + radius, right, low - radius),
        ):
            draw.rectangle(box, fill=colors.accent if line > 2 else colors.ink)
        for x, y, start in ((edge, edge, 0), (right, edge, 90), (right, low, 180), (edge, low, 270)):
            around = (x - radius, y - radius, x + radius, y + radius)
            draw.arc(around, start, start + 90, fill=colors.accent if line > 2 else colors.ink, width=thick)


def grid(image: Image.Image, colors: Colors, mirrored: bool) -> None:
    """A grid of points, and one lamp that is lit, with rings around it."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    step, point = 40 * FINE, 3 * FINE // 2
    x, y = (0 if mirrored else width), height
    # Pillow's gradient is 0 in the middle and 181 where it meets the sides; a third of the accent at its brightest.
    glow = Image.radial_gradient("L").point(lambda value: max(0, 181 - value) // 2)
    reach = 620 * FINE
    image.paste(colors.accent, (x - reach, y - reach), glow.resize((2 * reach, 2 * reach)))
    dots = mix(colors.ink, colors.ground, 0.26)
    for across in range(step // 2, width, step):
        for down in range(step // 2, height, step):
            draw.ellipse((across - point, down - point, across + point, down + point), fill=dots)
    for radius, share in ((440, 0.3), (320, 0.5), (200, 0.8)):
        around = (x - radius * FINE, y - radius * FINE, x + radius * FINE, y + radius * FINE)
        draw.ellipse(around, outline=mix(colors.accent, colors.ground, share), width=2 * FINE)
    lamp = 92 * FINE
    draw.ellipse((x - lamp, y - lamp, x + lamp, y + lamp), fill=colors.accent)


def awning(image: Image.Image, colors: Colors, mirrored: bool) -> None:
    """A striped awning over a shop front with rays behind it."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    on_light = sum(_rgb(colors.ground)) > 384
    ray, middle = mix("#ffffff", colors.ground, 0.16 if on_light else 0.06), (width // 2, height + 120 * FINE)
    far = 2 * width
    for angle in range(186, 360, 24):
        draw.pieslice((middle[0] - far, middle[1] - far, middle[0] + far, middle[1] + far), angle, angle + 12, fill=ray)
    stripes, depth = 15, 58 * FINE
    each = width / stripes
    for number in range(stripes):
        left, right = number * each, (number + 1) * each
        color = colors.accent if number % 2 == 0 else mix("#ffffff", colors.ground, 0.92)
        draw.rectangle((left, 0, right, depth), fill=color)
        draw.pieslice((left, depth - each / 2, right, depth + each / 2), 0, 180, fill=color)
        draw.rectangle((left, 0, right, 14 * FINE), fill=mix("#000000", color, 0.12))


ORNAMENTS: dict[str, Ornament] = {"plain": plain, "frame": frame, "grid": grid, "awning": awning}


def mark(image: Image.Image, colors: Colors, *, center: tuple[float, float], radius: float) -> None:
    """Two rings that reach into each other: giving and getting, where the words of a script cannot be drawn."""
    draw = ImageDraw.Draw(image)
    thick = max(4, round(radius / 5))
    for side, color in ((-0.6, colors.ink), (0.6, colors.accent)):
        x, y = center[0] + side * radius, center[1]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=color, width=thick)
