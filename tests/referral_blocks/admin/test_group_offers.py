"""Marketers write what programmes offer to groups."""

import pytest
from django.urls import reverse

from referral_blocks.flows.open_group import open_group
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.programs.models import Program
from tests.make import make_link, make_program

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db


def given(program, **more):
    return {"program": program.pk, "title": "Three friends", "size": "3", "hours": "72", "active": "on", **more}


def test_an_offer_is_written_changed_and_listed(admin_client):
    program = make_program()
    assert admin_client.post(reverse("referral_group_offers:add"), given(program)).status_code == 302
    offer = GroupOffer.objects.get()
    assert (offer.program, offer.title, offer.size, offer.hours, offer.active) == (
        program, "Three friends", 3, 72, True,
    )  # fmt: skip
    edit = reverse("referral_group_offers:edit", args=[offer.pk])
    assert admin_client.post(edit, given(program, size="5", active="")).status_code == 302
    offer.refresh_from_db()
    assert (offer.size, offer.active) == (5, False)
    assert b"Three friends" in admin_client.get(reverse("referral_group_offers:index")).content


@pytest.mark.parametrize("field", ["size", "hours"])
def test_a_group_of_nobody_is_refused(admin_client, field):
    page = admin_client.post(reverse("referral_group_offers:add"), given(make_program(), **{field: "0"}))
    assert page.context["form"].errors == {field: ["Ensure this value is greater than or equal to 1."]}
    assert not GroupOffer.objects.exists()


def opened(program):
    offer = GroupOffer.objects.create(program=program, title="Three friends", size=3)
    open_group(referrer=make_link(program).referrer, offer=offer)
    return offer


def test_an_offer_that_groups_were_opened_for_stays_in_its_programme(admin_client):
    program, other = make_program(), make_program(slug="other")
    offer = opened(program)
    page = admin_client.post(reverse("referral_group_offers:edit", args=[offer.pk]), given(other))
    assert page.context["form"].errors == {
        "program": ["Groups were opened for this offer, so it stays with its programme."]
    }
    offer.refresh_from_db()
    assert offer.program == program


def test_an_offer_that_groups_were_opened_for_is_not_deleted(admin_client):
    offer = opened(make_program())
    page = admin_client.post(reverse("referral_group_offers:delete", args=[offer.pk]), follow=True)
    assert messages_of(page) == [
        "“Three friends” cannot be deleted: groups were opened for it. Untick “active” instead."
    ]
    assert (GroupOffer.objects.count(), Group.objects.count()) == (1, 1)


def test_an_unused_programme_takes_its_offers_along(admin_client):
    program = make_program()
    GroupOffer.objects.create(program=program, title="Three friends", size=3)
    assert admin_client.get(reverse("referral_programs:delete", args=[program.pk])).status_code == 200
    assert GroupOffer.objects.count() == 1
    assert admin_client.post(reverse("referral_programs:delete", args=[program.pk])).status_code == 302
    assert (Program.objects.count(), GroupOffer.objects.count()) == (0, 0)


def test_it_asks_for_its_own_right():
    program = make_program()
    stranger = staff_client("change_program")
    assert stranger.post(reverse("referral_group_offers:add"), given(program)).status_code == 302
    assert not GroupOffer.objects.exists()
    writer = staff_client("add_groupoffer", username="kai")
    assert writer.post(reverse("referral_group_offers:add"), given(program)).status_code == 302
    assert GroupOffer.objects.count() == 1
