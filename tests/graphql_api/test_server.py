"""Every list that a key reads: who is refused, and that the number of queries does not grow with the rows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key, revoke_api_key
from referral_blocks.referrers.session import make_session
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.many import clear, many
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

MONEY = "{ amountMinor currency }"
LINKS = "links(first: 2) { totalCount edges { node { id code url isPrimary } } }"
SIGNALS = "signals(first: 2) { totalCount edges { node { checkName side score evidence createdAt } } }"
PERSON = "{ email name phone kind country locale }"
STEPS = "{ createdAt field fromState toState reason note agent }"
REFERRER = f"id joinedAt program {{ slug }} person {PERSON} {LINKS} friends qualified pending {MONEY}"
REFERRAL = f"""
  id stage review riskScore attributionMethod creditExpiresAt isNewCustomer saleCount friendName program {{ slug }}
  answers {{ label text }} friend {PERSON} referrer {{ {REFERRER} earned {MONEY} }} steps {STEPS}
"""
SALE = f"""
  id source externalId product number occurredAt recordedAt amount {MONEY} reversed {MONEY} facts {{ name value }}
  program {{ slug }}
  reversals(first: 2) {{ edges {{ node {{ id kind externalId occurredAt recordedAt amount {MONEY} }} }} }}
"""
REWARD = f"""
  id side title state method createdAt issuedAt expiresAt value {MONEY} promised {MONEY} clawedBack {MONEY}
  program {{ slug }} pendingReasons {{ reason message }} steps {STEPS} person {PERSON}
"""
PAYOUT = f"""
  id provider providerRef state createdAt nextTryAt isParked amount {MONEY} program {{ slug }} steps {STEPS}
  person {PERSON} items(first: 2) {{ edges {{ node {{ released reward {{ {REWARD} }} }} }} }}
"""
RUN = (
    f"id provider state cutOffAt createdAt gatheredAt agent payoutsCount total {MONEY} program {{ slug }} steps {STEPS}"
)
IMPORT = "id name source dryRun state total createdAt agent done recorded repeated refused program { slug }"

# field, what is asked of a node, the scope without which it is refused
LISTS = [
    (
        "sales",
        f"{SALE} referral {{ {REFERRAL} }} rewards(first: 1) {{ totalCount edges {{ node {{ {REWARD} }} }} }}",
        "sales:read",
    ),
    ("reversals", f"id kind amount {MONEY} sale {{ {SALE} }}", "sales:read"),
    (
        "saleImports",
        f"{IMPORT} rows(first: 1) {{ totalCount edges {{ node {{ id number externalId outcome code message }} }} }}",
        "sales:read",
    ),
    (
        "referrals",
        f"{REFERRAL} {SIGNALS} decisions {{ decision agent }} "
        f"sales(first: 1) {{ totalCount edges {{ node {{ {SALE} }} }} }} "
        f"rewards(first: 1) {{ edges {{ node {{ {REWARD} }} }} }}",
        "referrals:read",
    ),
    (
        "referrers",
        f"{REFERRER} referrals(first: 1) {{ totalCount edges {{ node {{ id stage friend {PERSON} }} }} }}",
        "referrals:read",
    ),
    ("rewards", f"{REWARD} sale {{ {SALE} }} referral {{ id friend {PERSON} }}", "rewards:read"),
    ("payouts", f"{PAYOUT} run {{ {RUN} }}", "payouts:read"),
    ("payoutRuns", f"{RUN} payouts(first: 1) {{ totalCount edges {{ node {{ {PAYOUT} }} }} }}", "payouts:read"),
    ("apiKeys", "id name prefix scopes createdAt expiresAt lastUsedAt revokedAt isLive isReplaced agent", "keys:write"),
]
ONES = [
    ('sale(program: "neighbours", externalId: "M-1")', "id", "sales:read"),
    ('saleImport(id: "U2FsZUltcG9ydDox")', "id", "sales:read"),
    ('payoutRun(id: "UGF5b3V0UnVuOjE=")', "id", "payouts:read"),
    ('statistics(program: "neighbours")', "funnel { friends }", "statistics:read"),
]
NAMES = [field for field, _node, _scope in LISTS]


@pytest.fixture
def program():
    return make_program()


def key_with(program, *scopes, **given):
    return create_api_key(site_id=program.site_id, name="Books", scopes=scopes or Scope.values, **given)[1]


def listing(field, node, first=100):
    found = f"totalCount pageInfo {{ hasNextPage }} edges {{ node {{ {node} }} }}"
    return f"{{ server {{ {field}(first: {first}) {{ {found} }} }} }}"


@pytest.mark.parametrize("asked", LISTS, ids=NAMES)
def test_a_list_asks_the_same_number_of_queries_for_1_10_and_100_rows(client, program, settings, asked):
    settings.REFERRAL_BLOCKS = {
        **settings.REFERRAL_BLOCKS,
        "API_MAX_COST": 10**7,
    }  # queries are counted here, not costs
    field, node, _scope = asked
    key = key_with(program)
    counts, shown = [], []
    for count in (1, 10, 100):
        clear()
        ApiKey.objects.filter(name="Spare").delete()
        many(program, count) if field != "apiKeys" else keys(program, count - 1)
        data(client, "{ server { __typename } }", bearer=key)  # the key’s last use is written once a minute
        with CaptureQueriesContext(connection) as queries:
            found = data(client, listing(field, node), bearer=key)["server"][field]
        counts.append(len(queries))
        shown.append((found["totalCount"], len(found["edges"])))
    assert shown == [(1, 1), (10, 10), (100, 100)]
    assert len(set(counts)) == 1, counts


def keys(program, count):
    ApiKey.objects.bulk_create(
        ApiKey(site_id=program.site_id, name="Spare", prefix="rb_x", key_hash=str(n), scopes=["sales:read"])
        for n in range(count)
    )


@pytest.mark.parametrize(("field", "node", "scope"), [(f, n, s) for f, n, s in [*LISTS, *ONES]])
def test_only_a_key_of_this_site_with_the_scope_is_told(client, program, field, node, scope):
    many(program, 1)
    node = "id" if field in NAMES else node
    query = listing(field, node) if field in NAMES else f"{{ server {{ {field} {{ {node} }} }} }}"
    name = field.split("(")[0]
    root = Page.objects.filter(depth=1).first()
    other = Site.objects.create(hostname="other.example.com", root_page=root)
    foreign = create_api_key(site_id=other.pk, name="Other", scopes=Scope.values)[1]
    expired = key_with(program, expires_at=timezone.now() + timedelta(days=1))
    ApiKey.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    revoked, text = create_api_key(site_id=program.site_id, name="Old", scopes=Scope.values)
    revoke_api_key(key=revoked)
    for bearer in ("", "rb_wrong", expired, text, make_session(make_link(program).referrer, verified=True)):
        answer = ask(client, query, bearer=bearer)
        assert (codes(answer), answer["data"]) == (["UNAUTHENTICATED"], {"server": None})
    answer = ask(client, query, bearer=foreign)
    assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {"server": None})
    others = key_with(program, *(s for s in Scope.values if s != scope))
    answer = ask(client, query, bearer=others)
    assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {"server": {name: None}})
    assert "errors" not in ask(client, query, bearer=key_with(program, scope))


@pytest.mark.parametrize(("field", "node", "scope"), LISTS[:-1], ids=NAMES[:-1])
def test_another_site_s_rows_are_not_there(client, program, field, node, scope):
    many(program, 1)
    root = Page.objects.filter(depth=1).first()
    other = Site.objects.create(hostname="other.example.com", root_page=root)
    foreign = create_api_key(site_id=other.pk, name="Other", scopes=Scope.values)[1]
    answer = client.post(
        "/graphql/", {"query": listing(field, "id")}, content_type="application/json",
        headers={"Authorization": f"Bearer {foreign}", "Host": "other.example.com"},
    ).json()  # fmt: skip
    assert {"data": answer["data"]} == {
        "data": {"server": {field: {"totalCount": 0, "pageInfo": {"hasNextPage": False}, "edges": []}}}
    }


@pytest.mark.parametrize(
    ("field", "node", "scope"),
    [
        ("sales", "referral { id }", "sales:read"),
        ("sales", "rewards { totalCount }", "sales:read"),
        ("rewards", "person { email }", "rewards:read"),
        ("rewards", "sale { id }", "rewards:read"),
        ("payouts", "person { email }", "payouts:read"),
        ("payouts", "items(first: 1) { edges { node { reward { id } } } }", "payouts:read"),
        ("referrals", "signals { totalCount }", "referrals:read"),
        ("referrals", "sales { totalCount }", "referrals:read"),
        ("referrers", "earned { amountMinor }", "referrals:read"),
    ],
)
def test_what_hangs_on_a_row_needs_its_own_scope(client, program, field, node, scope):
    many(program, 2)
    answer = ask(client, listing(field, node), bearer=key_with(program, scope))
    assert set(codes(answer)) == {"FORBIDDEN"}
    assert "@example.com" not in str(answer)
    assert "M-" not in str(answer)


def test_lists_come_in_pages_of_at_most_a_hundred(client, program):
    many(program, 3)
    key = key_with(program)
    first = data(client, listing("sales", "externalId", first=2), bearer=key)["server"]["sales"]
    assert (first["totalCount"], first["pageInfo"], len(first["edges"])) == (3, {"hasNextPage": True}, 2)
    assert codes(ask(client, listing("sales", "id", first=101), bearer=key)) == ["BAD_USER_INPUT"]
