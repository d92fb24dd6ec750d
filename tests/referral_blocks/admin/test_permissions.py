"""Which rights the group form offers, and what Wagtail's own groups may do."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from referral_blocks.admin.permissions import OWN_RIGHTS, own_permissions
from referral_blocks.theming.models import SiteTheme
from tests.make import make_program

from .staff import staff_client

pytestmark = pytest.mark.django_db


def test_every_right_that_the_views_ask_for_exists():
    assert set(own_permissions().values_list("codename", flat=True)) == set(OWN_RIGHTS)


def test_the_group_form_offers_them(admin_client):
    page = admin_client.get(reverse("wagtailusers_groups:add"))
    offered = set(page.context["form"].fields["permissions"].queryset.values_list("codename", flat=True))
    assert set(OWN_RIGHTS) <= offered
    assert {"add_program", "change_program", "delete_program"} <= offered
    assert not {"change_reward", "delete_reward", "add_payout", "delete_sale", "add_person"} & offered


@pytest.mark.parametrize("name", ["Editors", "Moderators"])
def test_wagtails_own_groups_get_nothing(name):
    group = Group.objects.filter(name=name).first() or Group.objects.create(name=name)
    assert not Permission.objects.filter(group=group, content_type__app_label="referral_blocks").exists()


def test_a_sites_theme_is_chosen_and_changed(admin_client):
    program = make_program()
    url = reverse("referral_themes:add")
    assert admin_client.post(url, {"site": program.site_id, "theme": "street"}).status_code == 302
    theme = SiteTheme.objects.get()
    assert (theme.site, theme.theme) == (program.site, "street")
    page = admin_client.post(url, {"site": program.site_id, "theme": ""})
    assert page.context["form"].errors == {"site": ["Referral theme with this Site already exists."]}
    edit = reverse("referral_themes:edit", args=[theme.pk])
    page = admin_client.post(edit, {"site": program.site_id, "theme": "nonsense"})
    assert page.context["form"].errors == {
        "theme": ["Select a valid choice. nonsense is not one of the available choices."]
    }
    admin_client.post(edit, {"site": program.site_id, "theme": ""})
    assert SiteTheme.objects.get().theme == ""


def test_a_theme_asks_for_its_right():
    program = make_program()
    reply = staff_client().post(reverse("referral_themes:add"), {"site": program.site_id, "theme": "street"})
    assert reply.status_code == 302
    assert not SiteTheme.objects.exists()
