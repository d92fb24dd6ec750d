"""What developers of receivers are told is what the code does."""

import re
import uuid
from pathlib import Path

import pytest
from django.utils import timezone

from graphql_api.schema import schema
from referral_blocks.access.models import Scope
from referral_blocks.core.crypto import encrypt
from referral_blocks.webhooks.endpoints import kinds, outbox
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.signing import headers_of, new_secret

DOCS = Path(__file__).resolve().parents[4] / "docs"
REFERENCE = (DOCS / "reference" / "webhooks.md").read_text()
HOW_TO = (DOCS / "how-to" / "receive-webhooks.md").read_text()


def rows(text, first):
    """The rows of the table whose head begins so, as lists of cells."""
    table = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_reference_names_every_event_in_the_words_of_the_api():
    said = schema._schema.type_map["ActivityKind"].values
    expected = [[f"`{kind}`", said[kind.upper().replace(".", "_")].description] for kind in kinds.KINDS]
    assert rows(REFERENCE, "`type`")[:-1] == expected
    assert rows(REFERENCE, "`type`")[-1][0] == f"`{kinds.TEST}`"
    assert f"which is `{kinds.VERSION}`" in REFERENCE


def test_the_reference_names_every_type_and_its_scope():
    expected = []
    for name in sorted(set(kinds.TYPES.values())):
        scope = getattr(schema.get_type_by_name(name).origin, "scope", None)
        expected.append([f"`{name}`", f"`{Scope(scope).value}`" if scope else "none"])
    assert rows(REFERENCE, "`data.object`") == expected


def test_the_how_to_says_when_it_is_tried_again():
    minutes = [round(wait.total_seconds() / 60) for wait in outbox.WAITS]
    assert minutes == [1, 5, 30, *(hours * 60 for hours in (2, 6, 12, 24, 28))]
    assert "after 1, 5 and 30 minutes, then 2, 6, 12, 24 and 28 hours" in HOW_TO
    assert outbox.MAX_TRIES == 9


@pytest.fixture
def receive():
    """The receiver of the how-to."""
    given: dict = {}
    exec(re.search(r"```python\n(.*?)```", HOW_TO, re.S).group(1), given)
    return given["receive"]


def test_the_receiver_of_the_how_to_works(receive):
    secret, seen, now = new_secret(), set(), timezone.now()
    key = str(uuid.uuid4())
    body = kinds.message(
        message_id=key, kind="sale.recorded", at=now, subject="sale", key=uuid.uuid4(), program=uuid.uuid4()
    )
    endpoint = WebhookEndpoint(secret=encrypt(secret))
    headers = headers_of(endpoint, WebhookDelivery(message_id=key, body=body))
    assert receive(secret, headers, body.encode(), seen) == 204
    assert receive(secret, headers, body.encode(), seen) == 204
    assert seen == {key}
    assert receive(secret, headers, body.encode() + b" ", seen) == 401
    assert receive(new_secret(), headers, body.encode(), seen) == 401
    assert seen == {key}
