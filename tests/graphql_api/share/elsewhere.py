"""Pages of another origin that embed <referral-share>, under a policy that allows nothing but what the how-to names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/page.css">
<script type="module" src="{site}/graphql/referral-share.js"></script></head>
<body><header><a href="/">The shop</a></header><main><h1>Friends</h1>{elements}</main></body></html>"""
ELEMENT = '<referral-share program="neighbours"><a href="{site}/share/">Your link and rewards</a></referral-share>'
CSS = """:root { color-scheme: light dark; font-family: Georgia, serif } body { margin: 0 auto; padding: 1rem;
max-width: 60rem } a { color: light-dark(#1f4fbf, #a4c1ff) } header a { display: inline-block; padding: .5rem 0 }
html { background: light-dark(#fbf9f4, #101215); color: light-dark(#111, #eee) }
html.branded { --rb-color-accent: #0e4f3b; --rb-color-accent-hover: #0a3b2c; --rb-color-on-accent: #fff;
--rb-color-panel: #eef4e8; --rb-radius-button: 99rem; --rb-radius-large: 1.5rem;
--rb-font-body: Verdana, sans-serif }"""


class Elsewhere:
    """``elements`` and the like are what the next page is made of; ``reports`` what the policy stopped."""

    def __init__(self, site: str) -> None:
        self.site, self.url = site, ""
        self.elements, self.language, self.direction = ELEMENT, "en", "ltr"
        self.reports: list[str] = []

    @property
    def policy(self) -> str:
        # 'self' is for the page's own stylesheet; nothing inline, and no eval.
        return (
            f"default-src 'none'; script-src {self.site}; connect-src {self.site}; img-src {self.site}; "
            "style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; report-uri /csp"
        )

    def page(self) -> str:
        made = self.elements.replace("{site}", self.site)
        return PAGE.format(language=self.language, direction=self.direction, site=self.site, elements=made)


@contextmanager
def elsewhere(site: str) -> Iterator[Elsewhere]:
    """A shop on a port of its own, which is another origin than ``site``."""
    shop = Elsewhere(site)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            css = self.path == "/page.css"
            self._answer(CSS if css else shop.page(), "text/css" if css else "text/html; charset=utf-8")

        def do_POST(self) -> None:
            shop.reports.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer("", "text/plain")

        def _answer(self, text: str, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Security-Policy", shop.policy)
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
