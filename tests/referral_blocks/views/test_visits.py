from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.models import IgnoredVisit, ReferralLink, Visit
from referral_blocks.links.routes import Routes
from referral_blocks.programs.models import Program, ProgramStatus, Touch
from referral_blocks.referrals.attribution import link_from_token
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"


@pytest.fixture
def program(db):
    home = Site.objects.get(is_default_site=True).root_page
    page = home.add_child(instance=Page(title="Neighbours", slug="neighbours"))
    return make_program(landing_page=page)


def follow(client, path, **headers):
    return client.get(path, headers={"user-agent": PHONE, **headers})


def test_a_visit_is_counted_and_leads_to_the_landing_page_with_token_and_cookie(client, program):
    link = make_link(program)
    response = follow(client, f"/r/{link.code}/")
    address, _, token = response.headers["Location"].partition("?rt=")
    cookie = response.cookies[cookie_name(program)]
    assert (response.status_code, address) == (302, "http://localhost/neighbours/")
    assert cookie.value == unquote(token)
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 86_400)
    assert Visit.objects.count() == 1
    assert "no-store" in response.headers["Cache-Control"]


def test_over_tls_the_cookie_is_secure(client, program):
    response = client.get(f"/r/{make_link(program).code}/", secure=True, headers={"user-agent": PHONE})
    assert response.cookies[cookie_name(program)]["secure"] is True


def test_the_address_is_kept_only_as_a_keyed_hash(client, program):
    follow(client, f"/r/{make_link(program).code}/")
    assert len(Visit.objects.get().ip_hash) == 32
    assert "127.0.0.1" not in Visit.objects.get().ip_hash


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"user-agent": "facebookexternalhit/1.1"}, "bot"),
        ({"user-agent": "WhatsApp/2.23.20.0 A"}, "bot"),
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "bot"),
        ({"user-agent": "Twitterbot/1.0"}, "bot"),
        ({"user-agent": "TelegramBot (like TwitterBot)"}, "bot"),
        ({"user-agent": ""}, "bot"),
        ({"sec-purpose": "prefetch;prerender"}, "prefetch"),
        ({"purpose": "Prefetch"}, "prefetch"),
        ({"x-purpose": "preview"}, "prefetch"),
        ({"x-moz": "prefetch"}, "prefetch"),
    ],
)
def test_bots_and_prefetches_are_led_on_but_not_counted(client, program, headers, reason):
    response = follow(client, f"/r/{make_link(program).code}/", **headers)
    assert response.headers["Location"] == "http://localhost/neighbours/"
    assert not response.cookies
    assert (Visit.objects.count(), IgnoredVisit.objects.get().reason) == (0, reason)


@pytest.mark.parametrize(
    "agent",
    [
        PHONE,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 300.0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36",
    ],
)
def test_browsers_count(client, program, agent):
    client.get(f"/r/{make_link(program).code}/", headers={"user-agent": agent})
    assert Visit.objects.count() == 1


def test_a_head_request_is_not_counted(client, program):
    response = client.head(f"/r/{make_link(program).code}/", headers={"user-agent": PHONE})
    assert (response.status_code, Visit.objects.count(), IgnoredVisit.objects.get().reason) == (302, 0, "method")


@pytest.mark.parametrize("code", ["UNKNOWN23", "A" * 10_000, "%00", "a%00b", "%C3%84"])
def test_an_unknown_code_leads_to_the_only_live_programme_and_records_nothing(client, program, code):
    response = follow(client, f"/r/{code}/")
    assert (response.status_code, response.headers["Location"]) == (302, "http://localhost/neighbours/")
    assert (Visit.objects.count(), IgnoredVisit.objects.count(), len(response.cookies)) == (0, 0, 0)


def test_an_unknown_code_on_a_site_with_two_programmes_leads_to_the_front_page(client, program):
    make_program(slug="other")
    assert follow(client, "/r/UNKNOWN23/").headers["Location"] == "http://localhost/"


@pytest.mark.parametrize("status", [ProgramStatus.PAUSED, ProgramStatus.ENDED])
def test_a_closed_programme_shows_its_page_and_records_nothing(client, program, status):
    link = make_link(program)
    program.status = status
    program.save()
    response = follow(client, f"/r/{link.code}/")
    assert (response.headers["Location"], len(response.cookies)) == ("http://localhost/neighbours/", 0)
    assert Visit.objects.count() == 0


def test_an_expired_code_shows_the_page_and_records_nothing(client, program):
    link = make_link(program)
    ReferralLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    response = follow(client, f"/r/{link.code}/")
    assert (response.headers["Location"], len(response.cookies), Visit.objects.count()) == (
        "http://localhost/neighbours/",
        0,
        0,
    )


def test_an_unpublished_landing_page_falls_back_to_the_front_page(client, program):
    program.landing_page.unpublish()
    assert follow(client, f"/r/{make_link(program).code}/").headers["Location"].startswith("http://localhost/?rt=")


def test_a_flood_from_one_address_is_not_counted(client, program, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    link = make_link(program)
    # At one moment: a minute that ends meanwhile would start a new count.
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(62):
            assert follow(client, f"/r/{link.code}/").status_code == 302
    assert (Visit.objects.count(), IgnoredVisit.objects.filter(reason="flood").count()) == (60, 2)
    # Many people share an address: the friend who came last is still somebody's friend.
    token = unquote(follow(client, f"/r/{link.code}/").headers["Location"].partition("?rt=")[2])
    assert link_from_token(token=token, program=program) == link


def test_rate_limits_that_cannot_be_counted_close_nothing(client, program, settings):
    storage = {"RATE_LIMITS_ENABLED": True, "RATE_LIMIT_STORAGE": "redis://127.0.0.1:1/0"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **storage}
    assert follow(client, f"/r/{make_link(program).code}/").status_code == 302
    assert Visit.objects.count() == 1


def test_a_host_that_is_no_site_finds_nothing(client, program):
    link = make_link(program)
    Site.objects.update(is_default_site=False)
    for path in (f"/r/{link.code}/", f"/r/{link.code}/qr.svg"):
        assert client.get(path, headers={"host": "unknown.example"}).status_code == 404


def test_a_forged_forwarded_address_is_believed_only_behind_a_trusted_proxy(client, program, settings):
    link = make_link(program)
    follow(client, f"/r/{link.code}/", **{"x-forwarded-for": "203.0.113.7"})
    follow(client, f"/r/{link.code}/", **{"x-forwarded-for": "203.0.113.8"})
    assert len(set(Visit.objects.values_list("ip_hash", flat=True))) == 1
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "TRUSTED_PROXIES": 1}
    follow(client, f"/r/{link.code}/", **{"x-forwarded-for": "198.51.100.1, 203.0.113.7"})
    follow(client, f"/r/{link.code}/", **{"x-forwarded-for": "198.51.100.2, 203.0.113.7"})
    assert len(set(Visit.objects.values_list("ip_hash", flat=True))) == 2


def test_a_visit_through_a_known_code_is_one_insert_and_nothing_else(client, program, django_assert_num_queries):
    link = make_link(program)
    for _ in range(5):
        follow(client, f"/r/{link.code}/")
    with django_assert_num_queries(1) as captured:
        response = follow(client, f"/r/{link.code}/")
    assert captured.captured_queries[0]["sql"].split()[0] == "INSERT"
    assert response.headers["Location"].startswith("http://localhost/neighbours/?rt=")
    assert Visit.objects.filter(link=link, program=program).count() == 6


def test_a_known_visits_token_and_cookie_lead_back_to_the_link(client, program):
    link = make_link(program)
    follow(client, f"/r/{link.code}/")
    client.cookies.clear()
    response = follow(client, f"/r/{link.code}/")
    cookie = response.cookies[cookie_name(program)]
    assert cookie.value == unquote(response.headers["Location"].partition("?rt=")[2])
    assert link_from_token(token=cookie.value, program=program) == link


def stop(program, **fields):
    Program.objects.filter(pk=program.pk).update(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": ProgramStatus.PAUSED},
        {"status": ProgramStatus.ENDED},
        {"ends_at": timezone.now() - timedelta(days=1)},
        {"starts_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_closing_a_programme_takes_effect_at_once_for_codes_that_are_known(client, program, fields):
    link = make_link(program)
    follow(client, f"/r/{link.code}/")
    stop(program, **fields)
    response = follow(client, f"/r/{link.code}/")
    assert (response.headers["Location"], len(response.cookies)) == ("http://localhost/neighbours/", 0)
    assert Visit.objects.count() == 1


def test_a_known_code_that_expires_or_goes_counts_no_more(client, program):
    link = make_link(program)
    follow(client, f"/r/{link.code}/")
    ReferralLink.objects.update(expires_at=timezone.now())
    assert not follow(client, f"/r/{link.code}/").cookies
    ReferralLink.objects.update(expires_at=None)
    follow(client, f"/r/{link.code}/")
    Visit.objects.all().delete()
    ReferralLink.objects.all().delete()
    assert not follow(client, f"/r/{link.code}/").cookies
    assert Visit.objects.count() == 0


def test_a_known_code_follows_its_page_and_its_programmes_windows_at_once(client, program):
    link = make_link(program)
    follow(client, f"/r/{link.code}/")
    page = program.landing_page
    page.slug = "moved"
    page.save()
    assert follow(client, f"/r/{link.code}/").headers["Location"].startswith("http://localhost/moved/?rt=")
    stop(program, visit_window_days=7)
    assert follow(client, f"/r/{link.code}/").cookies[cookie_name(program)]["max-age"] == 7 * 86_400
    page.unpublish()
    assert follow(client, f"/r/{link.code}/").headers["Location"].startswith("http://localhost/?rt=")
    Site.objects.update(hostname="example.com")
    assert follow(client, f"/r/{link.code}/").headers["Location"].startswith("http://example.com/?rt=")
    assert Visit.objects.count() == 5


def test_under_first_touch_a_known_code_leaves_the_credit_where_it_is(client, program):
    stop(program, attribution=Touch.FIRST)
    first, second = make_link(program), make_link(program, email="two@example.com")
    for link in (second, first):
        client.cookies.clear()
        follow(client, f"/r/{link.code}/")
    token = follow(client, f"/r/{second.code}/").cookies[cookie_name(program)].value
    assert link_from_token(token=token, program=program) == first
    assert Visit.objects.count() == 3


def test_routes_are_kept_for_a_while_and_not_without_end():
    routes = Routes(most=2, seconds=60)
    for code in ("a", "b", "c"):
        routes.keep((code,), code)
    assert [routes.get((code,)) for code in ("a", "b", "c")] == [None, "b", "c"]
    short = Routes(seconds=0)
    short.keep(("a",), "a")
    assert short.get(("a",)) is None
