"""From an empty site to a published programme, as a marketer who may not publish."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from playwright.sync_api import Browser, Locator, Page, expect
from wagtail.models import GroupApprovalTask, GroupPagePermission, Site, Workflow, WorkflowPage, WorkflowTask

from cms.pages.models import LandingPage, SharePage
from referral_blocks.programs.models import Program
from referral_blocks.theming.models import SiteTheme
from tests.browser import chromium

from .steps import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
PATIENTLY = 20_000  # ms; Wagtail loads a preview twice over
SHOTS = os.environ.get("JOURNEY_SHOTS")  # a folder, for whoever wants to look


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def site(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port), site_name="Bright Windows")
    return Site.objects.get()


@pytest.fixture
def team(site):
    """A marketer who edits pages, programmes and themes, and a manager who publishes by workflow."""
    rights = ["add_program", "change_program", "view_program", "change_sitetheme", "add_sitetheme", "view_sitetheme"]
    marketers = _group("Marketers", rights, site, ["add_page", "change_page"])
    managers = _group("Managers", [], site, ["add_page", "change_page", "publish_page"])
    User.objects.create_user("mara", password="a-long-secret").groups.add(marketers)
    User.objects.create_user("max", password="a-long-secret").groups.add(managers)
    task = GroupApprovalTask.objects.create(name="A manager's approval")
    task.groups.add(managers)
    workflow = Workflow.objects.create(name="Approval")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(workflow=workflow, page=site.root_page)


def _group(name: str, rights: list[str], site: Site, on_pages: list[str]) -> Group:
    group = Group.objects.create(name=name)
    group.permissions.set(Permission.objects.filter(codename__in=[*rights, "access_admin"]))
    for codename in on_pages:
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.create(group=group, page=site.root_page, permission=permission)
    return group


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def sign_in(browser: Browser, address: str, name: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-GB")
    page.goto(f"{address}/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("a-long-secret")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Dashboard").first).to_be_attached()
    return page


def test_from_an_empty_site_to_a_published_programme(browser, live_server, team):
    marketer = sign_in(browser, live_server.url, "mara")
    landing = start(marketer, live_server.url)
    dress(marketer, live_server.url)
    rearrange(marketer, landing)
    preview_as_friend(marketer)
    submit(marketer)
    marketer.goto(f"{live_server.url}/admin/pages/{SharePage.objects.get().pk}/edit/")
    submit(marketer)
    assert not LandingPage.objects.get().live
    manager = sign_in(browser, live_server.url, "max")
    for kind in (LandingPage, SharePage):
        approve(manager, live_server.url, kind.objects.get().pk)
    set_live(marketer, live_server.url)
    see_it(browser, LandingPage.objects.get().full_url)


def start(page: Page, address: str) -> int:
    """The marketer picks a starter; everything is there, as drafts."""
    page.goto(f"{address}/admin/referrals/programmes/")
    page.get_by_role("link", name="New referral programme").click()
    page.get_by_role("link", name="Gift cards for both").click()
    page.get_by_label("Name of the programme").fill("Bring a neighbour")
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_label("Your new customer gets a gift card of").fill("15")
    page.get_by_role("button", name="Make programme and pages").click()
    page.wait_for_url("**/admin/pages/*/edit/")
    expect(page.get_by_text("is ready as a draft")).to_be_visible()
    assert [LandingPage.objects.get().live, SharePage.objects.get().live] == [False, False]
    return LandingPage.objects.get().pk


def dress(page: Page, address: str) -> None:
    """Theme and brand of the site: an illegible pair is refused with the nearest that works, which is then taken."""
    page.goto(f"{address}/admin/referrals/themes/new/")
    page.get_by_role("combobox", name="Theme").select_option("paper")
    page.locator("#id_accent").fill("#e8d44d")
    page.locator("#id_on_accent").fill("#ffffff")
    page.get_by_role("button", name=re.compile("^(Save|Create)$")).click()
    refusal = page.get_by_text("The nearest that works").first
    expect(refusal).to_be_visible()
    assert not SiteTheme.objects.exists()
    ground = re.search(r"change what is below to (#[0-9a-f]{6})", refusal.inner_text()).group(1)
    page.locator("#id_accent").fill(ground)
    page.get_by_role("button", name=re.compile("^(Save|Create)$")).click()
    page.wait_for_url(re.compile(r"/themes/(?!new)"))
    assert SiteTheme.objects.values_list("theme", "accent").get() == ("paper", ground)


def rearrange(page: Page, landing: int) -> None:
    """The second block goes below the third, and the hero gets a heading of its own."""
    page.goto(f"{page.url.split('/admin/')[0]}/admin/pages/{landing}/edit/")
    names = [block.block_type for block in LandingPage.objects.get(pk=landing).body]
    block_at(page, 1).get_by_role("button", name="Move down").click()
    page.locator("[name='body-0-value-heading']").fill("Windows that make the street talk")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text(re.compile("has been (updated|saved)"))).to_be_visible()
    moved = [names[0], names[2], names[1], *names[3:]]
    draft = LandingPage.objects.get(pk=landing).get_latest_revision_as_object()
    assert [block.block_type for block in draft.body] == moved


def block_at(page: Page, place: int) -> Locator:
    return page.locator("[data-streamfield-child]").nth(place)


def preview_as_friend(page: Page) -> None:
    page.get_by_role("button", name="Toggle preview").first.click()
    preview = page.frame_locator("#w-preview-iframe")
    expect(preview.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENTLY)
    page.wait_for_load_state("networkidle")  # Wagtail forgets a choice that is made while it still loads
    page.locator("#id_preview_mode").select_option(label="Friend whom Alex invited")
    expect(preview.get_by_role("heading", name="Windows that make the street talk")).to_be_visible(timeout=PATIENTLY)
    expect(preview.get_by_text("Alex invited you")).to_be_visible(timeout=PATIENTLY)
    shot(page, "preview")
    page.wait_for_load_state("networkidle")
    page.locator("#id_preview_mode").select_option(label="Visitor")
    expect(preview.get_by_text("Alex invited you")).not_to_be_attached(timeout=PATIENTLY)
    page.get_by_role("button", name="Toggle preview").first.click()


def submit(page: Page) -> None:
    """The marketer cannot publish, and hands the page in."""
    more = page.get_by_role("button", name="More actions")
    if more.count():
        more.first.click()
    assert page.get_by_role("button", name="Publish", exact=True).count() == 0
    page.get_by_role("button", name=re.compile("Submit")).first.click()
    expect(page.get_by_text("has been submitted for moderation")).to_be_visible()


def approve(page: Page, address: str, page_id: int) -> None:
    page.goto(f"{address}/admin/pages/{page_id}/edit/")
    page.get_by_role("button", name="More actions").first.click()
    page.get_by_role("button", name=re.compile("^Approve")).first.click()
    expect(page.get_by_role("status").get_by_role("listitem")).to_contain_text("has been")


def set_live(page: Page, address: str) -> None:
    program = Program.objects.get()
    assert (program.landing_page_id, program.share_page_id) == (
        LandingPage.objects.get().pk,
        SharePage.objects.get().pk,
    )
    page.goto(f"{address}/admin/referrals/programmes/edit/{program.pk}/")
    page.locator("#id_status").select_option("live")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("updated").first).to_be_visible()
    assert Program.objects.get().is_open


def see_it(browser: Browser, address: str) -> None:
    """What a stranger gets: the new order in the new look, with the real offer, and no complaint of the browser's."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Windows that make the street talk")
    expect(page.get_by_text("£15 gift card").first).to_be_visible()
    assert page.locator("html").get_attribute("data-rb-theme") == "paper"
    assert complaints == []
    shot(page, "published-phone")
    context.close()
