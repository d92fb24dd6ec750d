"""Loads the demo site: its programmes and pages, a referrer, an administrator and an API key; twice is as once."""

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

from cms.pages.models import HomePage
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import check_api_key, create_api_key, revoke_api_key
from referral_blocks.flows.join_program import join_program
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import link_url
from referral_blocks.links.services import primary_link
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.theming.models import SiteTheme

from .programs import businesses, neighbours, software
from .tree import Programs, grow

ADMIN = "admin"
REFERRER_EMAIL = "robin@example.com"
SITE_NAME = "Referral Blocks demo"  # of neither business: both live on this one site


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
    business_program: str
    business_landing_url: str
    business_share_url: str
    software_program: str
    software_landing_url: str
    software_share_url: str
    stripe_sandbox: str  # address of the stand-in; empty where the real one is used
    runa_sandbox: str


def load_demo(*, port: int, file: Path, stripe_sandbox: str = "", runa_sandbox: str = "") -> Demo:
    """Make what is missing and write ``file``; passwords and keys in it that still work are kept."""
    known = _read(file)
    with transaction.atomic():
        site = _site(port)
        programs = demo_programs(site)
        grow(site=site, programs=programs)
        program, business, credit = programs.neighbours, programs.businesses, programs.software
        for one in (program, business, credit):
            one.refresh_from_db()  # their pages were noted in the database
        link = _referrer(program)
        demo = Demo(
            base_url=site.root_url + "/",
            admin_url=site.root_url + reverse("wagtailadmin_home"),
            admin_username=ADMIN,
            admin_password=_administrator(known.get("admin_password", "")),
            graphql_url=site.root_url + "/graphql/",
            api_key=_api_key(site, known.get("api_key", "")),
            program=program.slug,
            landing_url=_url(program.landing_page),
            share_url=_url(program.share_page),
            code=link.code,
            link=link_url(link),
            business_program=business.slug,
            business_landing_url=_url(business.landing_page),
            business_share_url=_url(business.share_page),
            software_program=credit.slug,
            software_landing_url=_url(credit.landing_page),
            software_share_url=_url(credit.share_page),
            stripe_sandbox=stripe_sandbox,
            runa_sandbox=runa_sandbox,
        )
    _write(file, {name: getattr(demo, name) for name in Demo.__slots__})
    return demo


def demo_programs(site: Site) -> Programs:
    """All three, made where they are missing."""
    return Programs(neighbours(site), businesses(site), software(site))


def _url(page: Any) -> str:
    return str(page.full_url)


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
        home = Page.get_first_root_node().add_child(instance=HomePage(title="Two imagined businesses", slug="demo"))
        site.root_page = home
        site.site_name = SITE_NAME
        site.hostname = "localhost"
        site.save()
        if not welcome.get_children().exists():
            welcome.delete()
    if site.port != port:
        site.port = port
        site.save()
    SiteTheme.objects.get_or_create(site=site, defaults={"theme": "street"})
    return site


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
    return create_api_key(site_id=site.pk, name="Demo", scopes=(Scope.SALES_WRITE, Scope.ACTIVITY_READ))[1]


def demo_file() -> Path:
    """Where the demo says how to get in."""
    return Path(settings.DATA_DIR) / "demo.json"
