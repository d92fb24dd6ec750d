"""Contact sheets of the gallery: an index, and for each theme one page with all of its pictures side by side."""

from __future__ import annotations

from html import escape
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8"><title>{title}</title>
  <style>
    body {{ margin: 2rem; background: #8a8a8a; color: #111; font: 16px/1.4 system-ui, sans-serif }}
    .row {{ display: flex; gap: 1rem; align-items: start; margin-block: .5rem 2.5rem }}
    figure {{ margin: 0 }} img {{ display: block; max-width: 100% }}
    .phone {{ flex: 390 }} .desktop {{ flex: 1280 }}
  </style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
ORDER = ("light-phone", "light-desktop", "dark-phone", "dark-desktop")


def write_sheets(folder: Path, *, themes: list[str]) -> int:
    """Write index.html and a sheet a theme into ``folder``; returns how many pictures they hold."""
    subjects = sorted(file for kind in ("pages", "blocks") for file in (folder / kind).iterdir())
    links = []
    for theme in themes:
        rows = "\n".join(_row(folder, subject, theme) for subject in subjects)
        (folder / f"{theme}.html").write_text(PAGE.format(title=escape(theme), body=rows))
        links.append(f'<li><a href="{theme}.html">{escape(theme)}</a></li>')
    body = "<ul>\n" + "\n".join(links) + "\n</ul>"
    (folder / "index.html").write_text(PAGE.format(title="Every block and page in every look", body=body))
    return sum(len(list(subject.iterdir())) for subject in subjects)


def _row(folder: Path, subject: Path, theme: str) -> str:
    name = subject.relative_to(folder).as_posix()
    shown = '<figure class="{device}"><img src="{file}.webp" alt="{look}" loading="lazy"></figure>'
    pictures = "".join(
        shown.format(device=look.split("-")[1], file=f"{name}/{theme}-{look}", look=look) for look in ORDER
    )
    return f'<h2 id="{name}">{escape(name)}</h2>\n<div class="row">{pictures}</div>'
