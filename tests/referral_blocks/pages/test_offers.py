"""What a page says that each side gets is what a referral earns, and no prize that has to be won otherwise."""

import re

import pytest

from tests.make import make_program
from tests.make_pages import make_landing_page

from .previewing import words

pytestmark = pytest.mark.django_db
PRIZES = ("A trip for the group", "First prize", "A mug for points")
RULES = (
    {"side": "referrer", "title": "£20 gift", "amount_minor": 2_000},
    {"side": "referrer", "title": "£1 at once", "amount_minor": 100, "trigger": "sign_up"},
    {"side": "referrer", "title": PRIZES[0], "amount_minor": 9_000, "trigger": "group"},
    {"side": "referrer", "title": PRIZES[1], "amount_minor": 9_000, "trigger": "period"},
    {"side": "referrer", "title": PRIZES[2], "amount_minor": 900, "trigger": "points", "points_price": 300},
    {"side": "friend", "title": "£10 off", "amount_minor": 1_000},
    {"side": "friend", "title": "£15 off for all", "amount_minor": 1_500, "trigger": "group"},
)


@pytest.mark.parametrize("name", ["hero", "offer_cards", "post_purchase"])
@pytest.mark.parametrize("speaks_to", ["friend", "referrer"])
def test_offers_name_what_a_referral_earns(client, name, speaks_to):
    value = {} if name == "post_purchase" else {"speaks_to": speaks_to}
    make_landing_page(make_program(rules=RULES), body=[(name, value)])
    text = words(client.get("/landing/").content.decode())
    positions = [text.index(title) for title in ("£20 gift", "£10 off")]
    assert (positions[1] < positions[0]) is (speaks_to == "friend" and name != "post_purchase")
    assert ("£1 at once" in text[positions[0] :]) is (name == "offer_cards")  # the others say each side's first alone
    assert not [title for title in (*PRIZES, "£15 off for all") if title in text]


def test_the_other_prizes_are_in_their_own_blocks(client):
    make_landing_page(make_program(rules=RULES), body=[("leaderboard", {}), ("hero", {})])
    text = words(client.get("/landing/").content.decode())
    assert "Place 1: First prize" in text
    assert text.count("First prize") == 1


def test_with_prizes_alone_the_list_is_not_there_and_the_editor_hears_why(client):
    page = make_landing_page(make_program(rules=RULES[2:4]), body=[("offer_cards", {}), ("hero", {})])
    html = client.get("/landing/").content.decode()
    assert not re.search(r'class="rb-offer[ "_]|rb-offers__card', html)
    assert "has no active reward rule" in page.make_preview_request().content.decode()
