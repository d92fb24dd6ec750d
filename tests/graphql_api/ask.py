"""Asks the API over HTTP, as any client would."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.referrers.tokens import open_app_session

URL = "/graphql/"
JSON = "application/json"


def post(client: Client, body: Any, *, content_type: str = JSON, **headers: str) -> HttpResponse:
    """Send ``body`` as it is when it is bytes or text, else as JSON; ``Sec_Fetch_Site="…"`` sets a header."""
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(URL, data, content_type=content_type, headers=named)


def ask(client: Client, query: str, variables: dict | None = None, *, bearer: str = "", **headers: str) -> dict:
    """The whole answer to one operation; fails unless the status is 200."""
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    response = post(client, {"query": query, "variables": variables}, **headers)
    assert response.status_code == 200, response.content
    return response.json()


def data(client: Client, query: str, variables: dict | None = None, **given: str) -> dict:
    """The data of an operation that has no error."""
    answer = ask(client, query, variables, **given)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def codes(answer: dict) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def bearer_of(referrer: Referrer) -> str:
    """The access token of an app in which the referrer has just signed in."""
    return open_app_session(referrer=referrer).access


def show_cookie(client: Client, referrer: Referrer, **given: Any) -> None:
    """From now on the client sends the cookie of the site's own pages; ``verified`` and ``code`` as make_session."""
    client.cookies[session_cookie(referrer.program)] = make_session(referrer, **given)
