"""Marketers write programmes."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.widgets import AdminDateTimeInput, SlugInput
from wagtail.models import Site
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from referral_blocks.activity.models import Activity
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardRule
from tests.make import make_link, make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db


def rule(**given):
    row = {
        "side": "referrer", "title": "£20 gift", "kind": "fixed", "value": "20.00", "method": "manual",
        "instructions": "", "hold_days": "14", "approval": "person", "active": "on",
    }  # fmt: skip
    return {**row, **given}


def posted(rules=None, initial=0, **given):
    form = {
        "name": "Bring a neighbour", "slug": "neighbours", "site": str(Site.objects.get(is_default_site=True).pk),
        "status": "live", "currency": "GBP", "starts_at": "", "ends_at": "", "terms": "Be kind.",
        "attribution": "last", "visit_window_days": "30", "credit_window_days": "90", "landing_page": "",
        "share_page": "",
    }  # fmt: skip
    rows = [rule(), rule(side="friend", title="£10 off", value="10")] if rules is None else rules
    return nested_form_data({**form, **given, "reward_rules": inline_formset(rows, initial=initial)})


def add(client, **given):
    return client.post(reverse("referral_programs:add"), posted(**given))


def edit(client, program, **given):
    return client.post(reverse("referral_programs:edit", args=[program.pk]), posted(**given))


def stored(rule_, **given):
    """The form row of a rule that exists."""
    return rule(id=str(rule_.pk), side=rule_.side, title=rule_.title, **given)


def test_a_new_programme_starts_with_one_reward_for_each_side(admin_client):
    form = admin_client.get(reverse("referral_programs:add")).context["form"]
    formset = form.formsets["reward_rules"]
    assert isinstance(form.fields["slug"].widget, SlugInput)
    assert isinstance(form.fields["starts_at"].widget, AdminDateTimeInput)
    assert [form["side"].value() for form in formset.forms] == ["referrer", "friend"]


def test_a_programme_is_saved_with_its_rules_in_minor_units(admin_client):
    assert add(admin_client).status_code == 302
    program = Program.objects.get()
    assert (program.name, program.slug, program.currency, program.status) == (
        "Bring a neighbour", "neighbours", "GBP", "live",
    )  # fmt: skip
    assert list(program.reward_rules.values_list("side", "title", "amount_minor", "method")) == [
        ("referrer", "£20 gift", 2000, "manual"),
        ("friend", "£10 off", 1000, "manual"),
    ]


@pytest.mark.parametrize(
    ("currency", "typed", "minor", "shown"),
    [
        ("GBP", "20", 2000, "20.00"),
        ("JPY", "500", 500, "500"),
        ("KWD", "1.234", 1234, "1.234"),
        ("EUR", " 0.01 ", 1, "0.01"),
    ],
)
def test_a_value_is_typed_and_shown_in_the_currencys_own_decimals(admin_client, currency, typed, minor, shown):
    add(admin_client, currency=currency, rules=[rule(value=typed)])
    saved = RewardRule.objects.get()
    assert saved.amount_minor == minor
    page = admin_client.get(reverse("referral_programs:edit", args=[saved.program_id]))
    assert page.context["form"].formsets["reward_rules"].forms[0]["value"].value() == shown


@pytest.mark.parametrize(
    ("currency", "typed", "error"),
    [
        ("GBP", "0", "The amount has to be more than zero."),
        ("GBP", "-5", "The amount has to be more than zero."),
        ("GBP", "20.001", "GBP has 2 decimals; “20.001” has more."),
        ("JPY", "20.5", "JPY has 0 decimals; “20.5” has more."),
        ("GBP", "twenty", "“twenty” is not an amount. Write it as 12.50."),
        ("GBP", "NaN", "“NaN” is not an amount. Write it as 12.50."),
        ("GBP", "9" * 20, "The amount is too large."),
        ("GBP", "", "This field is required."),
    ],
)
def test_a_bad_value_is_refused_beside_its_field(admin_client, currency, typed, error):
    page = add(admin_client, currency=currency, rules=[rule(value=typed)])
    assert page.context["form"].formsets["reward_rules"].forms[0].errors == {"value": [error]}
    assert not Program.objects.exists()
    assert not RewardRule.objects.exists()


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"slug": "two words"}, "slug", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
        ({"currency": "XXQ"}, "currency", "Select a valid choice. XXQ is not one of the available choices."),
        ({"starts_at": "2026-02-01", "ends_at": "2026-01-01"}, "ends_at", "The end has to be after the start."),
        ({"visit_window_days": "0"}, "visit_window_days", "Ensure this value is greater than or equal to 1."),
        ({"credit_window_days": "1096"}, "credit_window_days", "Ensure this value is less than or equal to 1095."),
    ],
)
def test_a_bad_programme_is_refused_beside_its_field(admin_client, given, field, error):
    page = add(admin_client, **given)
    assert page.context["form"].errors == {field: [error]}
    assert not Program.objects.exists()


def test_a_slug_is_taken_once_a_site(admin_client):
    make_program()
    page = add(admin_client)
    assert page.context["form"].errors == {"__all__": ["Programme with this Site and Slug already exists."]}
    assert Program.objects.count() == 1


def test_a_new_currency_reads_the_same_digits_anew(admin_client):
    program = make_program()
    one, two = program.reward_rules.order_by("pk")
    rows = [stored(one, value="20.00", instructions=one.instructions), stored(two, value="10.00")]
    assert edit(admin_client, program, currency="KWD", rules=rows, initial=2).status_code == 302
    assert list(RewardRule.objects.order_by("pk").values_list("amount_minor", flat=True)) == [20_000, 10_000]


def reward_of(program):
    """The rewards that a friend's sale earned."""
    friend = make_referral(program).friend
    return record_sale(
        program=program, source="api", external_id="1", friend_email=friend.email, amount="100", currency="GBP"
    ).rewards


def test_the_currency_stays_once_rewards_are_recorded_in_it(admin_client):
    program = make_program()
    reward_of(program)
    one, two = program.reward_rules.order_by("pk")
    page = edit(
        admin_client, program, currency="EUR", rules=[stored(one, value="20.00"), stored(two, value="10")], initial=2
    )
    assert page.context["form"].errors == {
        "currency": [
            "Sales or rewards are recorded in GBP, so the currency stays. Make a new programme for another one."
        ]
    }
    program.refresh_from_db()
    assert program.currency == "GBP"
    assert list(program.reward_rules.order_by("pk").values_list("amount_minor", flat=True)) == [2000, 1000]


def test_the_site_stays_once_people_share_its_links(admin_client):
    program = make_program(rules=())
    make_link(program)
    home = Site.objects.get(is_default_site=True).root_page
    other = Site.objects.create(hostname="other.example.com", root_page=home)
    page = edit(admin_client, program, site=str(other.pk), rules=[])
    assert page.context["form"].errors == {
        "site": ["People share links of this site already, so the programme stays on it."]
    }
    program.refresh_from_db()
    assert program.site.is_default_site


def points_rule(program, minor=250):
    return RewardRule.objects.create(
        program=program, side="referrer", title="250 points", amount_minor=minor, currency="PTS", method="points"
    )


@pytest.mark.parametrize("currency", ["GBP", "KWD"])
def test_points_are_typed_and_shown_as_whole_points_whatever_the_programmes_currency(admin_client, currency):
    program = make_program(rules=(), currency=currency)
    points = points_rule(program)
    page = admin_client.get(reverse("referral_programs:edit", args=[program.pk]))
    assert page.context["form"].formsets["reward_rules"].forms[0]["value"].value() == "250"
    rows = [stored(points, value="300", method="points")]
    assert edit(admin_client, program, currency=currency, rules=rows, initial=1).status_code == 302
    points.refresh_from_db()
    assert (points.amount_minor, points.currency) == (300, "PTS")


@pytest.mark.parametrize(
    ("method", "field", "error"),
    [
        ("points", "method", "The currency PTS and the method “points” go together."),
        ("coupon", "coupon_list", "Choose the list that the codes come from."),
    ],
)
def test_a_method_that_cannot_pay_the_rule_is_refused_beside_its_field(admin_client, method, field, error):
    page = add(admin_client, rules=[rule(method=method)])
    assert page.context["form"].formsets["reward_rules"].forms[0].errors == {field: [error]}
    assert (Program.objects.count(), RewardRule.objects.count()) == (0, 0)


def test_points_are_not_handed_over_by_hand_and_come_whole(admin_client):
    program = make_program(rules=())
    points = points_rule(program)
    for given, errors in (
        ({"value": "250", "method": "manual"}, {"method": ["The currency PTS and the method “points” go together."]}),
        ({"value": "2.50", "method": "points"}, {"value": ["Give a whole number of points, more than zero."]}),
    ):
        page = edit(admin_client, program, rules=[stored(points, **given)], initial=1)
        assert page.context["form"].formsets["reward_rules"].forms[0].errors == errors
    points.refresh_from_db()
    assert (points.amount_minor, points.method) == (250, "points")


def test_a_page_that_is_out_of_date_does_not_open_a_programme_that_was_paused_meanwhile(admin_client):
    program = make_program(rules=())
    page = admin_client.get(reverse("referral_programs:edit", args=[program.pk]))
    assert b'<input type="hidden" name="shown_status" value="live" id="id_shown_status">' in page.content
    Program.objects.update(status="paused")
    page = edit(admin_client, program, name="Renamed", rules=[], shown_status="live")
    form = page.context["form"]
    assert form.errors == {
        "status": ["Somebody has made this programme “Paused” meanwhile. Look at the status again, then save."]
    }
    assert form["shown_status"].value() == "paused"
    program.refresh_from_db()
    assert (program.status, program.name) == ("paused", "Bring a neighbour")
    assert edit(admin_client, program, rules=[], shown_status="paused").status_code == 302
    program.refresh_from_db()
    assert program.status == "live"


def test_what_staff_change_is_told_once(admin_client):
    program = make_program(rules=())
    told = Activity.objects.filter(kind="program.changed", program=program)
    assert edit(admin_client, program, rules=[], status="paused", shown_status="live").status_code == 302
    assert told.count() == 1
    assert edit(admin_client, program, rules=[], status="paused", shown_status="paused", name="").status_code == 200
    assert told.count() == 1
    edit(admin_client, program, rules=[], status="paused", shown_status="paused", name="Renamed")
    assert told.count() == 2


def test_a_rule_without_rewards_can_be_deleted(admin_client):
    program = make_program()
    one, two = program.reward_rules.order_by("pk")
    rows = [stored(one, value="20.00", DELETE="on"), stored(two, value="10.00")]
    assert edit(admin_client, program, rules=rows, initial=2).status_code == 302
    assert list(program.reward_rules.values_list("title", flat=True)) == ["£10 off"]


def test_a_rule_with_rewards_is_kept_and_shown_again(admin_client):
    program = make_program()
    reward_of(program)
    one, two = program.reward_rules.order_by("pk")
    rows = [stored(one, value="25.00", DELETE="on"), stored(two, value="10.00")]
    page = edit(admin_client, program, rules=rows, initial=2)
    form = page.context["form"]
    assert form.errors == {
        "__all__": ["“£20 gift” cannot be deleted: rewards were given for it. Untick “active” instead."]
    }
    assert not form.formsets["reward_rules"].forms[0]["DELETE"].value()
    assert RewardRule.objects.get(pk=one.pk).amount_minor == 2000
    assert Reward.objects.count() == 2


def test_an_unused_programme_can_be_deleted(admin_client):
    program = make_program()
    url = reverse("referral_programs:delete", args=[program.pk])
    assert admin_client.get(url).status_code == 200
    assert admin_client.post(url).status_code == 302
    assert not Program.objects.exists()


REFUSED = (
    "“Bring a neighbour” cannot be deleted: people have joined it or were promised rewards. "
    "Set its status to “Ended” instead."
)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_programme_that_people_joined_is_not_deleted(admin_client, method):
    program = make_program()
    make_link(program)
    page = getattr(admin_client, method)(reverse("referral_programs:delete", args=[program.pk]), follow=True)
    assert messages_of(page) == [REFUSED]
    assert (Program.objects.count(), Referrer.objects.count()) == (1, 1)


def test_bulk_deletion_keeps_a_programme_that_people_joined(admin_client):
    program = make_program()
    make_link(program)
    url = reverse("wagtail_bulk_action", args=["referral_blocks", "program", "delete"])
    page = admin_client.post(f"{url}?id={program.pk}", follow=True)
    assert messages_of(page) == [REFUSED]
    assert Program.objects.count() == 1


def test_a_site_with_programmes_is_not_deleted(admin_client):
    make_program()
    site = Site.objects.get(is_default_site=True)
    page = admin_client.post(reverse("wagtailsites:delete", args=[site.pk]), follow=True)
    assert messages_of(page) == ["Sorry, you do not have permission to access this area."]
    assert Site.objects.filter(pk=site.pk).exists()


def test_a_site_without_programmes_is_deleted(admin_client):
    site = Site.objects.create(hostname="old.example.com", root_page=Site.objects.get().root_page)
    admin_client.post(reverse("wagtailsites:delete", args=[site.pk]))
    assert not Site.objects.filter(pk=site.pk).exists()


@pytest.mark.parametrize("bulk", [False, True])
def test_the_home_page_of_a_site_with_programmes_is_not_deleted(admin_client, bulk):
    program = make_program()
    home = program.site.root_page
    url = reverse("wagtailadmin_pages:delete", args=[home.pk])
    if bulk:
        url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"]) + f"?id={home.pk}"
    page = admin_client.post(url, follow=True)
    assert messages_of(page) == [
        f"“{home}” cannot be deleted: a site with referral programmes begins there (Bring a neighbour)."
    ]
    assert Site.objects.filter(pk=program.site_id).exists()


def test_only_holders_of_the_right_write_programmes():
    program = make_program()
    reader = staff_client("view_program")
    assert reader.get(reverse("referral_programs:list")).status_code == 200
    assert reader.get(reverse("referral_programs:add")).status_code == 302
    assert edit(reader, program, name="Changed").status_code == 302
    program.refresh_from_db()
    assert program.name == "Bring a neighbour"
    writer = staff_client("add_program", username="kai")
    assert add(writer, slug="second").status_code == 302
    assert Program.objects.count() == 2


def test_a_programme_has_a_chooser_a_history_and_its_usage(admin_client):
    program = make_program()
    edit(admin_client, program, name="Renamed", rules=[])
    for name in ("history", "usage"):
        assert admin_client.get(reverse(f"referral_programs:{name}", args=[program.pk])).status_code == 200
    chooser = reverse("wagtailsnippetchoosers_referral_blocks_program:choose")
    assert b"Renamed" in admin_client.get(chooser).content


@pytest.mark.parametrize(
    ("fields", "said", "hint"),
    [
        ({"status": "draft"}, "Draft", "Visitors see nothing of it yet."),
        ({"status": "live"}, "Live", "It is open: people join and friends are credited."),
        ({"status": "live", "starts_at": timezone.now() + timedelta(days=1)}, "Live", "It has not started yet."),
        ({"status": "paused"}, "Paused", "Links still lead to the page; nobody joins and nothing is credited."),
        ({"status": "ended"}, "Ended", "It has ended."),
    ],
)
def test_the_side_panel_says_the_programmes_own_status(admin_client, fields, said, hint):
    program = make_program(**fields)
    panel = status_panel(admin_client.get(reverse("referral_programs:edit", args=[program.pk])))
    assert panel.select_one("h3").get_text(" ", strip=True) == f"Status: {said}"
    assert panel.select_one(".w-help-text").get_text(strip=True) == hint
    assert reverse("referral_programs:usage", args=[program.pk]) in str(panel)


def test_a_refused_change_of_status_is_not_what_the_side_panel_says(admin_client):
    program = make_program(status="draft")
    refused = edit(admin_client, program, name="", rules=[], status="live")
    assert (refused.status_code, Program.objects.get().status) == (200, "draft")
    assert status_panel(refused).select_one("h3").get_text(" ", strip=True) == "Status: Draft"


def test_a_new_programmes_side_panel_does_not_call_it_live(admin_client):
    panel = status_panel(admin_client.get(reverse("referral_programs:add")))
    assert panel.select_one("h3").get_text(" ", strip=True) == "Status: Draft"


def status_panel(response):
    return BeautifulSoup(response.content, "html.parser").select_one("[data-side-panel=status]")
