"""The programme's form says what is left to do, from what there is."""

import pytest
from django.urls import reverse

from cms.pages.models import LandingPage, PortalPage, SharePage, TermsPage
from referral_blocks.admin.program_checklist import tasks_of
from referral_blocks.payouts.policy import SendingStop
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import CouponCode, CouponList, RewardRule
from tests.make import make_program
from tests.payout_fake import register

from .test_starter import start

pytestmark = pytest.mark.django_db


def state(program, user):
    return [(task.text, task.done) for task in tasks_of(program, user=user)]


def test_every_step_is_ticked_off_as_it_is_taken(admin_client, admin_user):
    start(admin_client)
    program = Program.objects.get()
    edit = reverse("referral_programs:edit", args=[program.pk])
    assert state(program, admin_user) == [
        ("Check the terms", False), ("Have the way of paying ready", True), ("Publish the landing page", False),
        ("Publish the share page", False), ("Publish the portal page", False), ("Publish the terms page", False),
        ("Set the programme live", False),
    ]  # fmt: skip
    page = admin_client.get(edit).content.decode()
    assert "What is left to do" in page
    assert f'href="{reverse("wagtailadmin_pages:edit", args=[SharePage.objects.get().pk])}"' in page
    Program.objects.update(terms="Ours.")
    for model in (LandingPage, SharePage, PortalPage, TermsPage):
        model.objects.get().get_latest_revision().publish()
    program.refresh_from_db()
    assert [done for _text, done in state(program, admin_user)] == [True] * 6 + [False]
    Program.objects.update(status="live")
    program.refresh_from_db()
    assert all(done for _text, done in state(program, admin_user))
    assert "What is left to do" not in admin_client.get(edit).content.decode()


def test_a_programme_without_pages_is_led_to_where_they_are_made(admin_client, admin_user):
    program = make_program(terms="")
    by_text = {task.text: task for task in tasks_of(program, user=admin_user)}
    explore = reverse("wagtailadmin_explore", args=[program.site.root_page_id])
    assert [by_text[f"Publish the {kind} page"].link for kind in ("landing", "share")] == [explore, explore]
    assert by_text["Check the terms"].hint == "There are none yet."
    assert "Publish the portal page" not in by_text


def test_the_page_that_links_lead_to_decides_not_a_newer_draft(admin_user):
    program = make_program()
    for model in (LandingPage, SharePage):
        program.site.root_page.add_child(instance=model(title="Ours", program=program))
        program.site.root_page.add_child(instance=model(title="Next year", program=program, live=False))
    program.refresh_from_db()
    by_text = {task.text: task.done for task in tasks_of(program, user=admin_user)}
    assert (by_text["Publish the landing page"], by_text["Publish the share page"]) == (True, True)


def test_a_way_of_paying_that_would_not_pay_is_named(admin_user, settings):
    program = make_program(rules=())
    words = lambda: next((t.done, t.hint) for t in tasks_of(program, user=admin_user) if "pay" in t.text)  # noqa: E731
    assert [t.text for t in tasks_of(program, user=admin_user)][1] == "Say what is given"
    codes = CouponList.objects.create(program=program, name="Summer")
    rule = RewardRule.objects.create(
        program=program, side="friend", title="Code", amount_minor=500, method="coupon", coupon_list=codes
    )
    assert words() == (False, "A code from a coupon list: no codes are left in the list.")
    CouponCode.objects.create(coupon_list=codes, code="ABC")
    assert words() == (True, "A code from a coupon list")
    RewardRule.objects.filter(pk=rule.pk).update(method="gone", coupon_list=None)
    assert words() == (False, "“gone” is no longer set up on this site.")
    register(settings)
    RewardRule.objects.filter(pk=rule.pk).update(method="fake")
    assert words() == (True, "Fake shop")
    SendingStop.objects.create(provider="", cause="person")
    assert words() == (False, "Fake shop: sending is stopped.")
