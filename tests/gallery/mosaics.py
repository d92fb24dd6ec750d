"""The pictures of docs/gallery.md: many of the gallery's side by side, small enough to be committed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

GAP = 16
GROUND = "#8a8a8a"
PAGES = ["landing", "landing-errors", "share", "closed", "reward", "join"]
# name of the picture: (what, columns, width of each)
MOSAICS = {
    "paper-light-phone": ("blocks", 6, 250),
    "paper-dark-desktop": ("pages", 3, 480),
    "signal-dark-phone": ("blocks", 6, 250),
    "signal-light-desktop": ("pages", 3, 480),
    "street-light-phone": ("blocks", 6, 250),
    "street-dark-desktop": ("pages", 3, 480),
    "unthemed-light-phone": ("blocks", 6, 250),
}


def write_mosaics(folder: Path) -> None:
    """Write ``folder``/mosaics from the pictures in ``folder``."""
    (folder / "mosaics").mkdir(exist_ok=True)
    for look, (kind, columns, width) in MOSAICS.items():
        names = PAGES if kind == "pages" else sorted(subject.name for subject in (folder / kind).iterdir())
        files = [folder / kind / name / f"{look}.webp" for name in names]
        _mosaic(files, columns, width).save(folder / "mosaics" / f"{look}.webp", quality=72, method=6)


def _mosaic(files: list[Path], columns: int, width: int) -> Image.Image:
    """The pictures in columns of equal width, each below the shortest column so far."""
    heights, places = [GAP] * columns, []
    for file in files:
        picture = Image.open(file)
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        column = heights.index(min(heights))
        places.append((picture, (GAP + column * (width + GAP), heights[column])))
        heights[column] += picture.height + GAP
    whole = Image.new("RGB", (GAP + columns * (width + GAP), max(heights)), GROUND)
    for picture, place in places:
        whole.paste(picture, place)
    return whole
