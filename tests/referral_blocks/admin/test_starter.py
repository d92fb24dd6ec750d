"""An owner starts a referral programme: one form makes the programme, its rules and its pages, as drafts."""

import re
import uuid
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from wagtail.models import GroupPagePermission, Locale, Page, Site

from cms.pages.models import LandingPage, PortalPage, SharePage, TermsPage
from referral_blocks.admin import program_pages, starter
from referral_blocks.admin.block_troubles import page_troubles
from referral_blocks.admin.starter_form import likely_currency
from referral_blocks.blocks.starter import all_starters
from referral_blocks.groups.models import GroupOffer
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from tests.make import make_program

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db
STARTERS = ("gift-cards", "account-credit", "cash", "points-club", "donation", "group-deal")
PAGES = (LandingPage, SharePage, PortalPage, TermsPage)


def url(alias="gift-cards"):
    return reverse("referral_starter:form", args=[alias])


def home():
    return Site.objects.get(is_default_site=True).root_page


def filled(client, alias="gift-cards", **given):
    """What a browser sends that has opened the form."""
    form = client.get(url(alias)).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    data = {name: getattr(value, "pk", value) for name, value in shown.items()}
    return {name: "" if value is None else str(value) for name, value in (data | {"currency": "GBP"} | given).items()}


def start(client, alias="gift-cards", **given):
    return client.post(url(alias), filled(client, alias, **given))


def nothing_was_made():
    return not any(model.objects.exists() for model in (Program, RewardRule, GroupOffer, *PAGES))


def test_the_primary_button_of_the_programmes_leads_to_the_starters(admin_client):
    page = admin_client.get(reverse("referral_programs:list"))
    assert (page.context["view"].add_url, "New referral programme" in page.content.decode()) == (
        reverse("referral_starter:index"), True,
    )  # fmt: skip
    page = admin_client.get(reverse("referral_starter:index"))
    assert [f'href="{url(alias)}"' in page.content.decode() for alias in STARTERS] == [True] * 6
    assert tuple(all_starters()) == STARTERS


def test_a_starter_makes_a_programme_and_four_pages_all_as_drafts(admin_client, admin_user):
    reply = start(admin_client, name="Bring a neighbour", amount_friend="12.50", amount_referrer="20", theme="street")
    program = Program.objects.get()
    landing = LandingPage.objects.get()
    assert (reply.status_code, reply.url) == (302, reverse("wagtailadmin_pages:edit", args=[landing.pk]))
    assert (program.name, program.slug, program.currency, program.status, program.theme) == (
        "Bring a neighbour", "bring-a-neighbour", "GBP", "draft", "street",
    )  # fmt: skip
    rules = program.reward_rules.values_list("side", "title", "amount_minor", "method", "approval", "hold_days")
    assert list(rules) == [
        ("friend", "£12.50 gift card", 1250, "manual", "automatic", 0),
        ("referrer", "£20 gift card", 2000, "manual", "person", 14),
    ]
    pages = [model.objects.get() for model in PAGES]
    assert [(p.title, p.slug) for p in pages] == [
        ("Bring a neighbour", "bring-a-neighbour"), ("Recommend us", "recommend-us"),
        ("Your rewards", "your-rewards"), ("Terms: Bring a neighbour", "terms-bring-a-neighbour"),
    ]  # fmt: skip
    for page in pages:
        assert (page.live, page.has_unpublished_changes, page.owner, page.get_parent().pk) == (
            False, True, admin_user, home().pk,
        )  # fmt: skip
        assert page.program == program
        assert page.latest_revision.user == admin_user
        assert len(page.get_latest_revision_as_object().body) == len(page.body) > 0
    assert (program.landing_page, program.share_page, program.portal_page, program.terms_page) == (None,) * 4
    editor = admin_client.get(reply.url)
    said = " ".join(messages_of(editor))
    assert "“Bring a neighbour” is ready as a draft." in said
    for page in pages:
        assert f'href="{reverse("wagtailadmin_pages:edit", args=[page.pk])}"' in said


@pytest.mark.parametrize("alias", STARTERS)
def test_every_starters_pages_are_whole_and_want_nothing_but_what_only_the_owner_knows(admin_client, alias):
    assert start(admin_client, alias).status_code == 302
    program = Program.objects.get()
    landing, share = LandingPage.objects.get(), SharePage.objects.get()
    kinds = [block.block_type for block in landing.body]
    assert [kinds[0], kinds[-1]] == ["hero", "cta_bar"]
    offer = "group_deal" if alias == "group-deal" else "offer_cards"
    assert {offer, "steps", "friend_form", "faq", "terms"} <= set(kinds)
    assert {"hero", "share_panel", "join_form", "standing"} <= {block.block_type for block in share.body}
    Program.objects.update(status="live")
    for model in PAGES:
        page = model.objects.get()
        assert page_troubles(page) == []
        page.body.stream_block.clean(page.body)  # what publishing asks for
        assert admin_client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).status_code == 200
    assert "[[your company’s full name and postal address]]" in program.terms
    longest = max(rule.hold_days for rule in program.reward_rules.all())
    assert f"Rewards wait up to {longest} days" in program.terms
    for rule in program.reward_rules.all():
        assert rule.trigger == "points" or rule.title in program.terms
    assert GroupOffer.objects.count() == (alias == "group-deal")


def test_points_are_promised_in_points_and_exchanged_for_a_voucher(admin_client):
    start(admin_client, "points-club", amount_referrer="150", amount_treat="25")
    rules = RewardRule.objects.order_by("pk").values_list(
        "side", "title", "amount_minor", "currency", "method", "trigger", "points_price"
    )
    assert list(rules) == [
        ("friend", "£5 off the first purchase", 500, "", "manual", "sale", None),
        ("referrer", "150 points for each friend", 150, "PTS", "points", "sale", None),
        ("referrer", "£25 voucher", 2500, "", "manual", "points", 300),
    ]
    assert "points" in [block.block_type for block in PortalPage.objects.get().body]
    terms = Program.objects.get().terms
    assert "Who recommends us gets: 150 points for each friend.\n" in terms
    assert "For 300 points people can have: £25 voucher.\n" in terms


def test_a_group_deals_terms_promise_nothing_without_a_complete_group(admin_client):
    start(admin_client, "group-deal")
    terms = Program.objects.get().terms
    assert "Who opens a group that is complete in time gets: £20 off for a full group.\n" in terms
    assert "Each friend who has bought in such a group gets: £10 off for the group.\n" in terms
    assert "A friend who becomes a customer gets" not in terms


def test_a_group_deal_has_its_offer(admin_client):
    start(admin_client, "group-deal")
    assert list(GroupOffer.objects.values_list("title", "size", "hours", "active")) == [
        ("Three friends, three days", 3, 72, True)
    ]
    assert set(RewardRule.objects.values_list("trigger", flat=True)) == {"group"}


def test_the_same_form_sent_twice_makes_one_programme(admin_client):
    data = filled(admin_client)
    first, second = admin_client.post(url(), data), admin_client.post(url(), data)
    assert first.url == second.url
    assert [model.objects.count() for model in (Program, RewardRule, *PAGES)] == [1, 2, 1, 1, 1, 1]
    said = " ".join(messages_of(admin_client.get(second.url)))
    assert "“Bring a neighbour” had been made already; nothing was made twice." in said


def test_a_form_opened_anew_makes_another_programme_with_a_slug_of_its_own(admin_client):
    start(admin_client)
    start(admin_client)
    assert list(Program.objects.order_by("pk").values_list("slug", flat=True)) == [
        "bring-a-neighbour", "bring-a-neighbour-2",
    ]  # fmt: skip
    assert list(LandingPage.objects.order_by("pk").values_list("slug", flat=True)) == [
        "bring-a-neighbour", "bring-a-neighbour-2",
    ]  # fmt: skip


def test_one_member_of_staffs_key_does_not_open_anothers_programme(admin_client):
    data = filled(admin_client)
    admin_client.post(url(), data)
    kai = writer(username="kai")
    assert kai.post(url(), data).status_code == 302
    assert Program.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"currency": "XXQ"}, "currency", "Select a valid choice. XXQ is not one of the available choices."),
        ({"amount_friend": "-5"}, "amount_friend", "The amount has to be more than zero."),
        ({"amount_referrer": "20.001"}, "amount_referrer", "GBP has 2 decimals; “20.001” has more."),
        ({"amount_referrer": "20.5", "currency": "JPY"}, "amount_referrer", "JPY has 0 decimals; “20.5” has more."),
        ({"amount_friend": "ten"}, "amount_friend", "“ten” is not an amount. Write it as 12.50."),
        ({"theme": "nonsense"}, "theme", "Select a valid choice. nonsense is not one of the available choices."),
        ({"parent": "999999"}, "parent", "Select a valid choice. That choice is not one of the available choices."),
        ({"name": "A\u202eB"}, "name", "Remove the control characters from this text."),
        ({"key": "x"}, "key", "Enter a valid UUID."),
    ],
)
def test_a_bad_answer_is_refused_beside_its_field_and_nothing_is_made(admin_client, given, field, error):
    page = start(admin_client, **given)
    assert page.context["form"].errors == {field: [error]}
    assert nothing_was_made()


def test_points_come_whole(admin_client):
    page = start(admin_client, "points-club", amount_referrer="1.5")
    assert page.context["form"].errors == {"amount_referrer": ["Give a whole number of points, more than zero."]}
    assert nothing_was_made()


def writer(*rights, below=None, username="sam", pages=True):
    """Somebody who may add programmes, and pages below one page."""
    client = staff_client("add_program", *rights, username=username)
    if pages:
        permission = Permission.objects.get(codename="add_page", content_type__app_label="wagtailcore")
        group = Group.objects.get(name=f"{username}’s group")
        GroupPagePermission.objects.create(group=group, page=below or home(), permission=permission)
    return client


def test_it_asks_for_the_right_to_add_programmes():
    client = staff_client("view_program", "change_program")
    for address in (reverse("referral_starter:index"), url()):
        assert client.get(address).status_code == 403
    assert client.post(url(), {"name": "X", "key": str(uuid.uuid4())}).status_code == 403
    assert nothing_was_made()


def test_it_asks_for_the_right_to_add_pages_below_the_one_that_is_chosen():
    page = start(writer(pages=False))
    assert page.context["form"].errors == {"parent": [f"You may not add pages below “{home()}”."]}
    assert nothing_was_made()
    below = home().add_child(instance=Page(title="Offers", slug="offers"))
    kai = writer(below=below, username="kai")
    assert start(kai, parent=home().pk).context["form"].errors == {
        "parent": [f"You may not add pages below “{home()}”."]
    }
    assert nothing_was_made()
    assert start(kai, parent=below.pk).status_code == 302
    assert LandingPage.objects.get().get_parent().pk == below.pk


def test_a_page_below_which_no_landing_page_may_be_made_is_refused(admin_client, monkeypatch):
    monkeypatch.setattr(LandingPage, "max_count_per_parent", 0)
    page = start(admin_client)
    assert page.context["form"].errors == {
        "parent": [f"No landing page may be made below “{home()}”. Choose another page."]
    }
    assert nothing_was_made()


def test_a_host_without_pages_reads_what_to_do(admin_client, monkeypatch):
    monkeypatch.setattr(program_pages.apps, "get_models", lambda: [Program])
    for address in (reverse("referral_starter:index"), url()):
        text = " ".join(admin_client.get(address).content.decode().split())
        assert "LandingPageMixin, SharePageMixin (see docs/how-to/add-to-a-site.md)" in text
    page = admin_client.post(url(), {"name": "X", "key": str(uuid.uuid4())})
    assert page.status_code == 200
    monkeypatch.undo()
    assert nothing_was_made()


def test_a_host_without_a_portal_page_goes_without(admin_client, monkeypatch):
    monkeypatch.setattr(PortalPage, "program_page_field", "")
    assert start(admin_client).status_code == 302
    assert [model.objects.count() for model in PAGES] == [1, 1, 0, 1]


def test_a_page_type_that_fails_in_the_middle_leaves_nothing(admin_client, monkeypatch):
    def fail(self, *args, **kwargs):
        raise ValidationError({"hero_image": ["This field is required."]})

    monkeypatch.setattr(SharePage, "full_clean", fail)
    page = start(admin_client)
    assert page.context["form"].errors == {"__all__": ["The pages could not be made: This field is required."]}
    assert nothing_was_made()
    assert home().get_children().count() == 0

    def crash(self, *args, **kwargs):
        raise RuntimeError("out of order")

    monkeypatch.undo()
    monkeypatch.setattr(TermsPage, "save", crash)
    with pytest.raises(RuntimeError, match="out of order"):
        start(admin_client)
    assert nothing_was_made()


def test_with_several_sites_the_site_is_asked_for_and_its_home_page_is_where_pages_go(admin_client):
    root = Page.objects.get(depth=1)
    other_home = root.add_child(instance=Page(title="Other", slug="other"))
    other = Site.objects.create(hostname="other.example.com", root_page=other_home, site_name="Other Ltd")
    assert not admin_client.get(url()).context["form"]["site"].is_hidden
    page = start(admin_client, site=other.pk, parent=home().pk)
    assert page.context["form"].errors == {"parent": [f"“{home()}” is no page of the site “Other Ltd”."]}
    assert nothing_was_made()
    start(admin_client, site=other.pk, parent="")
    program = Program.objects.get()
    assert program.site == other
    assert LandingPage.objects.get().get_parent().pk == other_home.pk
    assert "is run by Other Ltd" in program.terms


def test_pages_are_made_in_their_parents_language(admin_client, settings):
    settings.WAGTAIL_I18N_ENABLED = True
    below = home().copy_for_translation(Locale.objects.create(language_code="ar"))
    assert start(admin_client, parent=below.pk).status_code == 302
    assert {model.objects.get().locale.language_code for model in PAGES} == {"ar"}
    assert {model.objects.get().get_parent().pk for model in PAGES} == {below.pk}


@pytest.mark.parametrize("name", ["🎉", "Приведи друга"])
def test_a_name_without_a_latin_letter_has_addresses_too(admin_client, settings, name):
    settings.WAGTAIL_ALLOW_UNICODE_SLUGS = False
    for _time in range(2):
        assert start(admin_client, name=name).status_code == 302
    first, second = Program.objects.order_by("pk")
    assert [first.slug, second.slug] == ["programme", "programme-2"]
    assert list(LandingPage.objects.order_by("pk").values_list("slug", flat=True)) == [
        f"programme-landing-{first.pk}", f"programme-2-landing-{second.pk}",
    ]  # fmt: skip


def test_a_name_is_text_wherever_the_admin_repeats_it(admin_client):
    name = "<script>alert(1)</script> {0} %s"
    editor = admin_client.get(start(admin_client, name=name).url)
    said = " ".join(messages_of(editor))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {0} %s" in said
    assert "<script>" not in said
    form = admin_client.get(reverse("referral_programs:edit", args=[Program.objects.get().pk])).content.decode()
    assert "<script>alert(1)" not in form


def test_terms_that_were_edited_stay_as_they_are(admin_client):
    start(admin_client, terms="Our own terms.\r\nTwo lines.")
    assert Program.objects.get().terms == "Our own terms.\r\nTwo lines."


def test_the_likely_currency_is_the_newest_programmes_or_the_countrys():
    with translation.override("en-gb"):
        assert likely_currency(None) == "GBP"
    with translation.override("de"):
        assert likely_currency(None) == "EUR"
    make_program(currency="CHF")
    assert likely_currency(Site.objects.get()) == "CHF"


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "1000"), ("KWD", "10"), ("GBP", "10")])
def test_the_suggestions_fit_the_currency(admin_client, currency, shown):
    make_program(currency=currency)
    assert admin_client.get(url()).context["form"]["amount_friend"].value() == shown


def test_a_starter_that_does_not_exist_is_not_found(admin_client):
    assert admin_client.get(url("nonsense")).status_code == 404


def test_a_package_adds_a_starter_by_a_setting(admin_client, settings):
    path = "referral_blocks.blocks.starters.donation.STARTER"
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "STARTERS": {"give": path}}
    page = admin_client.get(reverse("referral_starter:index"))
    assert list(page.context["starters"]) == ["give"]
    assert start(admin_client, "give").status_code == 302


def test_blocks_that_the_hosts_page_does_not_offer_are_left_out(admin_client, monkeypatch):
    blocks = LandingPage._meta.get_field("body").stream_block.child_blocks
    monkeypatch.delitem(blocks, "offer_cards")
    start(admin_client)
    assert "offer_cards" not in [block.block_type for block in LandingPage.objects.get().body]


def test_the_documents_own_example_makes_a_programme(admin_client, monkeypatch):
    text = (Path(__file__).resolve().parents[3] / "docs/concepts/extending.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(example, names)
    monkeypatch.setattr(starter, "all_starters", lambda: {"class": names["STARTER"]})
    assert start(admin_client, "class").status_code == 302
    assert [rule.title for rule in RewardRule.objects.all()] == ["A class worth £15", "A class worth £15"]
    assert [model.objects.count() for model in PAGES] == [1, 1, 0, 0]
