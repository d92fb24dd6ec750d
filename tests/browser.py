"""Headless Chromium for tests, or a clear reason why there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Set by .ci/run: there, something that is missing is a failure and not a skip.
REQUIRE_ALL = os.environ.get("REQUIRE_ALL_TESTS") == "1"


def chromium_path() -> str | None:
    """The system's Chromium, or the one that `playwright install` brought (None: let Playwright look)."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def missing(what: str) -> None:
    """Skip the test, or fail it where everything has to be there."""
    if REQUIRE_ALL:
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; skips the test when there is none on this machine."""
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            missing("no Chromium on this machine: install the package chromium, or run `playwright install chromium`")
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            missing(f"Chromium does not start: {str(error).splitlines()[0]}")
        yield browser
        browser.close()
