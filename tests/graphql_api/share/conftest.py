"""A shop of another origin that shows the element, and tabs that note what goes wrong in them."""

import re

import pytest
from wagtail.models import Site

from tests.browser import chromium

from .elsewhere import elsewhere

HEARD = """
  window.heard = []
  for (const what of ['joined', 'signed-in', 'signed-out', 'shared', 'trouble'])
    document.addEventListener(`referral-share:${what}`, e =>
      heard.push([what, e.detail.channel ?? e.detail.kind ?? '']))
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def site(live_server):
    """Mails and links lead to the address at which the browser finds the site."""
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    return live_server.url


@pytest.fixture
def shop(site, settings):
    with elsewhere(site) as running:
        settings.REFERRAL_BLOCKS = {
            **settings.REFERRAL_BLOCKS,
            "API_CORS_ORIGINS": {"*": (running.url,)},
            "SIGN_IN_RETURN_ADDRESSES": {"*": (running.url + "/friends",)},
        }
        yield running
        assert running.reports == []


@pytest.fixture
def open_tab(browser):
    """Makes tabs that note what goes wrong in them; nothing may."""
    contexts = []

    def make(context=None, **options):
        context = context or browser.new_context(viewport={"width": 390, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.add_init_script(HEARD)
        page.wrong, page.asked = [], set()

        def answered(request):
            page.asked.discard(request)

        page.on("request", lambda request: page.asked.update([request]))
        page.on("requestfinished", answered)
        page.on("requestfailed", answered)
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda m: page.wrong.append(m.text) if "Policy" in m.text else None)
        return page

    yield make
    problems = [problem for context in contexts for page in context.pages for problem in getattr(page, "wrong", [])]
    for context in contexts:
        context.close()
    assert problems == []
