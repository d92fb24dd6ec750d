"""API keys: shown once, kept as a hash, revoked for good."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from wagtail.models import Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.rights import RIGHTS
from referral_blocks.access.services import check_api_key, create_api_key
from referral_blocks.admin.permissions import OWN_RIGHTS

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db

ADD = "referral_api_keys:add"
SELLS = ("add_sale", "add_salereversal", "add_saleimport")  # what a key that records sales is worth


def site_pk():
    return str(Site.objects.get(is_default_site=True).pk)


def make(client, **given):
    return client.post(reverse(ADD), {"name": "Till", "site": site_pk(), "scopes": ["sales:write"], **given})


def test_a_key_is_shown_once_and_works(caplog):
    client = staff_client("add_apikey", *SELLS)
    page = make(client)
    text = page.context["text"]
    assert page.status_code == 200
    assert f">{text}</code>" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    key = check_api_key(text=text)
    assert (key.name, key.scopes, key.created_by.username) == ("Till", ["sales:write"], "sam")
    later = client.get(reverse("referral_api_keys:index")).content.decode()
    assert key.prefix in later
    assert text not in later
    assert text not in caplog.text
    assert all(text not in str(session.get_decoded()) for session in Session.objects.all())


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "x" * 81}, "name", "Use at most 80 characters."),
        ({"name": "a\nb"}, "name", "Remove the control characters from this text."),
        ({"site": ""}, "site", "This field is required."),
        ({"site": "999"}, "site", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_bad_input_makes_no_key(given, field, error):
    page = make(staff_client("add_apikey", *SELLS), **given)
    assert page.context["form"].errors == {field: [error]}
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_from_then_on():
    key, text = create_api_key(site_id=int(site_pk()), name="Till")
    client = staff_client("change_apikey")
    url = reverse("referral_api_keys:revoke", args=[key.pk])
    assert client.get(url).status_code == 200
    assert check_api_key(text=text) == key
    assert messages_of(client.post(url, follow=True)) == ["“Till” is revoked: from now on it is refused."]
    assert check_api_key(text=text) is None
    before = ApiKey.objects.get().revoked_at
    again = ["“Till” was revoked before. Nothing has changed."]
    assert messages_of(client.post(url, follow=True)) == again
    assert messages_of(client.get(url, follow=True)) == again
    assert ApiKey.objects.get().revoked_at == before


def test_each_step_asks_for_its_own_right():
    key, text = create_api_key(site_id=int(site_pk()), name="Till")
    reader = staff_client("view_apikey")
    html = reader.get(reverse("referral_api_keys:index")).content.decode()
    assert reverse(ADD) not in html
    assert reverse("referral_api_keys:revoke", args=[key.pk]) not in html
    assert make(reader).status_code == 403
    assert reader.post(reverse("referral_api_keys:revoke", args=[key.pk])).status_code == 403
    assert ApiKey.objects.count() == 1
    assert check_api_key(text=text) == key


def test_a_key_gets_the_scopes_and_the_time_that_were_chosen():
    make(staff_client("add_apikey", "view_sale", "view_reward"), scopes=["sales:read", "rewards:read"], days="30")
    key = ApiKey.objects.get()
    assert key.scopes == ["sales:read", "rewards:read"]
    assert (key.expires_at - key.created_at).days in (29, 30)


def test_a_key_without_anything_that_it_may_do_is_not_made():
    page = make(staff_client("add_apikey", *SELLS), scopes=[])
    assert page.context["form"].errors == {"scopes": ["This field is required."]}
    assert not ApiKey.objects.exists()


def test_a_replaced_key_works_on_for_a_day_and_is_replaced_once():
    key, text = create_api_key(site_id=int(site_pk()), name="Till")
    client = staff_client("add_apikey", "change_apikey", *SELLS)
    url = reverse("referral_api_keys:rotate", args=[key.pk])
    assert url in client.get(reverse("referral_api_keys:index")).content.decode()
    assert "one day" in client.get(url).content.decode()
    page = client.post(url)
    new = check_api_key(text=page.context["text"])
    key.refresh_from_db()
    assert (key.rotated_to, check_api_key(text=text)) == (new, key)
    assert "no-store" in page["Cache-Control"]
    again = client.post(url)
    assert again.context["form"].non_field_errors() == ["This key was revoked, replaced, or has expired."]
    said = ["“Till” was revoked, replaced, or has expired. Nothing has changed."]
    assert messages_of(client.get(url, follow=True)) == said
    assert ApiKey.objects.count() == 2
    assert url not in client.get(reverse("referral_api_keys:index")).content.decode()


def test_nobody_hands_on_a_right_that_they_lack():
    client = staff_client("add_apikey", "review_referral", "add_sale", "view_referral")
    for scope in sorted(set(Scope.values) - {"reviews:write", "referrals:write"}):
        page = make(client, scopes=[scope])
        said = f"Select a valid choice. {scope} is not one of the available choices."
        assert page.context["form"].errors == {"scopes": [said]}
    assert not ApiKey.objects.exists()
    make(client, scopes=["reviews:write"])
    assert ApiKey.objects.get().scopes == ["reviews:write"]


def test_every_scope_is_worth_a_right_that_a_group_can_be_given():
    assert set(RIGHTS) == set(Scope)
    assert {right for rights in RIGHTS.values() for right in rights} <= set(OWN_RIGHTS)


def test_nobody_reads_the_text_of_a_key_that_may_more_by_replacing_it():
    key, _text = create_api_key(site_id=int(site_pk()), name="Books", scopes=["payouts:write"])
    page = staff_client("add_apikey").post(reverse("referral_api_keys:rotate", args=[key.pk]))
    said = "This key may do what you may not. Ask somebody with its rights to replace it."
    assert page.context["form"].non_field_errors() == [said]
    assert ApiKey.objects.count() == 1
    staff_client("add_apikey", "confirm_payout", username="fin").post(
        reverse("referral_api_keys:rotate", args=[key.pk])
    )
    assert ApiKey.objects.count() == 2
