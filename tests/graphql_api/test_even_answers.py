"""No clock tells a stranger whether an address is known: known, new and refused are answered after the same time."""

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from graphql_api.schema import schema
from referral_blocks.core import even
from referral_blocks.flows.open_group import open_group
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral
from tests.graphql_api.ask import data
from tests.hand_clock import SLOT, use_hand_clock
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db

PROGRAM = "program { id name offers { title } terms { number } termsUrl landingUrl shareUrl portalUrl phase }"
MUTATIONS = {
    "captureReferral": PROGRAM,
    "joinGroup": f"group {{ placesTaken state prizes {{ title }} {PROGRAM} }}",
    "joinProgram": f"{PROGRAM} link {{ code url qrSvgUrl }}",
}
# By nature even: nobody is looked up before the answer. A server or a member of staff may know.
ELSEWHERE = {"requestLoginLink": "queued", "requestDataLink": "queued", "attributeReferral": "with a key"}
KNOWN, OTHERS, NEW = "known@example.com", "others@example.com", "new@example.com"


@pytest.fixture
def clock(settings, monkeypatch):
    return use_hand_clock(settings, monkeypatch)


@pytest.fixture
def given():
    """What each mutation takes beside the address; KNOWN is the referrer’s friend, OTHERS somebody else’s, and both
    have joined."""
    program = make_program(rules=GROUP_RULES)
    link = make_link(program)
    other = make_link(program, email="other@example.com")
    for email, invited_by in ((KNOWN, link), (OTHERS, other)):
        make_referral(program, email=email, link=invited_by)
        make_link(program, email=email)
    group = open_group(referrer=link.referrer, offer=make_offer(program, size=9))
    typed = {"name": "Kim Example", "acceptTerms": True}
    return {
        "captureReferral": {**typed, "program": "neighbours", "code": link.code},
        "joinGroup": {**typed, "group": str(group.public_id)},
        "joinProgram": {**typed, "program": "neighbours", "greetingConsent": True},
    }


@pytest.mark.parametrize("name", MUTATIONS)
def test_where_no_thread_is_left_to_wait_nobody_is_looked_up(client, clock, given, name, monkeypatch):
    """Given as many who wait as may, whoever comes next is told to try again, whatever the address."""
    monkeypatch.setattr(even.PLACES, "taken", 6)
    before = Person.objects.count()
    for address in (KNOWN, NEW):
        codes, _took = ask(client, clock, name, {**given[name], "email": address})
        assert (codes, clock.slept) == (["RATE_LIMITED"], [])
    assert Person.objects.count() == before


def ask(client, clock, name, *inputs):
    """The refusals’ codes, and how long it took."""
    kind = f"{name[0].upper()}{name[1:]}Input!"
    wanted = {f"i{number}": one for number, one in enumerate(inputs)}
    asked = " ".join(f"a{n}: {name}(input: ${n}) {{ {MUTATIONS[name]} errors {{ code }} }}" for n in wanted)
    document = f"mutation ({', '.join(f'${n}: {kind}' for n in wanted)}) {{ {asked} }}"
    with clock.timing() as took:
        answer = data(client, document, wanted)
    return [error["code"] for payload in answer.values() for error in payload["errors"]], took[0]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_known_address_takes_as_long_as_a_new_one(client, clock, given, name):
    outcomes = [ask(client, clock, name, {**given[name], "email": email}) for email in (KNOWN, NEW, OTHERS, KNOWN)]
    assert len(set(map(str, outcomes))) == 1, outcomes
    assert SLOT < outcomes[0][1] < 2 * SLOT  # what comes before and after is the same for everybody
    assert len(set(clock.slept)) > 1  # and the work was not
    assert clock.held == [0, 0, 0, 0]


@pytest.mark.parametrize("name", MUTATIONS)
def test_without_a_slot_a_clock_can_tell(client, settings, monkeypatch, given, name):
    clock = use_hand_clock(settings, monkeypatch, slot=0)
    (_, known), (_, new) = (ask(client, clock, name, {**given[name], "email": email}) for email in (KNOWN, NEW))
    assert known != new
    assert clock.slept == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_refusal_waits_as_long(client, clock, given, name):
    refused = {**given[name], "acceptTerms": False}
    outcomes = [ask(client, clock, name, {**refused, "email": email}) for email in (KNOWN, NEW)]
    assert [codes for codes, _took in outcomes] == [["TERMS_NOT_ACCEPTED"]] * 2
    assert outcomes[0][1] == outcomes[1][1] >= SLOT
    assert len(clock.slept) == 2
    assert not Person.objects.filter(email=NEW).exists()


@pytest.mark.parametrize("name", MUTATIONS)
def test_many_at_once_wait_one_after_the_other_and_add_nothing_up(client, clock, given, name):
    known = [{**given[name], "email": KNOWN}] * 3
    new = [{**given[name], "email": f"new-{number}@example.com"} for number in range(3)]
    outcomes = [ask(client, clock, name, *inputs) for inputs in (known, new)]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1] > 3 * SLOT
    assert len(clock.slept) == 6


def test_whoever_comes_too_often_is_refused_at_once_and_holds_no_thread(client, clock, settings, monkeypatch, given):
    monkeypatch.setattr("graphql_api.context.RATE", "1/minute")
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    friends = Referral.objects.count()
    asked = {**given["captureReferral"], "email": KNOWN}
    codes, _took = ask(client, clock, "captureReferral", asked, {**asked, "email": NEW})
    assert (codes, len(clock.slept), Referral.objects.count()) == (["RATE_LIMITED"], 1, friends)


def test_every_mutation_that_takes_the_address_of_whoever_calls_is_one_of_them():
    taking = set()
    for name, field in schema._schema.mutation_type.fields.items():
        inputs = [get_named_type(argument.type) for argument in field.args.values()]
        if any(isinstance(one, GraphQLInputObjectType) and "email" in one.fields for one in inputs):
            taking.add(name)
    assert taking == {*MUTATIONS, *ELSEWHERE}
