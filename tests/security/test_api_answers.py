"""What the API answers is JSON, which no browser takes for a page, whatever stands in it."""

import json

import pytest

from referral_blocks.programs.models import Program
from tests.security import payloads
from tests.security.world import make_world, plant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("texts", payloads.ROUNDS.values(), ids=payloads.ROUNDS)
def test_what_is_stored_comes_out_as_it_is(client, texts):
    make_world()
    plant(texts)
    query = '{ program(slug: "neighbours") { name offers { title } terms { text } } }'
    response = client.post("/graphql/", json.dumps({"query": query}), content_type="application/json")
    answered = response.json()["data"]["program"]
    assert response["Content-Type"].startswith("application/json")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert answered["name"] == Program.objects.get().name
    assert texts[0] in answered["offers"][0]["title"]


def test_a_question_is_not_quoted_as_markup(client):
    asked = json.dumps({"query": "{ " + payloads.MARKUP[0]})
    response = client.post("/graphql/", asked, content_type="application/json", HTTP_ACCEPT="text/html")
    assert response["Content-Type"].startswith("application/json")
    assert "errors" in response.json()
