"""The portal's blocks: what a visitor, a new referrer and one with a history see, and what it costs."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.groups.models import Group
from referral_blocks.ledger.points import add_points
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import PendingReason, Reason, Reward, RewardRule
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db
NAMES = [
    "share_panel", "stats", "milestone", "rewards_table", "friends_list", "leaderboard", "group_deal", "points",
    "my_settings",
]  # fmt: skip
PERSONAL = ["stats", "rewards_table", "friends_list", "points"]
RULES = (
    {"side": "referrer", "title": "£20 gift", "amount_minor": 2000},
    {"side": "referrer", "title": "£50 voucher", "amount_minor": 5000, "friend_from": 3, "friend_to": 3},
    {"side": "referrer", "title": "Spa day", "amount_minor": 9000, "friend_from": 10, "friend_to": 10},
    {"side": "referrer", "title": "First prize", "amount_minor": 9000, "trigger": "period"},
    *GROUP_RULES,
)
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{7*7}}'


def render(*names, referrer=None, verified=True, session="", query="", is_preview=False, values=None, **headers):
    request = RequestFactory().get("/" + query, **headers)
    request.is_preview = is_preview
    if referrer is not None:
        session = session or make_session(referrer, verified=verified, code=referrer.links.first().code)
        request.COOKIES[session_cookie(referrer.program)] = session
    raw = [{"type": n, "value": (values or {}).get(n, {}), "id": f"id-{i}"} for i, n in enumerate(names)]
    html = ReferralStreamBlock().to_python(raw).render_as_block({"request": request})
    return " ".join(html.split())


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def with_history(friends=3, *, name="Robin Example"):
    """A referrer whose friends are customers, with a group, points and things to exchange them for."""
    program = make_program(rules=RULES)
    link = make_link(program, name=name)
    for number in range(friends):
        befriend(program, link, number)
    group = open_group(referrer=link.referrer, offer=make_offer(program))
    add_points(key="p", program_id=program.pk, person_id=link.referrer.person_id, points=450)
    for price in (300, 800):
        RewardRule.objects.create(
            program=program, side="referrer", title=f"Mug {price}", amount_minor=800, trigger="points",
            points_price=price,
        )  # fmt: skip
    for referral in Referral.objects.filter(program=program)[:3]:
        join_group(group=group, referral=referral)
    return link.referrer


def befriend(program, link, number):
    email = f"friend{number}@example.com"
    make_referral(program, email=email, link=link)
    sale = {"source": "api", "external_id": email, "friend_email": email, "amount": "10", "currency": "GBP"}
    record_sale(program=program, **sale)


class Markup(HTMLParser):
    """Which elements, attributes and addresses a browser would find."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.addresses = set(), set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.addresses |= {value for name, value in attrs if name in ("href", "src", "action", "formaction")}


@pytest.fixture
def referrer():
    return with_history()


@pytest.fixture
def newcomer():
    return make_link(make_program(rules=RULES)).referrer


def test_of_all_personal_blocks_the_first_asks_visitors_to_sign_in_and_no_other(newcomer):
    html = render(*PERSONAL, "my_settings")
    assert html.count("Mail me a sign-in link") == 1
    assert "So far" not in html
    assert html.count('id="standing"') == 1
    assert "Sign out" not in html
    assert render("standing", *PERSONAL).count("Mail me a sign-in link") == 1


def test_the_standing_does_not_ask_again_where_a_block_before_it_has_asked(newcomer):
    html = render("points", "standing", "stats")
    assert html.count("Mail me a sign-in link") == 1
    assert html.count("<section") == 1
    assert render("points", "standing", is_preview=True).count("appears here for referrers who are signed in") == 1
    assert 'id="standing"' in render("points", "standing", referrer=newcomer)


def test_a_page_of_two_programmes_asks_for_each(newcomer):
    chosen = [newcomer.program_id, make_program(slug="other", name="Other").pk]
    raw = [{"type": "rewards_table", "value": {"program": pk}, "id": f"id-{pk}"} for pk in chosen]
    html = ReferralStreamBlock().to_python(raw).render_as_block({"request": RequestFactory().get("/")})
    assert html.count("Mail me a sign-in link") == 2


@pytest.mark.parametrize("name", [*PERSONAL, "my_settings"])
def test_an_unverified_session_sees_nothing_personal(referrer, name):
    html = render(name, referrer=referrer, verified=False)
    assert "Kim" not in html
    assert "£20" not in html
    assert "450" not in html
    assert ("Open the sign-in link in our e-mail" in html) is (name != "my_settings")


@pytest.mark.parametrize("name", [*PERSONAL, "my_settings"])
def test_editors_read_where_a_personal_block_will_stand(newcomer, name):
    html = render("standing", name, is_preview=True)
    assert "appears here for referrers who are signed in" in html


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stats", "Everything starts at nought."),
        ("milestone", "Your first friend brings you: £20 gift"),
        ("rewards_table", "None yet. Your first one comes with your first friend who becomes a customer."),
        ("friends_list", "Nobody yet. Send your link to one person"),
        ("leaderboard", "Nobody has brought a new customer yet. Whoever does first is first."),
        ("points", "You have none yet: they come with your friends."),
        ("my_settings", "Signed in as Robin Example."),
    ],
)
def test_a_new_referrer_is_encouraged(newcomer, name, says):
    assert says in words(render(name, referrer=newcomer))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stats", ["Customers 3", "On its way £110.00"]),
        ("milestone", ["7 more friends to: Spa day", "3 of 10 friends are customers", "✓ £50 voucher", "reached"]),
        ("rewards_table", ["£20 gift £20.00", "Pending", "Waiting for our team to approve it"]),
        ("friends_list", ["Kim", "Became a customer"]),
        ("leaderboard", ["Place 1 Anonymous", "That’s you", "First prize", "3 friends", "Others read “Anonymous”"]),
        ("group_deal", ["All places are taken.", "0 of 3 friends have bought.", "has joined", "3 days"]),
        ("points", ["450 points", "Mug 300 300 points", "Mug 800 800 points 350 points to go"]),
    ],
)
def test_a_referrer_with_a_history_sees_it_in_words(referrer, name, says):
    if name == "group_deal":
        Group.objects.update(deadline=timezone.now() + timedelta(days=3, minutes=1))
    text = words(render(name, referrer=referrer))
    for sentence in says:
        assert sentence in text


@pytest.mark.parametrize("name", ["friends_list", "group_deal"])
def test_of_friends_only_the_first_name_is_told(referrer, name):
    html = render(name, referrer=referrer)
    assert "Kim" in html
    assert "Kim Example" not in html
    assert "friend0@example.com" not in html


def test_a_review_stays_between_the_staff(referrer):
    Referral.objects.update(review="flagged")
    assert "review" not in words(render("friends_list", referrer=referrer)).lower()


def test_the_way_to_a_rewards_own_page_is_for_verified_sessions_only(client, referrer):
    html = render("rewards_table", referrer=referrer)
    paths = re.findall(r'href="http://localhost(/referrals/reward/[^"]+)"', html)
    assert len(paths) == Reward.objects.filter(person=referrer.person).count() == 4
    assert "£" in client.get(paths[0]).content.decode()
    assert "/referrals/reward/" not in render("rewards_table", referrer=referrer, verified=False)
    assert "/referrals/reward/" not in render("rewards_table")


def test_what_waits_for_the_owner_says_so(referrer):
    reward = Reward.objects.filter(person=referrer.person).first()
    PendingReason.objects.create(reward=reward, reason=Reason.PAYOUT_DETAILS)
    assert render("rewards_table", referrer=referrer).count("Tell us where to send it") == 1


def test_lists_are_paged_and_each_keeps_the_others_page(newcomer):
    link = newcomer.links.get()
    for number in range(23):
        befriend(newcomer.program, link, number)
    first = render("friends_list", referrer=newcomer, query="?rb_rewards=2&rb=saved")
    assert first.count('class="rb-friend"') == 10
    assert 'href="?rb_rewards=2&amp;rb_friends=2#friends-list"' in first
    last = render("friends_list", referrer=newcomer, query="?rb_friends=3")
    assert last.count('class="rb-friend"') == 3
    assert "Older" not in last
    assert "Page 3" in last


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "٣", "1e3", ""])
def test_any_page_number_is_an_answer(referrer, page):
    assert "<section" in render("friends_list", "rewards_table", referrer=referrer, query=f"?rb_friends={page}")


def test_the_own_place_is_told_also_below_the_list(referrer):
    program = referrer.program
    for number in range(4):
        other = make_link(program, email=f"o{number}@example.com", name=f"Ana{number} Example")
        Referrer.objects.filter(pk=other.referrer_id).update(leaderboard_consent=number == 0)
        for friend in range(4):
            befriend(program, other, f"{number}-{friend}")
    html = words(render("leaderboard", referrer=referrer, values={"leaderboard": {"places": 3}}))
    assert "You are in place 5, with 3 friends." in html
    assert "Place 1 Ana0 E." in html
    assert "Ana1" not in html
    assert "This month, until" in html
    assert "You are in" not in words(render("leaderboard"))


def test_visitors_see_the_ladder_and_the_board_and_the_deal(referrer):
    html = words(render("milestone", "leaderboard", "group_deal"))
    for sentence in ("£50 voucher from 3 friends", "Place 1 Anonymous", "Get your own link first"):
        assert sentence in html
    assert "That’s you" not in html
    assert "Kim" not in html


@pytest.mark.parametrize("name", ["milestone", "group_deal"])
def test_without_a_rule_or_an_offer_visitors_see_nothing_and_editors_why(name):
    make_program()
    assert "<section" not in render(name)
    note = render(name, is_preview=True)
    assert "no milestone" in note or "no active group offer" in note


@pytest.mark.parametrize("state", ["complete", "expired"])
def test_a_group_that_has_ended_says_so_and_makes_room_for_a_new_one(referrer, state):
    Group.objects.update(state=state)
    html = render("group_deal", referrer=referrer)
    assert ("Complete: everybody is rewarded." in html) is (state == "complete")
    assert ("time of this group is over" in html) is (state == "expired")
    assert "Open a new group" in html


def test_a_friend_sees_how_many_are_in_the_group_and_not_who(referrer):
    group = Group.objects.get()
    html = words(render("group_deal", query=f"?rb_group={group.public_id}"))
    assert "All places are taken." in html
    assert "Kim" not in html
    assert "has joined" not in html


def test_a_group_past_its_deadline_is_over_before_the_task_says_so(referrer):
    group = Group.objects.get()
    Group.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    html = render("group_deal", query=f"?rb_group={group.public_id}")
    assert "The time of this group is over." in html
    assert "<form" not in html


@pytest.mark.parametrize("many", [3, 60])
def test_a_page_with_all_blocks_costs_the_same_whatever_the_history(many):
    """Given 3 friends or 60, when the page is shown, then it costs exactly as many queries."""
    referrer = with_history(many)
    session = make_session(referrer, verified=True)
    Site.find_for_request(RequestFactory().get("/"))
    with CaptureQueriesContext(connection) as queries:
        html = render(*NAMES, referrer=referrer, session=session)
    assert html.count("<section") == len(NAMES)
    assert len(queries) == 24


def test_a_visitor_costs_less():
    with_history(3)
    with CaptureQueriesContext(connection) as queries:
        render(*NAMES)
    assert len(queries) <= 8


def test_names_and_texts_are_never_more_than_text(referrer):
    """Given names, titles and texts that try to be markup, when every block shows them, then they are words."""
    Referral.objects.update(friend_name=NASTY)
    RewardRule.objects.update(title=NASTY)
    Reward.objects.update(title=NASTY)
    referrer.person.name = NASTY
    referrer.person.save()
    Referrer.objects.update(leaderboard_consent=True)
    type(referrer.program).objects.update(name=NASTY)
    referrer.program.group_offers.update(title=NASTY)
    texts = {n: {"heading": NASTY, "text": NASTY, "message": NASTY, "empty_text": NASTY} for n in NAMES}
    texts["share_panel"]["channel_texts"] = {"email": NASTY}
    for who in (referrer, None):
        html = render(*NAMES, referrer=who, values=texts)
        found = Markup()
        found.feed(html)
        assert found.tags & {"script", "iframe", "object"} == set()
        assert {attribute for attribute in found.attributes if attribute.startswith("on")} == set()
        assert all(value.startswith(("/", "#", "?", "http://localhost/")) for value in found.addresses)
        assert "{{7*7}}" in html


def test_the_share_buttons_send_the_marketers_text_or_the_referrers(newcomer):
    values = {"share_panel": {"message": "Try this", "channel_texts": {"email": "Dear friend"}}}
    html = render("share_panel", referrer=newcomer, values=values)
    code = newcomer.links.get().code
    assert f'href="/r/{code}/share/whatsapp/?text=Try+this" rel="noopener nofollow" target="_blank"' in html
    assert f'href="/r/{code}/share/email/?text=Dear+friend" rel="noopener nofollow" data' in html
    assert f'href="/r/{code}/share/facebook/" ' in html
    query = "?rb_text=My+words&rb_text_email=%3Cb%3E"
    typed = render("share_panel", referrer=newcomer, values=values, query=query, HTTP_SEC_FETCH_SITE="same-origin")
    assert "/share/whatsapp/?text=My+words" in typed
    assert "/share/email/?text=%3Cb%3E" in typed
    assert ">My words</textarea>" in typed
    assert ">&lt;b&gt;</textarea>" in typed


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_nobody_else_puts_words_into_a_referrers_mouth(newcomer, site):
    html = render("share_panel", referrer=newcomer, query="?rb_text=Evil", HTTP_SEC_FETCH_SITE=site)
    assert "Evil" not in html


def test_a_marketer_chooses_the_channels(newcomer):
    html = render("share_panel", referrer=newcomer, values={"share_panel": {"channels": ["sms", "x", "fax"]}})
    assert re.findall(r"rb-channel--(\w+)", html) == ["sms", "x"]
    assert "rb-channels" not in render("share_panel", referrer=newcomer, values={"share_panel": {"channels": []}})
