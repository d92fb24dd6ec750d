"""The provider of the how-to is whole: its very text is run against the conformance suite."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "add-payout-provider.md"
SECRET = b"secret-of-the-test"


class StandIn:
    """The postcard people’s side: one card a key."""

    def __init__(self):
        self.cards, self.keys, self.faults = [], {}, []
        stand_in = self

        class Server(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*stand_in.write(self.headers["Idempotency-Key"], body))

            def do_GET(self):
                address = urlsplit(self.path)
                self.answer(200, stand_in.read(address.path, parse_qs(address.query)))

            def answer(self, status, content):
                if status == 0:
                    self.close_connection = True
                    return
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def write(self, key, body):
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refuse":
            return 422, {}
        if key not in self.keys:
            number = f"c-{len(self.cards) + 1}"
            now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
            self.keys[key] = {**body, "id": number, "status": "delivered", "created_at": now}
            self.cards.append(self.keys[key])
        return (0 if fault == "drop" else 200), self.keys[key]

    def read(self, path, query):
        if path != "/cards":
            return next(card for card in self.cards if path.endswith(f"/{card['id']}"))
        wanted = query.get("reference")
        return {"cards": [c for c in self.cards if wanted is None or c["reference"] in wanted], "next": ""}

    def times_paid(self, payout_id):
        return sum(card["reference"] == payout_id for card in self.cards)

    def signed(self, told, *, age):
        body, at = json.dumps(told).encode(), str(int(time.time() - age.total_seconds()))
        signature = hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"Postcards-Time": at, "Postcards-Signature": signature}, body


@pytest.fixture(scope="module", autouse=True)
def _running():
    yield
    STAND_IN.server.shutdown()
    STAND_IN.server.server_close()


STAND_IN = StandIn()
_written = re.findall(r"```python\n(# postcards/.*?)```", HOW_TO.read_text(), re.DOTALL)
_named = {"stand_in": STAND_IN, "__name__": __name__}
for _text in _written:
    exec(compile(_text, str(HOW_TO), "exec"), _named)
TestPostcards = _named["TestPostcards"]


def test_both_parts_of_the_example_are_here():
    assert [text.splitlines()[0] for text in _written] == ["# postcards/provider.py", "# postcards/tests.py"]
    assert "lose_next_answer" in vars(TestPostcards)
