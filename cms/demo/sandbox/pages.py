"""The small pages that a recipient sees: plain, accessible, and marked as a stand-in."""

from __future__ import annotations

from html import escape

from .wire import Answer

_STYLE = (
    "body{font:1.0625rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#f4f4f1;margin:0}"
    "main{max-width:34rem;margin:3rem auto;padding:2rem;background:#fff;border:1px solid #c9c9c2;border-radius:.5rem}"
    ".note{border-left:.25rem solid #8a5a00;padding-left:.75rem}"
    "button{font:inherit;padding:.6rem 1rem;margin:.5rem .5rem 0 0;border:2px solid #1a4d8f;border-radius:.375rem;"
    "background:#1a4d8f;color:#fff;cursor:pointer}button.plain{background:#fff;color:#1a4d8f}"
    "button:focus-visible{outline:3px solid #8a5a00;outline-offset:2px}"
    ".card{font-size:2rem;font-weight:700;margin:1rem 0}code{font-size:1.125rem}"
)


def page(*, title: str, body: str, status: int = 200) -> Answer:
    """A whole page; ``body`` is HTML that the caller has escaped."""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<meta name="referrer" content="no-referrer"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{escape(title)}</h1>{body}"
        '<p class="note">This is a stand-in for trials. No real money moves and nothing here has any value.'
        "</p></main></body></html>"
    )
    return Answer(status, html.encode(), "text/html; charset=utf-8", (("Cache-Control", "no-store"),))


def redirect(url: str) -> Answer:
    """See other."""
    return Answer(303, b"", "text/plain", (("Location", url), ("Cache-Control", "no-store")))
