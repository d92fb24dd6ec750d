"""The four people as whom an editor looks at a page, through Wagtail's own preview views."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from wagtail.admin.models import FormState
from wagtail.models import Page, Site

from cms.pages.models import HomePage, LandingPage
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.groups.models import GroupOffer
from referral_blocks.links.models import Visit
from referral_blocks.programs.models import Program
from referral_blocks.referrals.attribution import visit_token
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from tests.make import make_link, make_program, make_referral
from tests.make_pages import make_landing_page, make_share_page

from .previewing import PORTAL, make_portal_page, make_terms_page, preview, typed, words

pytestmark = pytest.mark.django_db

MODES = ("visitor", "friend", "new-referrer", "referrer")
RULES = (
    {"side": "referrer", "title": "A bottle of wine", "amount_minor": 1_500, "hold_days": 10},
    {"side": "referrer", "title": "A case of wine", "amount_minor": 9_000, "friend_from": 3, "friend_to": 3},
    {"side": "referrer", "title": "Tasting for a group", "amount_minor": 4_000, "trigger": "group"},
    {"side": "referrer", "title": "A weekend in the vineyard", "amount_minor": 30_000, "trigger": "period"},
    {"side": "referrer", "title": "A corkscrew", "amount_minor": 900, "trigger": "points", "points_price": 300},
    {"side": "friend", "title": "CHF 20 off", "amount_minor": 2_000},
)


@pytest.fixture
def program():
    return make_program(name="Bring a guest", currency="CHF", rules=RULES)


def day(days):
    return date_format(timezone.now() + timedelta(days=days))


def our_rows():
    return {m.__name__: m.objects.count() for m in apps.get_app_config("referral_blocks").get_models()}


def test_the_editor_offers_all_four_for_every_page_of_ours(admin_client, program):
    front = Site.objects.get().root_page
    home = front.add_child(instance=HomePage(title="Home", slug="front", program=program))
    for page in (home, make_landing_page(program), make_share_page(program), make_portal_page(program)):
        html = admin_client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
        modes = re.findall(r'<option value="([\w-]*)"[^>]*>\s*([^<]*?)\s*</option>', html)
        assert [pair for pair in modes if pair[0] in MODES] == [
            ("visitor", "Visitor"),
            ("friend", "Friend whom Alex invited"),
            ("new-referrer", "Referrer without friends yet"),
            ("referrer", "Referrer with rewards"),
        ]


@pytest.mark.parametrize("mode", [None, "visitor", "no-such-mode"])
def test_a_visitor_is_nobody_whatever_the_editors_cookies_say(admin_client, program, mode):
    link = make_link(program)
    landing, share = make_landing_page(program), make_share_page(program)
    admin_client.cookies[session_cookie(program)] = make_session(link.referrer, verified=True)
    admin_client.cookies[cookie_name(program)] = visit_token(code=link.code, program_id=program.pk, visit=None)
    html = words(preview(admin_client, landing, mode))
    assert "invited you" not in html
    assert "You get CHF 20 off Your friend gets A bottle of wine" in html
    shared = words(preview(admin_client, share, mode))
    assert "Robin" not in shared
    assert "Get your own link Takes half a minute." in shared
    assert "Joined before? We mail you a link that signs you in." in shared


def test_a_friend_is_greeted_and_hears_what_alex_gets(admin_client, program):
    html = words(preview(admin_client, make_landing_page(program), "friend"))
    assert "Alex invited you Windows so clean" in html
    assert "You get CHF 20 off Alex gets A bottle of wine" in html
    assert "Have a different code?" in html
    assert "Joined before?" in words(preview(admin_client, make_share_page(program), "friend"))


def test_a_new_referrer_has_a_link_and_nothing_else_yet(admin_client, program):
    GroupOffer.objects.create(program=program, title="Three guests", size=3, hours=72)
    html = preview(admin_client, make_portal_page(program), "new-referrer")
    assert 'value="http://localhost/r/SAMPLE234/"' in html
    text = words(html)
    for sentence in (
        "Visits 0 Friends 0 Customers 0 On its way CHF0.00 Received CHF0.00",
        "Your first friend brings you: A bottle of wine 0 of 1 friends are customers",
        "None yet. Your first one comes with your first friend who becomes a customer.",
        "Nobody yet. Send your link to one person who would be glad of it",
        "Your points 0 points",
        "A corkscrew 300 points 300 points to go",
        "You are not on it yet: your first friend who becomes a customer puts you there.",
        "Three guests 3 friends have to buy in time.",
        "0 of 2 friends have become customers so far.",
        "Signed in as Alex Example.",
    ):
        assert sentence in text
    assert "Place 1: A weekend in the vineyard" in text
    assert "The door code is 7." not in text


def test_a_referrer_has_friends_and_rewards_in_the_programmes_own_words_and_money(admin_client, program):
    GroupOffer.objects.create(program=program, title="Three guests", size=3, hours=72)
    text = words(preview(admin_client, make_portal_page(program), "referrer"))
    hold = f"Waiting for our team to approve it The waiting time for returns is not over: until {day(9)}"
    for sentence in (
        "Visits 48 Friends 5 Customers 2 On its way CHF15.00 Received CHF15.00",
        f"Rewards A bottle of wine Pending {hold} A bottle of wine Received",
        "Friends Noor Left their details Ana In touch Sam Became a customer Kim Became a customer Bo Ran out of time",
        f"A bottle of wine CHF15.00 {day(-1)} Pending {hold} Open : A bottle of wine "
        f"A bottle of wine CHF15.00 {day(-20)} Received Open : A bottle of wine",
        f"N Noor since {day(-2)} Left their details A Ana since {day(-6)} In touch",
        "1 more friend to: A case of wine 2 of 3 friends are customers ✓ A bottle of wine",
        "Your points 300 points A corkscrew 300 points",
        "Place 1 Alex E. That’s you A weekend in the vineyard 2 friends",
        "1 of 3 friends has bought.",
        "Kim has bought Sam has joined",
        "The door code is 7.",
        "Signed in as Alex Example.",
    ):
        assert sentence in text


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ({"hold_days": 0}, "Pending Waiting for our team to approve it"),
        ({"hold_days": 0, "approval": "automatic"}, "On its way"),
    ],
)
def test_the_reward_that_waits_waits_for_what_its_rule_says(admin_client, rule, rows):
    program = make_program(rules=({"side": "referrer", "title": "Wine", "amount_minor": 1_500, **rule},))
    text = words(preview(admin_client, make_portal_page(program, body=[("rewards_table", {})]), "referrer"))
    assert f"Wine £15.00 {day(-1)} {rows} Open : Wine Wine £15.00 {day(-20)} Received Open : Wine" in text


def test_where_the_first_reward_takes_more_friends_alex_has_brought_them(admin_client):
    program = make_program(rules=({"side": "referrer", "title": "Cask", "amount_minor": 70_000, "friend_from": 4},))
    text = words(preview(admin_client, make_portal_page(program, body=[("stats", {})]), "referrer"))
    assert "Friends 7 Customers 4 On its way £700.00 Received £0.00" in text


def test_a_programme_in_points_pays_alex_in_points(admin_client):
    rule = {"side": "referrer", "title": "Stars", "amount_minor": 250, "currency": "PTS"}
    program = make_program(rules=(rule,))
    text = words(preview(admin_client, make_portal_page(program, body=[("points", {}), ("stats", {})]), "referrer"))
    assert "Your points 250 points" in text
    assert "On its way £0.00 Received £0.00" in text


def test_a_programme_without_rewards_for_referrers_imagines_none(admin_client):
    program = make_program(rules=({"side": "friend", "title": "£10 off", "amount_minor": 1_000},))
    text = words(preview(admin_client, make_portal_page(program), "referrer"))
    assert "Customers 2 On its way £0.00 Received £0.00" in text
    assert "None yet. Your first one comes with your first friend who becomes a customer." in text


def test_on_the_leaderboard_alex_stands_behind_real_people_who_brought_as_many(admin_client, program):
    Referrer.objects.update(leaderboard_consent=True)
    for email, friends in (("a@example.com", 3), ("b@example.com", 2), ("c@example.com", 1)):
        link = make_link(program, email=email, name="Robin Example")
        for number in range(friends):
            make_referral(program, email=f"{number}-{email}", link=link)
            record_sale(
                program=program, source="test", external_id=f"{number}-{email}", friend_email=f"{number}-{email}",
                amount="50.00", currency="CHF",
            )  # fmt: skip
    assert Referral.objects.filter(stage="qualified").count() == 6
    page = make_portal_page(program, body=[("leaderboard", {"places": 3})])
    text = words(preview(admin_client, page, "referrer"))
    assert re.findall(r"Place (\d) (\w+)", text) == [("1", "Anonymous"), ("2", "Anonymous"), ("3", "Alex")]
    assert "3 Alex E. That’s you 2 friends" in text


@pytest.mark.parametrize("mode", MODES)
def test_a_preview_writes_nothing_and_counts_no_visit(admin_client, program, mode):
    pages = [make_landing_page(program), make_share_page(program), make_portal_page(program), make_terms_page(program)]
    for page in pages:
        page.save_revision()
    before = our_rows()
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            response = admin_client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]), {"mode": mode})
        assert response.status_code == 200
        writes = [q["sql"] for q in queries if re.match(r"\s*(INSERT|UPDATE|DELETE)", q["sql"], re.IGNORECASE)]
        assert not [sql for sql in writes if "wagtailusers_userprofile" not in sql]  # Wagtail's own, at first sight
        assert not response.cookies
        assert "private" in response["Cache-Control"]
    assert our_rows() == before
    assert Visit.objects.count() == 0


@pytest.mark.parametrize("mode", MODES)
def test_forms_in_a_preview_are_out_of_reach_and_the_first_says_so(admin_client, program, mode):
    pages = [make_landing_page(program), make_share_page(program), make_portal_page(program)]
    before = our_rows()
    for page in pages:
        html = preview(admin_client, page, mode)
        forms = re.findall(r'<form [^>]*method="post"[^>]*>', html.split("<main", 1)[1].split("</main>", 1)[0])
        assert forms
        assert all(" inert>" in form for form in forms)
        has_fields = any('class="rb-form"' in form for form in forms)  # and not only a button to sign out
        assert html.count("Preview: forms are not sent.") == int(has_fields)
    assert our_rows() == before


@pytest.mark.parametrize(("make", "action"), [(make_landing_page, "friend"), (make_share_page, "join")])
def test_a_form_that_is_sent_from_a_preview_all_the_same_does_nothing(admin_client, program, make, action):
    html = preview(admin_client, make(program), "friend")
    form = re.search(rf'<form class="rb-form" action="/referrals/{action}/".*?</form>', html).group()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form))
    typed_in = {"email": "kim@example.com", "name": "Kim", "accept_terms": "on", **hidden}
    before = our_rows()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        response = admin_client.post(f"/referrals/{action}/", typed_in)
    assert response.status_code == 422
    assert "<li>This cannot be empty.</li>" in response.content.decode()
    assert our_rows() == before


def test_a_draft_programme_is_shown_as_it_will_be_and_named_a_draft_once(admin_client, client):
    program = make_program(status="draft", rules=RULES, currency="CHF")
    page = make_landing_page(program)
    html = words(preview(admin_client, page, "friend"))
    assert html.count("“Bring a neighbour” is a draft. Visitors see nothing of it until you set it live.") == 1
    assert "Alex invited you" in html
    assert "Claim your first clean" in html
    assert "I accept the terms Read the terms Be kind." in html
    assert "taking a break" not in html
    text = words(preview(admin_client, make_portal_page(program, body=PORTAL), "referrer"))
    assert "On its way CHF15.00" in text
    assert Program.objects.get().status == "draft"
    assert "You get" not in client.get("/landing/").content.decode()


def test_a_page_without_programme_speaks_of_the_only_live_one_beside_a_draft(admin_client, program):
    make_program(slug="next", name="Next", status="draft")
    text = words(preview(admin_client, make_landing_page(None), "friend"))
    assert "Alex gets A bottle of wine" in text


def test_editors_read_their_troubles_in_every_mode(admin_client, program):
    page = make_landing_page(program, body=[("countdown", {}), ("group_deal", {})])
    for mode in MODES:
        text = words(preview(admin_client, page, mode))
        assert "has no end" in text
        assert "This programme has no active group offer" in text
    lost = make_landing_page(None, slug="lost", body=[("terms", {"program": 987654})])
    for mode in MODES:
        assert "was deleted, or belongs to another site" in words(preview(admin_client, lost, mode))


def test_the_panel_shows_what_is_typed_and_not_saved_for_a_page_that_exists(admin_client, program):
    other = make_program(
        slug="other", name="Other", rules=({"side": "friend", "title": "£3 off", "amount_minor": 300},)
    )
    page = make_landing_page(program)
    url = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    assert admin_client.post(url, typed(program=other.pk)).json() == {"is_valid": True, "is_available": True}
    for mode, greeting in (("visitor", ""), ("friend", "Alex invited you ")):
        text = words(
            " ".join(admin_client.get(url, {"mode": mode, "in_preview_panel": "true"}).content.decode().split())
        )
        assert text.endswith(f"{greeting}Typed just now You get £3 off")
    assert FormState.objects.count() == 1
    page.refresh_from_db()
    other.refresh_from_db()
    assert page.program_id == program.pk
    assert other.landing_page_id is None
    assert page.latest_revision is None


def test_the_panel_shows_a_page_that_does_not_exist_yet(admin_client, program):
    front = Site.objects.get().root_page
    url = reverse("wagtailadmin_pages:preview_on_add", args=["pages", "landingpage", front.pk])
    pages = Page.objects.count()
    assert admin_client.post(url, typed(program=program.pk)).json()["is_available"]
    text = words(admin_client.get(url, {"mode": "friend"}).content.decode())
    assert text.endswith("Alex invited you Typed just now You get CHF 20 off Alex gets A bottle of wine")
    assert Page.objects.count() == pages
    program.refresh_from_db()
    assert program.landing_page_id is None


@pytest.mark.parametrize("mode", MODES)
def test_more_blocks_cost_no_more_queries(admin_client, program, mode):
    for number in range(2):
        GroupOffer.objects.create(program=program, title=f"Offer {number}", size=3, hours=72)

    def cost(slug, times):
        page = make_portal_page(program, slug=slug, body=[("hero", {}), *PORTAL, ("offer_cards", {})] * times)
        page.save_revision()
        url = reverse("wagtailadmin_pages:view_draft", args=[page.pk])
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(url, {"mode": mode}).status_code == 200
        return len(queries)

    cost("warm", 1)
    assert cost("one", 1) == cost("three", 3)


def test_a_page_of_a_host_that_was_never_saved_can_be_previewed():
    page = LandingPage(title="New", slug="new", body=[("hero", {}), ("friend_form", {}), ("share_panel", {})])
    for mode in (None, *MODES):
        response = page.make_preview_request(preview_mode=mode)
        assert response.status_code == 200
        assert "This block needs a programme" in response.content.decode()
