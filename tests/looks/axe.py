"""axe with every rule of WCAG 2.2 A and AA and its best practices; some of them are off unless asked for."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


def violations(page: Page, *, context: object = None) -> list[tuple[str, str]]:
    """What is wrong, as (rule, element); the first five elements a rule."""
    found = Axe().run(page, context=context, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    assert len(found["passes"]) > 10, "axe has hardly looked"
    return [(v["id"], node["html"][:200]) for v in found["violations"] for node in v["nodes"][:5]]
