import pytest
from wagtail.models import Page, Site

from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.links.services import add_visit
from referral_blocks.referrers.session import make_session
from referral_blocks.views.sign_in import session_cookie
from tests.graphql_api.ask import ask, bearer_of, codes, data, show_cookie
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

ALL = """
query ($first: Int, $last: Int, $after: String, $before: String) {
  viewer {
    program { slug }
    firstName
    link { code url }
    standing { visits friends qualified pending { formatted(locale: "en-GB") } earned { amountMinor } }
    referrals(first: $first, last: $last, after: $after, before: $before) {
      totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
      edges { node { id friendFirstName stage attributedAt qualifiedAt } }
    }
    rewards(first: $first) {
      totalCount
      edges { node { title state createdAt value { amountMinor currency } pendingReasons { reason message until } } }
    }
  }
}
"""
NAME = "query ($program: String) { viewer(program: $program) { program { slug } link { code } firstName } }"


def sell(program, number):
    make_referral(program, email=f"friend{number}@example.com")
    record_sale(
        program=program,
        source="test",
        external_id=str(number),
        friend_email=f"friend{number}@example.com",
        amount="50",
        currency="GBP",
    )


def signed_in(link):
    return bearer_of(link.referrer)


def test_a_referrer_sees_their_progress(client):
    program = make_program()
    link = make_link(program)
    add_visit(link=link, program_id=program.pk, ip_hash="")
    make_referral(program)
    sell(program, 1)
    viewer = data(client, ALL, bearer=signed_in(link))["viewer"]
    assert (viewer["program"], viewer["firstName"]) == ({"slug": "neighbours"}, "Robin")
    assert viewer["link"] == {"code": link.code, "url": f"{program.site.root_url}/r/{link.code}/"}
    assert viewer["standing"] == {
        "visits": 1,
        "friends": 2,
        "qualified": 1,
        "pending": {"formatted": "£20.00"},
        "earned": {"amountMinor": 0},
    }
    referrals = viewer["referrals"]
    assert referrals["totalCount"] == 2
    shown = [(e["node"]["friendFirstName"], e["node"]["stage"]) for e in referrals["edges"]]
    assert shown == [("Kim", "QUALIFIED"), ("Kim", "CAPTURED")]
    assert [bool(e["node"]["qualifiedAt"]) for e in referrals["edges"]] == [True, False]
    (reward,) = [edge["node"] for edge in viewer["rewards"]["edges"]]
    assert (reward["title"], reward["state"]) == ("£20 gift", "PENDING")
    assert reward["value"] == {"amountMinor": 2000, "currency": "GBP"}
    hold, approval = reward["pendingReasons"]
    assert (hold["reason"], bool(hold["until"])) == ("HOLD", True)
    assert approval == {
        "reason": "APPROVAL",
        "message": "Waiting for our team to approve it",
        "until": None,
    }


def test_a_referrer_sees_nobody_elses_friends_or_rewards(client):
    program = make_program()
    sell(program, 1)
    other = make_link(program, email="other@example.com", name="Other Example")
    viewer = data(client, ALL, bearer=signed_in(other))["viewer"]
    assert (viewer["referrals"]["totalCount"], viewer["rewards"]["totalCount"]) == (0, 0)
    assert (viewer["referrals"]["edges"], viewer["rewards"]["edges"]) == ([], [])


def test_the_number_of_queries_does_not_grow_with_the_lists(client, django_assert_num_queries):
    program = make_program()
    bearer = signed_in(make_link(program))
    for number in range(2):
        sell(program, number)
    data(client, ALL, bearer=bearer)  # fills the cache of sites
    with django_assert_num_queries(7):
        data(client, ALL, bearer=bearer)
    for number in range(2, 9):
        sell(program, number)
    with django_assert_num_queries(7):
        viewer = data(client, ALL, bearer=bearer)["viewer"]
    assert (len(viewer["referrals"]["edges"]), len(viewer["rewards"]["edges"])) == (9, 9)


def test_lists_come_in_pages(client):
    program = make_program()
    bearer = signed_in(make_link(program))
    for number in range(5):
        make_referral(program, email=f"friend{number}@example.com")

    def page(**given):
        return data(client, ALL, given, bearer=bearer)["viewer"]["referrals"]

    everything = [edge["node"]["id"] for edge in page()["edges"]]
    first = page(first=2)
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (5, True)
    second = page(first=2, after=first["pageInfo"]["endCursor"])
    assert second["pageInfo"]["hasPreviousPage"] is True
    last = page(last=1)
    assert last["pageInfo"]["hasNextPage"] is False
    ids = [edge["node"]["id"] for part in (first, second, last) for edge in part["edges"]]
    assert ids == everything
    beyond = page(first=2, after=last["pageInfo"]["endCursor"])
    assert (beyond["edges"], beyond["totalCount"]) == ([], 5)
    assert (page(first=0)["edges"], page(first=0)["totalCount"]) == ([], 5)


def test_a_list_without_a_length_stops_at_a_hundred_and_says_so(client):
    program = make_program()
    bearer = signed_in(make_link(program))
    for number in range(101):
        make_referral(program, email=f"friend{number}@example.com")
    referrals = data(client, ALL, bearer=bearer)["viewer"]["referrals"]
    assert (len(referrals["edges"]), referrals["totalCount"]) == (100, 101)
    assert referrals["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    "page",
    [
        {"first": 101},
        {"first": -1},
        {"last": 101},
        {"last": -1},
        {"after": "nonsense"},
        {"after": "\ud800"},
        {"after": "YXJyYXljb25uZWN0aW9uOi01"},  # arrayconnection:-5
        {"before": "YXJyYXljb25uZWN0aW9uOjk5OTk5OTk5OTk5OTk5OTk5OTk5"},  # arrayconnection:99999999999999999999
        {"before": "UHJvZ3JhbTox"},  # Program:1
    ],
)
def test_a_page_that_makes_no_sense_is_refused(client, page):
    answer = ask(client, ALL, page, bearer=signed_in(make_link(make_program())))
    assert set(codes(answer)) <= {"BAD_USER_INPUT"}
    assert answer["data"]["viewer"]["referrals"] is None


def test_an_unverified_session_shows_the_link_and_nothing_else(client):
    program = make_program()
    link = make_link(program)
    make_referral(program, link=link)
    show_cookie(client, link.referrer, verified=False, code=link.code)
    answer = ask(client, ALL)
    viewer = answer["data"]["viewer"]
    assert (viewer["program"]["slug"], viewer["link"]["code"]) == ("neighbours", link.code)
    hidden = ("firstName", "standing", "referrals", "rewards")
    assert {name: viewer[name] for name in hidden} == dict.fromkeys(hidden)
    assert codes(answer) == ["UNVERIFIED"] * 4
    assert answer["errors"][0]["message"] == "To see this, open the sign-in link in your e-mail."


def test_nobody_is_null(client):
    make_link(make_program())
    assert data(client, NAME) == {"viewer": None}


@pytest.mark.parametrize("bearer", ["nonsense", "x" * 5_000, "a:b:c"])
def test_a_bearer_that_does_not_hold_is_refused(client, bearer):
    answer = ask(client, NAME, bearer=bearer)
    assert (answer["data"], codes(answer)) == ({"viewer": None}, ["UNAUTHENTICATED"])


def test_a_tampered_session_is_refused(client):
    forged = bearer_of(make_link(make_program()).referrer).replace("W", "X", 1)
    assert codes(ask(client, NAME, bearer=forged)) == ["UNAUTHENTICATED"]


def test_a_session_of_another_site_is_refused(client):
    other = Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    bearer = signed_in(make_link(make_program(site=other)))
    assert codes(ask(client, NAME, bearer=bearer)) == ["UNAUTHENTICATED"]
    assert data(client, NAME, bearer=bearer, Host="other.example")["viewer"]["firstName"] == "Robin"


def test_an_api_key_is_no_referrer(client):
    program = make_program()
    _key, text = create_api_key(site_id=program.site_id, name="Till")
    assert data(client, NAME, bearer=text) == {"viewer": None}


def test_another_authorization_scheme_belongs_to_a_proxy(client):
    link = make_link(make_program())
    client.cookies[session_cookie(link.referrer.program)] = make_session(link.referrer, verified=True)
    assert data(client, NAME, Authorization="Basic eDp5")["viewer"]["firstName"] == "Robin"


def test_the_sites_own_cookie_signs_in(client):
    link = make_link(make_program())
    client.cookies[session_cookie(link.referrer.program)] = make_session(link.referrer, verified=True)
    assert data(client, NAME, Sec_Fetch_Site="same-origin")["viewer"]["firstName"] == "Robin"


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_a_cookie_that_another_site_spends_counts_for_nothing(client, headers):
    link = make_link(make_program())
    client.cookies[session_cookie(link.referrer.program)] = make_session(link.referrer, verified=True)
    assert data(client, NAME, **headers) == {"viewer": None}


def test_a_cookie_counts_for_nothing_over_get(client):
    link = make_link(make_program())
    client.cookies[session_cookie(link.referrer.program)] = make_session(link.referrer, verified=True)
    assert client.get("/graphql/", {"query": NAME}).json()["data"] == {"viewer": None}


def test_a_cookie_of_one_programme_does_not_open_another(client):
    link = make_link(make_program())
    other = make_program(slug="other", name="Other")
    client.cookies[session_cookie(other)] = make_session(link.referrer, verified=True)
    assert data(client, NAME) == {"viewer": None}


def test_somebody_in_several_programmes_says_which(client):
    links = [make_link(make_program(slug=slug)) for slug in ("one", "two")]
    for link in links:
        client.cookies[session_cookie(link.referrer.program)] = make_session(link.referrer, verified=True)
    for link, slug in zip(links, ("one", "two"), strict=True):
        assert data(client, NAME, {"program": slug})["viewer"]["link"] == {"code": link.code}
    assert codes(ask(client, NAME)) == ["BAD_USER_INPUT"]
    assert data(client, NAME, {"program": "three\x00"}) == {"viewer": None}
