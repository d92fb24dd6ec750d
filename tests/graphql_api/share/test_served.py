"""The one file of <referral-share>, its words and its operations, as they are served."""

import gzip
import json

import pytest
from graphql import build_schema, parse, validate

from graphql_api.schema import schema
from graphql_api.share.operations import by_hash, operations
from graphql_api.share.script import script
from graphql_api.share.words import words
from referral_blocks.links.channels import CHANNELS, Message
from tests.graphql_api.ask import ask, codes

SCRIPT = "/graphql/referral-share.js"
MOST = 12 * 1024  # bytes, compressed


def test_it_is_small():
    size = len(gzip.compress(script().text.encode(), 6))
    print(f"referral-share.js: {size} bytes compressed")
    assert 8_000 < size <= MOST


def test_pages_of_any_origin_may_load_it_and_keep_it_for_an_hour(client):
    response = client.get(SCRIPT)
    assert (response.status_code, response["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=604800"
    assert "Set-Cookie" not in response and "Cookie" not in response.get("Vary", "")
    again = client.get(SCRIPT, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_is_sent_compressed(client):
    response = client.get(SCRIPT, headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content).decode() == script().text
    assert len(response.content) <= MOST + 128  # Django adds up to a hundred random bytes
    again = client.get(SCRIPT, headers={"Accept-Encoding": "gzip", "If-None-Match": response["ETag"]})
    assert again.status_code == 304


@pytest.mark.django_db
def test_one_version_is_kept_for_ever_and_no_other_is_served(client):
    response = client.get(f"/graphql/referral-share.{script().version}.js")
    assert (response.status_code, response["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert client.get("/graphql/referral-share.0123456789abcdef.js").status_code == 404


def test_comments_and_indentation_are_left_out_and_the_code_is_whole():
    text = script().text
    assert "\n  " not in text and "//" not in text.replace("http://", "") and "/**" not in text
    assert text.count("{") == text.count("}") and text.count("`") % 2 == 0
    assert '"http://www.w3.org/2000/svg"' in text


@pytest.mark.parametrize(
    ("asked", "language", "word"),
    [
        ("en", "en", "Name"),
        ("de", "de", "Name"),
        ("ar", "ar", "الاسم"),
        ("ar-eg", "ar", "الاسم"),
        ("tlh", "en", "Name"),
    ],
)
def test_it_speaks_the_sites_nearest_language(client, asked, language, word):
    response = client.get(f"/graphql/referral-share/{asked}.json")
    said = json.loads(response.content)
    assert (said["language"], said["rtl"], said["name"]) == (language, language == "ar", word)
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("slug", [slug for slug, channel in CHANNELS.items() if channel.address])
def test_its_buttons_lead_where_the_sites_own_lead(slug):
    (channel,) = (c for c in words("en")["channels"] if c["slug"] == slug)
    address = CHANNELS[slug].address(Message(url="https://a.example/?x=1&y", text="Hi & bye", subject="Two"))
    filled = channel["address"]
    for name, value in (
        ("url", "https%3A%2F%2Fa.example%2F%3Fx%3D1%26y"),
        ("text", "Hi%20%26%20bye"),
        ("subject", "Two"),
    ):
        filled = filled.replace(f"%7B{name}%7D", value)
    assert filled.replace("%2F", "/") == address.replace("%2F", "/")
    assert channel["icon"], slug


def test_each_operation_is_valid():
    sdl = build_schema(schema.as_str())
    assert [error for text in operations().values() for error in validate(sdl, parse(text))] == []


@pytest.mark.django_db
def test_a_site_of_trusted_documents_answers_them_and_nothing_else(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_TRUSTED_ONLY": True}
    assert ask(client, operations()["program"], {"program": "none"})["data"] == {"program": None}
    response = client.post("/graphql/", {"query": "{ __typename }"}, content_type="application/json")
    assert codes(response.json()) == ["UNTRUSTED_DOCUMENT"]
    assert len(by_hash()) == len(operations())
