"""Drafts, schedules, workflow and permissions are Wagtail's: what a programme's pages make of them."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import (
    GroupApprovalTask,
    GroupPagePermission,
    Page,
    Site,
    Workflow,
    WorkflowPage,
    WorkflowState,
    WorkflowTask,
)

from cms.pages.models import LandingPage, PortalPage, SharePage, TermsPage
from referral_blocks.links.models import Visit
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page
from tests.referral_blocks.pages.previewing import typed

pytestmark = pytest.mark.django_db
KINDS = {"landing_page": LandingPage, "share_page": SharePage, "portal_page": PortalPage, "terms_page": TermsPage}


def front():
    return Site.objects.get(is_default_site=True).root_page


def edit_url(page):
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def landing_of(program):
    program.refresh_from_db()
    return program.landing_page_id


def location(client, code):
    return client.get(f"/r/{code}/", headers={"user-agent": "Mozilla/5.0"}).headers["Location"]


@pytest.fixture
def program():
    return make_program()


@pytest.fixture
def other():
    return make_program(slug="other", name="Other")


@pytest.mark.parametrize("field", KINDS)
def test_the_first_page_of_a_kind_becomes_the_programmes_when_it_is_published(program, field):
    first = front().add_child(instance=KINDS[field](title="First", slug="first", program=program, live=False))
    second = front().add_child(instance=KINDS[field](title="Second", slug="second", program=program, live=False))
    program.refresh_from_db()
    assert getattr(program, f"{field}_id") is None
    second.save_revision().publish()
    first.save_revision().publish()
    program.refresh_from_db()
    assert {name: getattr(program, f"{name}_id") for name in KINDS} == {
        **dict.fromkeys(KINDS, None),
        field: second.pk,
    }


def test_an_autosaved_draft_with_another_programme_leaves_both_programmes_alone(admin_client, program, other):
    page = make_landing_page(program)
    autosave = admin_client.post(edit_url(page), typed(program=other.pk), headers={"accept": "application/json"})
    assert autosave.json()["success"] is True
    draft = Page.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert (draft.title, draft.program_id) == ("Draft", other.pk)
    assert (landing_of(program), landing_of(other)) == (page.pk, None)
    assert LandingPage.objects.get().program_id == program.pk


def test_published_with_another_programme_a_page_leaves_the_old_one(admin_client, program, other):
    page = make_landing_page(program)
    link = make_link(program)
    admin_client.post(edit_url(page), {**typed(program=other.pk, slug="landing"), "action-publish": "1"})
    assert LandingPage.objects.get().program_id == other.pk
    assert (landing_of(program), landing_of(other)) == (None, page.pk)
    assert location(admin_client, link.code).startswith("http://localhost/?rt=")


def test_a_page_of_another_site_than_its_programmes_is_not_the_programmes_page(other):
    root = Page.objects.get(depth=1)
    elsewhere = root.add_child(instance=Page(title="Elsewhere", slug="elsewhere"))
    Site.objects.create(hostname="elsewhere.example.com", root_page=elsewhere)
    elsewhere.add_child(instance=LandingPage(title="Landing", slug="landing", program=other))
    assert landing_of(other) is None


def test_a_page_goes_live_when_its_time_has_come(client, program):
    link = make_link(program)
    page = make_landing_page(program, live=False)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page.save_revision().publish()
    call_command("publish_scheduled", verbosity=0)
    assert landing_of(program) is None
    assert location(client, link.code).startswith("http://localhost/?rt=")
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        call_command("publish_scheduled", verbosity=0)
    assert landing_of(program) == page.pk
    assert location(client, link.code).startswith("http://localhost/landing/?rt=")


@pytest.mark.parametrize("how", ["unpublished", "expired"])
def test_links_of_a_page_that_is_gone_lead_to_the_front_page_and_count(client, program, how):
    page, link = make_landing_page(program), make_link(program)
    assert location(client, link.code).startswith("http://localhost/landing/?rt=")
    if how == "unpublished":
        page.unpublish()
    else:
        LandingPage.objects.update(expire_at=timezone.now() - timedelta(minutes=1))
        call_command("publish_scheduled", verbosity=0)
    assert not LandingPage.objects.get().live
    assert location(client, link.code).startswith("http://localhost/?rt=")
    assert Visit.objects.count() == 2
    assert landing_of(program) == page.pk  # published again, it is the programme's page as before
    LandingPage.objects.get().save_revision().publish()
    assert location(client, link.code).startswith("http://localhost/landing/?rt=")


def test_a_deleted_page_leaves_its_place_to_the_next_that_is_published(program):
    page = make_landing_page(program)
    page.delete()
    assert landing_of(program) is None
    following = make_landing_page(program, slug="next", live=False)
    assert landing_of(program) is None
    following.save_revision().publish()
    assert landing_of(program) == following.pk


def make_user(name, *permissions):
    group = Group.objects.create(name=name)
    group.permissions.add(Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin"))
    for codename in permissions:
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.create(group=group, page=front(), permission=permission)
    user = User.objects.create_user(name, f"{name}@example.com", "x")
    user.groups.add(group)
    return user


def test_an_editor_without_the_right_to_publish_does_not(client, program):
    page = make_landing_page(program, live=False)
    client.force_login(make_user("editor", "add_page", "change_page"))
    html = client.get(edit_url(page)).content.decode()
    assert 'name="action-publish"' not in html
    client.post(edit_url(page), {**typed(program=program.pk), "action-publish": "1"})
    assert Page.objects.get(pk=page.pk).get_latest_revision_as_object().title == "Draft"
    assert not LandingPage.objects.get().live
    assert landing_of(program) is None


def test_somebody_without_a_right_to_the_page_neither_edits_nor_previews_it(client, program):
    page = make_landing_page(program, live=False)
    page.save_revision()
    client.force_login(make_user("stranger"))
    assert client.get(edit_url(page)).status_code == 302
    assert client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]), {"mode": "referrer"}).status_code == 302
    assert client.post(edit_url(page), {**typed(program=program.pk), "action-publish": "1"}).status_code == 302
    assert not LandingPage.objects.get().live


def test_submitted_and_approved_a_page_is_published(client, program):
    editor, boss = make_user("editor", "add_page", "change_page"), make_user("boss", "change_page", "publish_page")
    task = GroupApprovalTask.objects.create(name="Look at it")
    task.groups.add(boss.groups.get())
    workflow = Workflow.objects.create(name="Approval")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(workflow=workflow, page=front())
    page = make_landing_page(program, live=False)

    client.force_login(editor)
    client.post(edit_url(page), {**typed(program=program.pk), "action-submit": "1"})
    state = WorkflowState.objects.get(object_id=str(page.pk))
    assert (state.status, LandingPage.objects.get().live, landing_of(program)) == ("in_progress", False, None)

    client.force_login(boss)
    shown = reverse("wagtailadmin_pages:workflow_preview", args=[page.pk, state.current_task_state.task_id])
    assert b"Typed just now" in client.get(shown).content
    action = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.current_task_state.pk])
    client.post(action, {"comment": ""})
    state.refresh_from_db()
    assert (state.status, LandingPage.objects.get().live, landing_of(program)) == ("approved", True, page.pk)


def test_a_copy_stands_beside_the_programmes_page_and_does_not_replace_it(program):
    page = make_landing_page(program)
    copy = page.copy(update_attrs={"slug": "copy", "title": "Copy"}, keep_live=True)
    assert (copy.live, copy.program_id, landing_of(program)) == (True, program.pk, page.pk)
    assert [block.block_type for block in copy.body] == [block.block_type for block in page.body]


def test_an_alias_shows_the_same_and_is_never_the_programmes_page(client, program):
    page = make_landing_page(program, live=False)
    page.save_revision().publish()
    alias = page.create_alias(update_slug="same")
    program.__class__.objects.update(landing_page=None)
    page.save_revision().publish()
    assert LandingPage.objects.get(pk=alias.pk).live
    assert landing_of(program) == page.pk
    assert b"Windows so clean" in client.get("/same/").content
