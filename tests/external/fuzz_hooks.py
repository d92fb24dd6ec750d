"""What schemathesis needs to know of this API: texts that name something, and what no answer may be.

The command loads this by SCHEMATHESIS_HOOKS; FUZZ_WORLD names the file of texts, FUZZ_TALLY the file to count in.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.external.written import HEADER

WORLD = json.loads(Path(os.environ["FUZZ_WORLD"]).read_text())
TALLY = Path(os.environ["FUZZ_TALLY"])
# A key says when it was last used, whatever came of the use.
HARMLESS = {"referral_blocks_apikey"}
INSIDE = re.compile(r"Traceback|\.py\b|site-packages|SELECT |psycopg|sqlite3|django\.", re.IGNORECASE)
MEANT = [
    *WORLD["programs"], *WORLD["codes"], *WORLD["emails"], *WORLD["paths"],
    "GBP", "EUR", "JPY", "10.00", "0.01", "1e9", "-1", "stripe", "runa", "manual", "api", "csv", "Ada", "GB", "en",
    "email,amount,currency\nada@example.com,10.00,GBP\n", "https://example.com/hook", "ar",
]  # fmt: skip
MOMENTS = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
TEXTS = {
    "String": st.sampled_from(MEANT) | st.text(max_size=300),
    "ID": st.sampled_from(WORLD["ids"]) | st.text(max_size=60),
    "DateTime": MOMENTS | st.sampled_from(["2026-03-01T12:00:00Z", "2030-01-01T00:00:00+01:00"]) | st.text(max_size=30),
    "Date": st.dates().map(str) | st.text(max_size=12),
    "EmailAddress": st.sampled_from(WORLD["emails"]) | st.emails() | st.text(max_size=30),
    "URL": st.sampled_from(["https://example.com/hook", "http://127.0.0.1/", "javascript:x"]) | st.text(max_size=60),
    "UUID": st.uuids().map(str),
}
for name, texts in TEXTS.items():
    schemathesis.graphql.scalar(name, texts.map(nodes.String))
schemathesis.graphql.scalar("BigInt", st.integers().map(nodes.Int))


@schemathesis.check
def nothing_gives_way(_ctx: Any, response: Any, case: Any) -> None:
    """No answer is a 5xx, shows an inside or a masked fault, and what is refused has written nothing."""
    body = response.json()
    errors = body.get("errors") or []
    codes = [error.get("extensions", {}).get("code") for error in errors]
    written = set(filter(None, response.headers.get(HEADER.lower(), [""])[0].split(",")))
    refused = response.status_code >= 400 or not body.get("data") or is_refused(body["data"])
    with TALLY.open("a") as tally:
        line = [case.operation.label, "refused" if refused else "answered", sorted({str(c) for c in codes})]
        tally.write(json.dumps([*line, sorted(written)]) + "\n")
    assert response.status_code < 500, f"status {response.status_code}"
    assert None not in codes, f"an error without a code: {errors}"
    assert "INTERNAL" not in codes, f"nobody foresaw this: {errors}"
    assert not INSIDE.search(json.dumps([error["message"] for error in errors])), f"an inside shows: {errors}"
    assert not (refused and written - HARMLESS), f"refused, and written to {written}: {body}"
    assert case.operation.label.startswith("Mutation") or written <= HARMLESS, f"a query wrote to {written}"


def is_refused(data: dict[str, Any]) -> bool:
    """Whether every root field says no: null, or a payload with errors in it."""
    return all(value is None or (isinstance(value, dict) and value.get("errors")) for value in data.values())
