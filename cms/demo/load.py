"""Loads the demo site: a programme with its pages, a referrer, an administrator and an API key; twice is as once."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.urls import reverse
from wagtail.models import Page, Site

from cms.pages.models import HomePage, LandingPage, SharePage
from referral_blocks.access.models import ApiKey
from referral_blocks.access.services import check_api_key, create_api_key, revoke_api_key
from referral_blocks.flows.join_program import join_program
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import link_url
from referral_blocks.links.services import primary_link
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Approval, RewardRule, Side
from referral_blocks.theming.models import SiteTheme

from .content import home_body, landing_body, share_body

ADMIN = "admin"
SLUG = "bring-a-neighbour"
PROGRAM_NAME = "Bring a neighbour"
TERMS = (
    "Demo data: this window cleaner does not exist.\n\n"
    "You may invite anybody who is not a customer yet. A friend counts once their first clean is paid for, within 90 "
    "days of leaving their details. Your reward waits 14 days and for our approval; theirs comes off the first "
    "invoice. Nobody can invite themselves."
)
REFERRER_EMAIL = "robin@example.com"


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo holds and how to get in; written to demo.json, which only its owner can read."""

    base_url: str
    admin_url: str
    admin_username: str
    admin_password: str
    graphql_url: str
    api_key: str
    program: str
    landing_url: str
    share_url: str
    code: str
    link: str


def load_demo(*, port: int, file: Path) -> Demo:
    """Make what is missing and write ``file``; passwords and keys in it that still work are kept."""
    known = _read(file)
    with transaction.atomic():
        site = _site(port)
        program = _program(site)
        landing, share = _pages(site, program)
        link = _referrer(program)
        demo = Demo(
            base_url=site.root_url + "/",
            admin_url=site.root_url + reverse("wagtailadmin_home"),
            admin_username=ADMIN,
            admin_password=_administrator(known.get("admin_password", "")),
            graphql_url=site.root_url + "/graphql/",
            api_key=_api_key(site, known.get("api_key", "")),
            program=program.slug,
            landing_url=landing.full_url,
            share_url=share.full_url,
            code=link.code,
            link=link_url(link),
        )
    _write(file, {name: getattr(demo, name) for name in Demo.__slots__})
    return demo


def _read(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, content: dict[str, str]) -> None:
    """Whole or not at all: somebody may be waiting for the file."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(file)


def _site(port: int) -> Site:
    home = HomePage.objects.first()
    site = Site.objects.select_related("root_page").get(is_default_site=True)
    if home is None:
        welcome = site.root_page
        home = Page.get_first_root_node().add_child(
            instance=HomePage(title="Bright Windows (demo)", slug="bright-windows", body=home_body())
        )
        site.root_page = home
        site.site_name = "Bright Windows (demo)"
        site.hostname = "localhost"
        site.save()
        if not welcome.get_children().exists():
            welcome.delete()
    if site.port != port:
        site.port = port
        site.save()
    SiteTheme.objects.get_or_create(site=site, defaults={"theme": "street"})
    return site


def _program(site: Site) -> Program:
    program, created = Program.objects.get_or_create(
        site=site,
        slug=SLUG,
        defaults={"name": PROGRAM_NAME, "currency": "GBP", "status": ProgramStatus.LIVE, "terms": TERMS},
    )
    if created:
        # The referrer's reward shows a hold and a person's approval; the friend's is approved at once.
        RewardRule.objects.create(
            program=program,
            side=Side.REFERRER,
            title="£20 gift card",
            amount_minor=2000,
            instructions="Hand over or post a £20 card from the office drawer.",
            hold_days=14,
            approval=Approval.PERSON,
        )
        RewardRule.objects.create(
            program=program,
            side=Side.FRIEND,
            title="£10 off the first clean",
            amount_minor=1000,
            instructions="Take £10 off the friend’s first invoice.",
            hold_days=0,
            approval=Approval.AUTOMATIC,
        )
    return program


def _pages(site: Site, program: Program) -> tuple[LandingPage, SharePage]:
    home = site.root_page
    landing = LandingPage.objects.filter(program=program).first()
    if landing is None:
        landing = LandingPage(title=PROGRAM_NAME, slug=SLUG, program=program, body=landing_body())
        home.add_child(instance=landing)
        landing.save_revision().publish()
    share = SharePage.objects.filter(program=program).first()
    if share is None:
        share = SharePage(title="Share and earn", slug="share", program=program, body=share_body())
        landing.add_child(instance=share)
        share.save_revision().publish()
    return landing, share


def _referrer(program: Program) -> ReferralLink:
    referrer = Referrer.objects.filter(program=program, person__email_key=REFERRER_EMAIL).first()
    if referrer is not None:
        return primary_link(referrer=referrer)
    return join_program(
        program=program, email=REFERRER_EMAIL, name="Robin Example", accept_terms=True, greeting_consent=True
    ).link


def _administrator(known: str) -> str:
    model = get_user_model()
    user: AbstractUser = model.objects.filter(username=ADMIN).first() or model(username=ADMIN, email=REFERRER_EMAIL)
    if user.pk and known and user.check_password(known):
        return known
    password = secrets.token_urlsafe(12)
    user.is_staff = user.is_superuser = user.is_active = True
    user.email = "admin@example.com"
    user.set_password(password)
    user.save()
    return password


def _api_key(site: Site, known: str) -> str:
    key = check_api_key(text=known)
    if key is not None and key.site_id == site.pk:
        return known
    for old in ApiKey.objects.filter(site=site, name="Demo"):
        revoke_api_key(key=old)
    return create_api_key(site_id=site.pk, name="Demo")[1]


def demo_file() -> Path:
    """Where the demo says how to get in."""
    return Path(settings.DATA_DIR) / "demo.json"
