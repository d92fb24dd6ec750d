"""A browser that reads pages without running anything in them."""

import pytest

from tests.browser import chromium
from tests.security import payloads


@pytest.fixture(scope="module")
def reader():
    """A function from HTML to what in it came to life."""
    with chromium() as browser:
        page = browser.new_page()
        yield lambda html: payloads.holes(page, html)
