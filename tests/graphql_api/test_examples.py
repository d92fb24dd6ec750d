"""The operations that GraphiQL offers fit the schema, and do what they say."""

import asyncio
import json
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from graphql import OperationDefinitionNode, parse, validate

from graphql_api.examples import EXAMPLES, FOLDER
from graphql_api.limits import refuse
from graphql_api.schema import schema
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.referrers.models import Referrer
from tests.graphql_api.ask import bearer_of, data
from tests.graphql_api.stream.server import connect, serving
from tests.make import make_link, make_program, make_referral


def document(name):
    return Path(finders.find(f"{FOLDER}/{name}.graphql")).read_text()


def given(name):
    return json.loads(Path(finders.find(f"{FOLDER}/{name}.json")).read_text())


@pytest.fixture
def program():
    return make_program(slug="bring-a-neighbour")


@pytest.mark.parametrize("name", [example.name for example in EXAMPLES])
def test_each_fits_the_schema_and_its_limits_and_says_whom_it_is_for(name):
    text = document(name)
    parsed = parse(text)
    (operation,) = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert validate(schema._schema, parsed) == []
    assert refuse(parsed) is None
    assert text.startswith("# For ")
    declared = {definition.variable.name.value for definition in operation.variable_definitions or ()}
    assert set(given(name)["variables"]) <= declared


@pytest.mark.django_db
def test_a_landing_page_and_a_place_in_the_programme_need_no_sign_in(client, program):
    shown = data(client, document("landing-page"), given("landing-page")["variables"])
    assert (shown["program"]["name"], shown["program"]["isOpen"]) == ("Bring a neighbour", True)
    assert [offer["title"] for offer in shown["program"]["offers"]] == ["£20 gift", "£10 off"]
    joined = data(client, document("join"), given("join")["variables"])["joinProgram"]
    assert (joined["errors"], joined["program"]) == ([], {"name": "Bring a neighbour"})
    assert Referrer.objects.get().person.email == "robin@example.com"


@pytest.mark.django_db
def test_a_referrer_sees_their_dashboard(client, program):
    link = make_link(program)
    make_referral(program, link=link)
    viewer = data(client, document("dashboard"), bearer=bearer_of(link.referrer))["viewer"]
    assert (viewer["firstName"], viewer["standing"]["friends"]) == ("Robin", 1)
    assert viewer["referrals"]["edges"][0]["node"]["friendFirstName"] == "Kim"


@pytest.mark.django_db
def test_a_system_sees_the_figures(client, program):
    make_referral(program)
    _key, text = create_api_key(site_id=program.site_id, name="Board", scopes=["statistics:read"])
    shown = data(client, document("statistics"), given("statistics")["variables"], bearer=text)
    assert shown["server"]["statistics"]["funnel"]["friends"] == 1


@pytest.mark.django_db
def test_a_till_sees_what_is_to_be_handed_over(client):
    gift = {"side": "referrer", "title": "Mug", "amount_minor": 800, "hold_days": 0, "approval": "automatic"}
    program = make_referral(make_program(slug="bring-a-neighbour", rules=(gift,))).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    send_payout(payout_id=Payout.objects.get().pk)
    _key, text = create_api_key(site_id=program.site_id, name="Till", scopes=["payouts:read", "referrals:read"])
    shown = data(client, document("to-hand-over"), given("to-hand-over")["variables"], bearer=text)
    (edge,) = shown["server"]["payouts"]["edges"]
    assert (edge["node"]["person"]["name"], edge["node"]["amount"]) == ("Robin Example", {"formatted": "£8.00"})
    assert edge["node"]["handover"] == {"title": "Mug", "kind": "IN_STORE", "instructions": "", "dueOn": None}


@pytest.mark.django_db(transaction=True)
def test_a_referrer_hears_how_they_stand(program, tmp_path):
    bearer = bearer_of(make_link(program).referrer)

    async def first(port):
        reader = await connect(port, document("standing"), bearer=bearer)
        return await reader.next()

    with serving(tmp_path / "log") as server:
        event = asyncio.run(first(server.port))
    assert event.data["data"]["viewerStanding"]["viewer"]["standing"]["friends"] == 0
