"""Puts the demo's illustrations into Wagtail's image library, each with what it shows and where its subject is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.images import ImageFile
from wagtail.images import get_image_model

FOLDER = Path(__file__).parent / "artwork"
TITLE = "Demo: {}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """``alt`` is for those who cannot see it; ``focus`` is x, y, width and height of what must not be cut off."""

    alt: str
    focus: tuple[int, int, int, int]


_FACE = (192, 190, 250, 300)
DRAWINGS = {
    "street": Drawing("Two shop fronts: Wren Lane, a window cleaner, and Tallyfinch", (800, 700, 1300, 800)),
    "terrace": Drawing("A cleaner on a ladder wipes a window; a neighbour waves", (800, 640, 900, 800)),
    "shopfront": Drawing("A cleaner wipes a café’s dusty window, and the cakes come to light", (680, 760, 900, 700)),
    "neighbours": Drawing("Two neighbours at a hedge share a code and a gift card", (800, 720, 1100, 760)),
    "product": Drawing(
        "Tallyfinch: a list of invoices, and a bill with €40 of credit taken off", (1100, 650, 800, 860)
    ),
    "credit": Drawing("A balance of €120 in credit, and the friends who brought it", (850, 600, 1200, 900)),
    "face-ada": Drawing("Ada, drawn", _FACE),
    "face-bert": Drawing("Bert, drawn", _FACE),
    "face-cleo": Drawing("Cleo, drawn", _FACE),
    "face-juno": Drawing("Juno, drawn", _FACE),
    "face-kofi": Drawing("Kofi, drawn", _FACE),
    "face-lior": Drawing("Lior, drawn", _FACE),
}


def load_pictures() -> dict[str, Any]:
    """The images by name, those that are there already included, with the alternative text that blocks show."""
    return {name: _picture(name, drawing) for name, drawing in DRAWINGS.items()}


def _picture(name: str, drawing: Drawing) -> Any:
    model = get_image_model()
    image = model.objects.filter(title=TITLE.format(name)).first()
    if image is None:
        x, y, width, height = drawing.focus
        with (FOLDER / f"{name}.webp").open("rb") as file:
            image = model(
                title=TITLE.format(name), description=drawing.alt, file=ImageFile(file, name=f"demo-{name}.webp"),
                focal_point_x=x, focal_point_y=y, focal_point_width=width, focal_point_height=height,
            )  # fmt: skip
            image.save()
    # What Wagtail's ImageBlock keeps beside the image.
    image.contextual_alt_text, image.decorative = drawing.alt, False
    return image
