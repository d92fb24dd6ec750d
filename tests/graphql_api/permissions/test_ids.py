"""Ids of rows that are somebody else’s: through node, in the input of mutations and as arguments, they are as unknown
as ids that nobody has."""

from __future__ import annotations

import uuid

import pytest
from strawberry.relay.utils import from_base64, to_base64

from referral_blocks.groups.models import GroupOffer
from referral_blocks.people.data_page import make_page_token
from referral_blocks.referrers.session import make_sign_in_token
from referral_blocks.referrers.tokens import open_app_session
from referral_blocks.rewards.models import RewardRule
from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.asking import gid, ids_of, public_ids
from tests.graphql_api.permissions.callers import at_far_site, keys, referrers, staff
from tests.graphql_api.permissions.inputs import inputs
from tests.graphql_api.permissions.markers import secrets
from tests.graphql_api.permissions.walk import as_json, check_leaks, object_types
from tests.graphql_api.permissions.writing import digest, watched

pytestmark = pytest.mark.django_db
PAGE = 100
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


def nodes_of(caller, ids):
    """What of these ids the caller is given."""
    found = set()
    for start in range(0, len(ids), PAGE):
        asked = ids[start : start + PAGE]
        response = caller.post(NODES, {"ids": asked})
        given = as_json(response)["data"]["nodes"]
        assert [one is None or one["id"] == gid for one, gid in zip(given, asked, strict=True)] == [True] * len(asked)
        found |= {one["id"] for one in given if one}
    return found


def test_node_gives_each_row_to_whom_it_belongs_and_to_nobody_else(world):
    known, public = ids_of(world), public_ids(world)
    kinds = {name for name, kind in object_types().items() if any(face.name == "Node" for face in kind.interfaces)}
    assert {from_base64(one)[0] for one in (*known, *public)} == kinds, "asking.py: ids of every type that has them"
    callers = [*referrers(world), *keys(world), *staff(), *at_far_site(world)]
    for caller in callers:
        if caller.kind == "stray":
            continue
        here = "far" if "far" in caller.site else "site"
        want = {one for one, (who, what) in known.items() if caller.may_see(who, what, told=False)}
        want |= {one for one, site in public.items() if site == here}
        got = nodes_of(caller, [*known, *public])
        assert got == want, (caller.name, [from_base64(one) for one in got ^ want][:9])


def test_a_token_that_does_not_hold_is_said_to_be_so(world):
    (stray,) = [one for one in referrers(world) if one.kind == "stray"]
    body = as_json(stray.post(NODES, {"ids": list(ids_of(world))[:PAGE]}))
    assert body["data"] is None
    assert {error["extensions"]["code"] for error in body["errors"]} == {"UNAUTHENTICATED"}


@pytest.mark.parametrize("caller", ["nobody", "own", "key all", "staff all"])
def test_what_is_not_yours_answers_as_what_is_not_there(world, caller):
    (one,) = [one for one in (*referrers(world), *keys(world), *staff()) if one.name == caller]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    far = {from_base64(foreign)[0]: foreign for foreign, (who, _what) in ids_of(world).items() if who == "far"}
    assert len(far) > 12
    for kind, foreign in far.items():  # one of each type
        answers = [one.post(node, {"id": text}).content for text in (foreign, unknown(foreign))]
        assert answers[0] == answers[1], kind


def unknown(global_id: str) -> str:
    """An id of the same type that no row has."""
    kind, key = from_base64(global_id)
    return to_base64(kind, 10**9 if key.isdecimal() else uuid.uuid4())


def foreign_values(world, name: str, value: str) -> list[str]:
    """What else could stand in the place of this id or token: the same of somebody else’s."""
    far, strangers = world.far, (world.peer, world.next, world.far)
    rule = table.mutations()[name][0]
    kind = from_base64(value)[0] if _is_id(value) else ""
    if kind == "PointsOffer":
        rules = RewardRule.objects.filter(program__in=[world.next.program, far.program], trigger="points")
        return [to_base64(kind, pk) for pk in rules.values_list("pk", flat=True)]
    if kind == "ViewerGroupOffer":
        offers = GroupOffer.objects.filter(program__in=[world.next.program, far.program])
        return [to_base64(kind, pk) for pk in offers.values_list("pk", flat=True)]
    if kind == "Group":
        return [gid("Group", far.rows["group"])]
    others = {"far"} if rule.rights else {story.who for story in strangers}
    return [one for one, (who, _what) in ids_of(world).items() if who in others and from_base64(one)[0] == kind]


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and from_base64(value)[0] in {*object_types(), "PointsOffer", "ViewerGroupOffer"}
    except ValueError:
        return False


WITH_IDS = {
    "approveReward", "attributeReferral", "cancelPayoutRun", "claimReward", "confirmImport", "confirmPayoutRun",
    "deleteWebhookEndpoint", "exchangePoints", "excludeFromRun", "joinGroup", "markHandedOver", "nurtureReferral",
    "openGroup", "releaseHold", "replayFailedWebhooks", "replayWebhookDelivery", "resolvePayout", "resumePayout",
    "reviewReferral", "revokeApiKey", "rotateApiKey", "rotateWebhookSecret", "sendTestWebhook", "showGiftCard",
    "unqualifyReferral", "updateWebhookEndpoint", "voidReward", "withdrawReferral",
}  # fmt: skip


def test_the_id_of_a_foreign_row_is_refused_as_one_of_no_row_is(world):
    """By whoever may send the mutation with ids of their own; nothing is written."""
    given, before, hidden = inputs(world), digest(), secrets()
    callers = {one.name: one for one in (*referrers(world), *keys(world), *staff())}
    tried = set()
    for name, sent in given.items():
        rule = table.mutations()[name][0]
        for key, value in sent.items():
            if not _is_id(value):
                continue
            tried.add(name)
            foreign = foreign_values(world, name, value)
            assert foreign, f"{name}: the world has no foreign row for {key}"
            own = ("staff all",) if rule.rights else ("own",)
            for who in ("key all", "staff all") if rule.scope else own:
                answers = {refusal_of(callers[who], name, {**sent, key: one}, before, hidden) for one in foreign}
                answers.add(refusal_of(callers[who], name, {**sent, key: unknown(value)}, before, hidden))
                assert answers == {("NOT_FOUND", (key,))}, (name, who)
    assert tried == WITH_IDS


def refusal_of(caller, name, sent, before, hidden):
    kind = object_types()["Mutation"].fields[name].args["input"].type
    asked = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ errors {{ code path }} }} }}"
    with watched(before) as done:
        response = caller.post(asked, {"input": sent})
    assert done.nothing, (name, caller.name, done)
    check_leaks(caller, response.content.decode(), hidden, lambda _one, _text: set())
    (error,) = as_json(response)["data"][name]["errors"]
    return error["code"], tuple(error["path"])


def test_tokens_of_another_site_open_nothing_here(world):
    far, hidden = world.far, secrets()
    refresh = open_app_session(referrer=far.referrer).refresh
    nobody = referrers(world)[0]
    before = digest()
    page = make_page_token(person=far.referrer.person, site_id=far.program.site_id)
    for name, sent in {
        "exchangeLoginToken": {"token": make_sign_in_token(far.referrer)},
        "refreshSession": {"refreshToken": refresh},
        "exportPerson": {"token": page},
        "erasePerson": {"token": page, "giveUp": True},
    }.items():
        assert refusal_of(nobody, name, sent, before, hidden)[0] == "INVALID_TOKEN", name
    answer = nobody.post("mutation ($t: String!) { revokeSession(input: {refreshToken: $t}) { ok } }", {"t": refresh})
    assert as_json(answer)["data"] == {"revokeSession": {"ok": True}}  # as for a token that nobody has
    assert digest() == before


# What asks for a foreign row, and the same for one that is not there.
ARGUMENTS = {
    "payoutRun": ('payoutRun(id: "{far}") {{ id }}', "PayoutRun"),
    "saleImport": ('saleImport(id: "{far}") {{ id }}', "SaleImport"),
    "webhookDeliveries": ('webhookDeliveries(filter: {{endpoint: "{far}"}}) {{ totalCount }}', "WebhookEndpoint"),
}


@pytest.mark.parametrize("field", ARGUMENTS)
def test_arguments_find_no_foreign_row(world, field):
    asked, kind = ARGUMENTS[field]
    callers = {one.name: one for one in (*keys(world), *staff())}
    far = [one for one, (who, _what) in ids_of(world).items() if who == "far" and from_base64(one)[0] == kind]
    own = [one for one, (who, _what) in ids_of(world).items() if who != "far" and from_base64(one)[0] == kind]
    assert far
    for caller in (callers["key all"], callers["staff all"]):
        answers = {
            caller.post("{ server { " + asked.format(far=one) + " } }").content for one in (*far, unknown(far[0]))
        }
        assert len(answers) == 1
        assert caller.post("{ server { " + asked.format(far=own[0]) + " } }").content not in answers


FILTERS = [
    "referrals(filter: {{friendEmail: {address}}})", "referrals(filter: {{referrerEmail: {robin}}})",
    "referrals(filter: {{referrer: {referrer}}})", "rewards(filter: {{referrer: {referrer}}})",
    "referrers(filter: {{email: {robin}}})", "referrers(filter: {{code: {code}}})",
    "rewards(filter: {{personEmail: {robin}}})", "rewards(filter: {{saleExternalId: {order}}})",
    "sales(filter: {{externalId: {order}}})", "payouts(filter: {{saleExternalId: {order}}})",
]  # fmt: skip


@pytest.mark.parametrize("asked", FILTERS)
def test_filters_find_nothing_of_another_site(world, asked):
    (key,) = [one for one in keys(world) if one.name == "key all"]

    def count(story):
        given = {
            "address": story.address(0), "robin": story.address("robin"), "code": story.code,
            "order": story.referrals[0].sales.get().external_id, "referrer": gid("ReferrerRecord", story.referrer),
        }  # fmt: skip
        quoted = {name: f'"{value}"' for name, value in given.items()}
        body = as_json(key.post("{ server { list: " + asked.format(**quoted) + " { totalCount } } }"))
        return body["data"]["server"]["list"]["totalCount"]

    assert count(world.far) == 0
    assert count(world.own) > 0


def test_a_far_group_a_far_page_and_a_far_sale_are_not_here(world):
    (nobody,) = [one for one in referrers(world) if one.name == "nobody"]
    (key,) = [one for one in keys(world) if one.name == "key all"]
    group, order = gid("Group", world.far.rows["group"]), world.far.referrals[0].sales.get().external_id
    assert as_json(nobody.post(f'{{ group(id: "{group}") {{ id }} }}'))["data"] == {"group": None}
    asked = f'{{ server {{ sale(program: "neighbours", externalId: "{order}") {{ id }} }} }}'
    assert as_json(key.post(asked))["data"] == {"server": {"sale": None}}
