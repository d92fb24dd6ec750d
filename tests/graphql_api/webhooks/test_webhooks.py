import json

import pytest
from django.core.cache import cache
from django_q.models import OrmQ
from strawberry import relay
from wagtail.models import Page, Site

from graphql_api.activity.types import SUBJECTS_OF_SERVERS
from graphql_api.webhooks.types import WebhookDeliveryState, WebhookEndpointStatus, WebhookProblem
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.core import ratelimit
from referral_blocks.core.crypto import decrypt
from referral_blocks.flows.announce import NAMES
from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.flows.deliver_webhooks import deliver_webhooks
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.webhooks.endpoints import kinds, models
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.webhooks.endpoints.conftest import loopback, receiver  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

ENDPOINT = """id url description status kinds createdAt agent failingSince restingUntil oldSecretUntil
  steps { field reason fromState toState note agent }"""
DELIVERY = """id messageId kind isTest state tries createdAt triedAt nextTryAt deliveredAt statusCode problem answer
  milliseconds endpoint { id url }"""
ERRORS = "errors { code path message }"


def mutation(name, wants):
    kind = name[0].upper() + name[1:] + "Input"
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {wants} {ERRORS} }} }}"


MUTATIONS = {
    "createWebhookEndpoint": (mutation("createWebhookEndpoint", f"webhookEndpoint {{ {ENDPOINT} }} secret"), {}),
    "updateWebhookEndpoint": (mutation("updateWebhookEndpoint", f"webhookEndpoint {{ {ENDPOINT} }}"), {"id": 1}),
    "deleteWebhookEndpoint": (mutation("deleteWebhookEndpoint", "deletedId"), {"id": 1}),
    "rotateWebhookSecret": (mutation("rotateWebhookSecret", "webhookEndpoint { oldSecretUntil } secret"), {"id": 1}),
    "sendTestWebhook": (mutation("sendTestWebhook", f"webhookDelivery {{ {DELIVERY} }}"), {"id": 1}),
    "replayFailedWebhooks": (mutation("replayFailedWebhooks", "webhookEndpoint { id } count"), {"id": 1}),
}


@pytest.fixture
def key(db):
    return make_key(Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE)


def make_key(*scopes, site=None):
    site = site or Site.objects.get(is_default_site=True)
    return create_api_key(site_id=site.pk, name="Deploys", scopes=scopes)[1]


def do(client, key, name, **given):
    return data(client, MUTATIONS[name][0], {"input": given}, bearer=key)[name]


@pytest.fixture
def endpoint(receiver):  # noqa: F811 - a fixture
    return create_webhook_endpoint(site_id=Site.objects.get(is_default_site=True).pk, url=receiver.url)[0]


def gid(row):
    return relay.to_base64(type(row).__name__, row.public_id)


def test_an_endpoint_is_made_and_its_secret_shown_once(client, key, receiver):  # noqa: F811
    made = do(client, key, "createWebhookEndpoint", url=receiver.url, kinds=["SALE_RECORDED"], description="Books")
    row = WebhookEndpoint.objects.get()
    agent = row.agent
    assert agent.startswith("Deploys (rb_")
    assert made["secret"] == decrypt(row.secret)
    assert made["webhookEndpoint"] == {
        "id": gid(row), "url": receiver.url, "description": "Books", "status": "ON", "kinds": ["SALE_RECORDED"],
        "createdAt": made["webhookEndpoint"]["createdAt"], "agent": agent, "failingSince": None, "restingUntil": None,
        "oldSecretUntil": None,
        "steps": [{
            "field": "url", "reason": "created", "fromState": "", "toState": "", "note": receiver.url, "agent": agent
        }],
    }  # fmt: skip
    shown = ask(client, f"{{ server {{ webhookEndpoints {{ edges {{ node {{ {ENDPOINT} }} }} }} }} }}", bearer=key)
    assert made["secret"] not in json.dumps(shown)
    assert shown["data"]["server"]["webhookEndpoints"]["edges"] == [{"node": made["webhookEndpoint"]}]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"url": "http://example.com/"}, ("INVALID_URL", ["url"])),
        ({"url": "https://127.0.0.1/"}, ("PRIVATE_ADDRESS", ["url"])),
        ({"url": "https://nowhere.invalid/"}, ("UNKNOWN_HOST", ["url"])),
        ({"kinds": ["VISITS_COUNTED"]}, ("UNKNOWN_CHOICE", ["kinds"])),
        ({"description": "x" * 121}, ("TOO_LONG", ["description"])),
    ],
)
def test_a_refusal_makes_nothing(client, key, given, error):
    made = do(client, key, "createWebhookEndpoint", **{"url": "https://1.1.1.1/", **given})
    assert (made["webhookEndpoint"], made["secret"]) == (None, None)
    assert [(e["code"], e["path"]) for e in made["errors"]] == [error]
    assert not WebhookEndpoint.objects.exists()


def test_it_is_changed_switched_off_and_on(client, key, endpoint):
    off = do(client, key, "updateWebhookEndpoint", id=gid(endpoint), enabled=False, description="Till", kinds=[])
    assert (off["webhookEndpoint"]["status"], off["webhookEndpoint"]["description"]) == ("OFF", "Till")
    assert [(s["field"], s["reason"]) for s in off["webhookEndpoint"]["steps"]] == [
        ("url", "created"), ("description", "changed"), ("status", "person"),
    ]  # fmt: skip
    on = do(client, key, "updateWebhookEndpoint", id=gid(endpoint), enabled=True)
    assert (on["webhookEndpoint"]["status"], on["errors"]) == ("ON", [])


def test_the_secret_is_replaced_with_an_overlap(client, key, endpoint):
    old = decrypt(endpoint.secret)
    done = do(client, key, "rotateWebhookSecret", id=gid(endpoint), overlapHours=2)
    endpoint.refresh_from_db()
    assert done["secret"] == decrypt(endpoint.secret) != old == decrypt(endpoint.old_secret)
    assert done["webhookEndpoint"]["oldSecretUntil"] is not None
    refused = do(client, key, "rotateWebhookSecret", id=gid(endpoint), overlapHours=721)
    assert (refused["secret"], refused["errors"][0]["code"]) == (None, "OUT_OF_RANGE")
    gone = do(client, key, "rotateWebhookSecret", id=gid(endpoint), overlapHours=0)
    assert gone["webhookEndpoint"]["oldSecretUntil"] is None


def test_what_was_sent_is_read_and_sent_again(client, key, endpoint, receiver):  # noqa: F811
    make_link(make_program())
    receiver.plan = [500]
    deliver_webhooks(endpoint_id=endpoint.pk)
    WebhookDelivery.objects.update(state="failed")
    asked = f"(filter: {{states: [FAILED], kinds: [REFERRER_JOINED], endpoint: {json.dumps(gid(endpoint))}}})"
    listing = f"{{ server {{ webhookDeliveries{asked} {{ totalCount edges {{ node {{ {DELIVERY} }} }} }} }} }}"
    found = data(client, listing, bearer=key)["server"]["webhookDeliveries"]
    node = found["edges"][0]["node"]
    assert (found["totalCount"], node["statusCode"], node["problem"], node["answer"][:3]) == (1, 500, "STATUS", "No:")
    one = mutation("replayWebhookDelivery", f"webhookDelivery {{ {DELIVERY} }}")
    again = data(client, one, {"input": {"id": node["id"]}}, bearer=key)["replayWebhookDelivery"]
    assert (again["webhookDelivery"]["state"], again["webhookDelivery"]["tries"]) == ("WAITING", 0)
    WebhookDelivery.objects.update(state="failed")
    assert do(client, key, "replayFailedWebhooks", id=gid(endpoint))["count"] == 1
    assert do(client, key, "replayFailedWebhooks", id=gid(endpoint), since="2099-01-01T00:00:00Z")["count"] == 0
    do(client, key, "updateWebhookEndpoint", id=gid(endpoint), enabled=False)
    assert do(client, key, "replayFailedWebhooks", id=gid(endpoint))["errors"][0]["code"] == "WRONG_STATE"


def test_a_test_is_queued_and_limited(client, key, endpoint, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    for _number in range(10):
        sent = do(client, key, "sendTestWebhook", id=gid(endpoint))["webhookDelivery"]
        assert (sent["isTest"], sent["state"], sent["kind"]) == (True, "WAITING", None)
    refused = do(client, key, "sendTestWebhook", id=gid(endpoint))
    assert (refused["webhookDelivery"], refused["errors"][0]["code"]) == (None, "RATE_LIMITED")
    assert (WebhookDelivery.objects.count(), OrmQ.objects.count()) == (10, 10)
    cache.clear()
    ratelimit._limiter.cache_clear()


def test_it_is_removed(client, key, endpoint):
    done = do(client, key, "deleteWebhookEndpoint", id=gid(endpoint))
    assert done == {"deletedId": gid(endpoint), "errors": []}
    assert do(client, key, "deleteWebhookEndpoint", id=gid(endpoint))["errors"][0]["code"] == "NOT_FOUND"
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("name", MUTATIONS)
def test_only_a_key_with_the_scope_and_of_the_site(client, endpoint, name):
    query, wants = MUTATIONS[name]
    given = {"input": {"id": gid(endpoint)} if wants else {"url": "https://1.1.1.1/"}}
    less = make_key(*(scope for scope in Scope if scope != Scope.WEBHOOKS_WRITE))
    other = Site.objects.create(hostname="other.example.com", root_page=Page.objects.filter(depth=1).first())
    far = make_key(*Scope, site=other)
    before = WebhookEndpoint.objects.values().get()
    assert codes(ask(client, query, given)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, query, given, bearer=less)) == ["FORBIDDEN"]
    assert codes(ask(client, query, given, bearer=far)) == ["FORBIDDEN"]
    if wants:
        theirs = data(client, query, given, bearer=far, Host="other.example.com")[name]
        assert [e["code"] for e in theirs["errors"]] == ["NOT_FOUND"]
    assert WebhookEndpoint.objects.values().get() == before
    assert (WebhookDelivery.objects.count(), OrmQ.objects.count()) == (0, 0)


@pytest.mark.parametrize("field", ["webhookEndpoints", "webhookDeliveries"])
def test_only_a_key_with_the_scope_reads(client, endpoint, field):
    less = make_key(*(scope for scope in Scope if scope != Scope.WEBHOOKS_READ))
    query = f"{{ server {{ {field} {{ totalCount }} }} }}"
    assert codes(ask(client, query, bearer=less)) == ["FORBIDDEN"]
    node = f'{{ node(id: "{gid(endpoint)}") {{ id }} }}'
    assert ask(client, node, bearer=less)["data"] == {"node": None}
    assert data(client, node, bearer=make_key(Scope.WEBHOOKS_READ)) == {"node": {"id": gid(endpoint)}}


@pytest.mark.parametrize("field", ["webhookEndpoints", "webhookDeliveries"])
def test_a_list_asks_the_same_number_of_queries_for_1_10_and_100_rows(
    client, key, endpoint, field, django_assert_max_num_queries
):
    counts = []
    node = ENDPOINT if field == "webhookEndpoints" else DELIVERY
    query = f"{{ server {{ {field}(first: 100) {{ totalCount edges {{ node {{ {node} }} }} }} }} }}"
    for count in (1, 10, 100):
        WebhookEndpoint.objects.exclude(pk=endpoint.pk).delete()
        rows = WebhookEndpoint.objects.bulk_create(
            WebhookEndpoint(site_id=endpoint.site_id, url="https://x/", secret=b"x") for _ in range(count - 1)
        )
        WebhookDelivery.objects.all().delete()
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint=row, message_id="m", kind="sale.recorded", body="{}", give_up_at=row.created_at)
            for row in [endpoint, *rows]
        )
        data(client, "{ server { __typename } }", bearer=key)
        with django_assert_max_num_queries(20) as queries:
            found = data(client, query, bearer=key)["server"][field]
        assert (found["totalCount"], len(found["edges"])) == (count, count)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_the_ids_in_messages_lead_to_what_they_tell_of(client, endpoint, receiver):  # noqa: F811
    program = make_program()
    make_referral(program)
    sold = record_sale(
        program=program, source="api", external_id="A-1", friend_email="friend@example.com", amount="149.00",
        currency="GBP",
    )  # fmt: skip
    reverse_sale(program=program, source="api", external_id="A-1", kind="refund", reversal_id="R-1", amount="149.00")
    assert sold.rewards
    while deliver_webhooks(endpoint_id=endpoint.pk):
        pass
    key = make_key(*Scope)
    told = {json.loads(body)["data"]["object"]: json.loads(body)["data"] for _headers, body in receiver.came}
    assert set(told) >= {"ReferrerRecord", "ReferralRecord", "Sale", "RewardRecord", "SaleReversal"}
    for name, said in told.items():
        query = f'{{ node(id: "{said["id"]}") {{ __typename }} program: node(id: "{said["program"]}") {{ id }} }}'
        assert data(client, query, bearer=key) == {"node": {"__typename": name}, "program": {"id": said["program"]}}


def test_every_subject_has_a_type_that_a_key_reads():
    assert kinds.TYPES == SUBJECTS_OF_SERVERS
    assert set(NAMES.values()) - set(kinds.TYPES) == {"link"}


def test_enums_show_every_stored_value():
    for shown, stored in (
        (WebhookEndpointStatus, models.Status),
        (WebhookDeliveryState, models.DeliveryState),
        (WebhookProblem, models.Problem),
    ):
        assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}
