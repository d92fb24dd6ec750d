"""The blocks that speak to friends and to everybody: what each says, and to whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection

from referral_blocks.analytics.figures import rounded
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.programs.services import current_terms
from referral_blocks.rewards.models import RewardRule, RuleCondition
from tests.make import make_link, make_program, make_referral
from tests.make_pages import make_share_page

from .looking import friend, referrer, show, unverified

pytestmark = pytest.mark.django_db


def make_image():
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    return get_image_model().objects.create(title="Clean windows", file=get_test_image_file(size=(1600, 900)))


# Offer cards


def test_the_cards_say_what_the_rules_say_and_not_what_is_switched_off():
    program = make_program()
    RewardRule.objects.create(program=program, side="referrer", title="A hamper", amount_minor=5000, friend_from=3)
    RewardRule.objects.create(program=program, side="friend", title="Free ladder", amount_minor=1, active=False)
    html = show("offer_cards")
    assert "£10 off" in html
    assert "With your first purchase" in html
    assert "A hamper" in html
    assert "£50.00" in html
    assert "From their 3rd friend on" in html
    assert "Free ladder" not in html


def test_what_is_exchanged_for_points_is_no_offer():
    program = make_program()
    RewardRule.objects.create(
        program=program, side="referrer", title="A mug", amount_minor=500, trigger="points", points_price=100
    )
    assert "A mug" not in show("offer_cards")
    assert "A mug" not in show("hero")


@pytest.mark.parametrize(("speaks_to", "first"), [("friend", "£10 off"), ("referrer", "£20 gift")])
def test_the_side_that_is_spoken_to_comes_first_as_you(speaks_to, first):
    make_program()
    html = show("offer_cards", {"speaks_to": speaks_to})
    head = html[html.index("You get") : html.index("Your friend gets")]
    assert first in head


def test_the_cards_name_the_referrer_with_consent_only():
    program = make_program()
    html = show("offer_cards", **friend(program))
    assert "<bdi>Robin</bdi> gets" in html
    assert "Robin" not in show("offer_cards")


def test_without_active_rules_there_is_no_card_and_the_editor_reads_why():
    make_program(rules=())
    assert "<section" not in show("offer_cards")
    assert "has no active reward rule" in show("offer_cards", is_preview=True)


def test_details_can_be_left_out():
    make_program()
    assert "first purchase" not in show("offer_cards", {"show_details": False})


def add_reward(program, title, **fields):
    RewardRule.objects.create(program=program, **{"side": "referrer", "amount_minor": 5000, **fields}, title=title)


def test_the_first_reward_without_a_condition_leads_and_the_others_say_what_is_new_about_them():
    program = make_program(rules=())
    add_reward(program, "A hamper", friend_from=3, friend_to=3)
    add_reward(program, "£50 gift")
    add_reward(program, "£50 thanks", trigger="sign_up")
    html = show("offer_cards", {"speaks_to": "referrer"})
    head, then = html[: html.index("And then for you")], html[html.index("And then for you") :]
    assert ("£50 gift" in head, "A hamper" in head) == (True, False)
    assert head.count("With your friend’s first purchase") == 1
    assert "With your friend’s first purchase" not in then
    assert re.findall(r'rb-offers__name">(.*?)<.*?rb-offers__when">(.*?)<', then) == [
        ("A hamper", "With your 3rd friend"),
        ("£50 thanks", "As soon as your friend leaves their details"),
    ]


@pytest.mark.parametrize("name", ["hero", "post_purchase"])
def test_one_reward_a_side_stands_in_the_offer_and_none_that_waits_for_a_third_friend(name):
    program = make_program(rules=())
    add_reward(program, "A hamper", friend_from=3, friend_to=3)
    add_reward(program, "£50 gift")
    add_reward(program, "£50 thanks", trigger="sign_up")
    html = show(name, {"speaks_to": "referrer"} if name == "hero" else {})
    assert re.findall(r"<dd.*?>(.*?)</dd>", html) == ["£50 gift"]


CONDITIONS = [
    ({"friend_from": 3, "friend_to": 3}, "With your 3rd friend"),
    ({"friend_from": 3}, "From your 3rd friend on"),
    ({"friend_to": 2}, "For your 1st to 2nd friend"),
    ({"sale_from": 2, "sale_to": None}, "From your friend’s 2nd purchase on"),
    ({"stock": 0}, "All given away at the moment"),
]


@pytest.mark.parametrize(("fields", "said"), CONDITIONS)
def test_a_reward_with_a_condition_never_stands_without_it(fields, said):
    program = make_program(rules=())
    add_reward(program, "A hamper", **fields)
    for name, value in (("hero", {"speaks_to": "referrer"}), ("post_purchase", {})):
        assert re.findall(r"<dd.*?>(.*?)</dd>", show(name, value)) == ["A hamper", said]
    assert said in show("offer_cards", {"speaks_to": "referrer", "show_details": False})


def test_a_reward_for_some_purchases_alone_says_so_in_the_hero():
    program = make_program(rules=())
    add_reward(program, "Free ladder", side="friend")
    rule = RewardRule.objects.get()
    RuleCondition.objects.create(rule=rule, fact="sale.amount", operator="gte", value="80")
    assert re.findall(r"<dd.*?>(.*?)</dd>", show("hero")) == ["Free ladder", "For purchases of £80.00 or more"]


# Hero


@pytest.mark.parametrize(
    ("heading", "step"),
    [("Good things are better shared", ""), ("Neighbourhood-wide joy", " rb-hero__heading--12"),
     ("Fensterreinigungsgutschein für alle", " rb-hero__heading--22")],
)  # fmt: skip
def test_a_long_word_makes_the_heading_smaller(heading, step):
    make_program()
    assert f'class="rb-hero__heading{step}">{heading}</h1>' in show("hero", {"heading": heading})


def test_a_heros_picture_comes_in_sizes_and_in_a_modern_format():
    make_program()
    image = make_image()
    html = show("hero", {"image": {"image": image.pk, "decorative": False, "alt_text": "A gleaming pane"}})
    assert 'type="image/webp"' in html
    assert "480w" in html
    assert 'sizes="(min-width: 48rem) 28rem, 100vw"' in html
    assert 'alt="A gleaming pane"' in html
    assert 'fetchpriority="high"' in html
    assert 'height="270"' in html
    assert 'width="480"' in html


def test_a_decorative_picture_has_no_words():
    make_program()
    html = show("hero", {"image": {"image": make_image().pk, "decorative": True, "alt_text": ""}})
    assert 'alt=""' in html


def test_a_picture_that_was_deleted_leaves_a_hero_without_one():
    make_program()
    html = show("hero", {"image": {"image": 98765, "decorative": False, "alt_text": "x"}})
    assert "<h1" in html
    assert "<img" not in html


def test_an_ended_programme_promises_nothing_in_the_hero():
    program = make_program(status=ProgramStatus.ENDED)
    html = show("hero", {"program": program.pk})
    assert "£10 off" not in html
    assert "has ended" in html
    assert "rb-button" not in html


def test_a_button_can_lead_to_the_programmes_share_page():
    program = make_program()
    assert "Join now" not in show("hero", {"action_text": "Join now", "action_aim": "share_page"})
    make_share_page(program)
    html = show("hero", {"action_text": "Join now", "action_aim": "share_page"})
    assert 'href="http://localhost/share/"' in html


# Figures


def standing(program, friends):
    for number in range(friends):
        make_referral(program, email=f"friend{number}@example.com", link=make_link(program))


def test_real_figures_show_from_their_minimum_on():
    program = make_program()
    standing(program, 2)
    stat = {"figure": "friends", "typed": "", "label": "friends", "least": 3}
    value = {"stats": [{"type": "item", "value": stat, "id": "s"}]}
    assert "<section" not in show("stat_row", value)
    assert "still too small to show" in show("stat_row", value, is_preview=True)
    standing(program, 3)
    cache.clear()
    assert "<dd>3</dd>" in show("stat_row", value)


def test_figures_are_counted_once_in_ten_minutes():
    program = make_program()
    show("stat_row")
    standing(program, 12)
    assert "<dd>" not in show("stat_row")
    cache.clear()
    assert "<dd>10+</dd>" in show("stat_row")


def test_a_typed_figure_is_shown_as_it_is():
    make_program()
    stat = {"figure": "typed", "typed": "4.9 ★", "label": "on maps", "least": 10}
    assert "<dd>4.9 ★</dd>" in show("stat_row", {"stats": [{"type": "item", "value": stat, "id": "s"}]})


def test_figures_are_rounded_down_to_what_is_true_for_a_while():
    numbers = [0, 3, 9, 10, 57, 99, 100, 128, 1284, 12840, 1_284_000]
    assert [rounded(n) for n in numbers] == [0, 3, 9, 10, 50, 90, 100, 120, 1200, 12000, 1_200_000]


# Countdown

END = datetime(2026, 11, 30, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Vienna", "Nov. 30, 2026, 11:59 p.m.</time> (Europe/Vienna)"),
        ("Pacific/Auckland", "Dec. 1, 2026, 11:59 a.m.</time> (Pacific/Auckland)"),
    ],
)
def test_the_end_is_said_in_words_in_the_programmes_time_zone(zone, said):
    make_program(ends_at=END, time_zone=zone)
    with time_machine.travel(END - timedelta(days=3, hours=2, minutes=5), tick=False):
        html = show("countdown")
    assert said in html
    assert "<b>3</b> <span>days</span>" in html
    assert "<b>2</b> <span>hours</span>" in html
    assert "<b>5</b> <span>minutes</span>" in html


def test_the_moment_is_the_same_for_machines_in_every_zone():
    make_program(ends_at=END, time_zone="Europe/Vienna")
    with time_machine.travel(END - timedelta(days=1), tick=False):
        html = show("countdown")
    assert 'data-rb-countdown="2026-11-30T23:59:00+01:00"' in html
    assert '<time datetime="2026-11-30T23:59:00+01:00">' in html


def test_after_the_end_it_says_so_and_counts_nothing():
    make_program(ends_at=END)
    with time_machine.travel(END + timedelta(seconds=1), tick=False):
        html = show("countdown", {"ended_text": "All over now."})
    assert "All over now." in html
    assert "data-rb-countdown" not in html


def test_a_programme_without_an_end_has_no_countdown_and_the_editor_reads_why():
    make_program()
    assert "<section" not in show("countdown")
    assert "has no end" in show("countdown", is_preview=True)


# The bar, the thank-you ask, questions, terms


def test_the_bar_leads_on_and_goes_away_when_there_is_nothing_to_do():
    program = make_program()
    assert 'href="#friend-form"' in show("cta_bar")
    program.status = ProgramStatus.PAUSED
    program.save()
    assert "rb-cta-bar" not in show("cta_bar", {"program": program.pk})


@pytest.mark.parametrize(("aim", "told"), [("friend_form", "thanks"), ("refer_by_name", "named")])
def test_whoever_has_sent_the_form_is_not_asked_to_fill_it_in(aim, told):
    make_program()
    value = {"action_aim": aim}
    assert "rb-cta-bar" in show("cta_bar", value)
    assert "rb-cta-bar" in show("cta_bar", value, query="?rb=mail-sent")
    assert "rb-cta-bar" not in show("cta_bar", value, query=f"?rb={told}")


def test_whoever_has_joined_is_led_to_their_link():
    program = make_program()
    value = {"action_aim": "join_form", "action_text": "Join"}
    assert 'href="#join-form"> Join' in show("cta_bar", value).replace(">Join", "> Join")
    assert 'href="#share-panel"' in show("cta_bar", value, **unverified(program))


def test_the_thank_you_ask_knows_the_customer_only_from_the_host():
    make_program()
    html = show("post_purchase", query="?email=evil@example.com&name=Evil")
    assert "evil" not in html.lower()
    assert not show.request.referral_audience.personal
    html = show("post_purchase", referral_customer={"email": "kim@example.com", "name": "Kim"})
    assert 'value="kim@example.com"' in html
    assert 'value="Kim"' in html
    assert show.request.referral_audience.personal


def test_the_thank_you_ask_leads_members_to_their_link():
    program = make_program()
    make_share_page(program)
    html = show("post_purchase", **referrer(program))
    assert "<form" not in html
    assert 'href="http://localhost/share/"' in html


def test_only_the_first_questions_of_a_page_are_marked_up_for_search_engines():
    from .test_blocks import render

    html = render("faq", "faq")
    assert html.count("https://schema.org/FAQPage") == 1
    assert html.count('itemprop="acceptedAnswer"') == 3
    assert "<script" not in html


def test_the_terms_name_their_version_once_there_is_one():
    program = make_program()
    assert "Version" not in show("terms")
    version = current_terms(program=program)
    html = show("terms")
    assert f'href="/referrals/terms/neighbours/{version.number}/"' in html
    assert "Version 1 of" in html


def test_testimonials_show_face_name_and_role():
    said = {
        "quote": "Spotless.", "name": "Ida Example", "role": "Café owner",
        "photo": {"image": make_image().pk, "decorative": True, "alt_text": ""},
    }  # fmt: skip
    html = show("testimonials", {"testimonials": [{"type": "item", "value": said, "id": "t"}]})
    assert "Spotless." in html
    assert "Ida Example" in html
    assert "Café owner" in html
    assert 'height="128"' in html
    assert 'type="image/webp"' in html


def test_an_editor_is_reminded_that_nobody_has_said_the_example():
    make_program()
    said = [{"type": "item", "value": {"quote": "Spotless.", "name": "Ida"}, "id": "t"}]
    assert "nobody has said it" in show("testimonials", is_preview=True)
    assert "nobody has said it" not in show("testimonials")
    assert "nobody has said it" not in show("testimonials", {"testimonials": said}, is_preview=True)


def test_a_programme_that_has_not_started_counts_to_its_end_already():
    make_program(starts_at=timezone.now() + timedelta(days=2), ends_at=timezone.now() + timedelta(days=9))
    assert "data-rb-countdown" in show("countdown")
