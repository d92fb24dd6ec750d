"""The demo's two programmes with their pages: neighbours, rewarded by hand, and businesses, paid through providers."""

from __future__ import annotations

import os

from wagtail.models import Site

from cms.pages.models import LandingPage, SharePage
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.rewards.models import Approval, RewardRule, Side

from .content import Stream, business_landing_body, business_share_body, landing_body, share_body
from .sandbox.runa import API_KEY as RUNA_SANDBOX_KEY

NEIGHBOURS, BUSINESSES = "bring-a-neighbour", "bring-a-business"
IMAGINED = "Demo data: this window cleaner does not exist.\n\n"
TERMS = (
    IMAGINED + "You may invite anybody who is not a customer yet. A friend counts once their first clean is paid for, "
    "within 90 days of leaving their details. Your reward waits 14 days and for our approval; theirs comes off the "
    "first invoice. Nobody can invite themselves."
)
BUSINESS_TERMS = (
    IMAGINED + "You may recommend us to any shop or office that is not a customer yet. It counts once its first clean "
    "is paid for, within 90 days of leaving its details. You are paid to your bank account, after 14 days and our "
    "approval; they get a gift card at once. No real money moves in this demo."
)
# What a gift card is bought of: the stand-in's own catalogue, or the selection in pounds that Runa's playground has.
SANDBOX_CARD = {"product": "SBX-ANY-GB"}
PLAYGROUND_CARD = {"template_id": "PT-01HPPT8ME05693EG77RCGKMX7N"}


def neighbours(site: Site) -> Program:
    """Rewards that staff hand over."""
    program, created = _program(site, NEIGHBOURS, "Bring a neighbour", TERMS)
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


def businesses(site: Site) -> Program:
    """Cash through Stripe for the referrer, a gift card through Runa for the friend, and limits for both."""
    program, created = _program(site, BUSINESSES, "Bring a business", BUSINESS_TERMS)
    if created:
        RewardRule.objects.create(
            program=program,
            side=Side.REFERRER,
            title="£50 in cash",
            amount_minor=5000,
            method="stripe",
            hold_days=14,
            approval=Approval.PERSON,
        )
        at_sandbox = os.environ.get("RUNA_API_KEY", RUNA_SANDBOX_KEY) == RUNA_SANDBOX_KEY
        RewardRule.objects.create(
            program=program,
            side=Side.FRIEND,
            title="£25 gift card",
            amount_minor=2500,
            method="runa",
            method_options=SANDBOX_CARD if at_sandbox else PLAYGROUND_CARD,
            hold_days=0,
            approval=Approval.AUTOMATIC,
        )
    # A single reward goes out at once; a run of three asks for a second person.
    limits = {"second_person_minor": 10_000, "daily_cap_minor": 50_000}
    PayoutPolicy.objects.get_or_create(program=program, currency="GBP", defaults=limits)
    return program


def neighbour_pages(site: Site, program: Program) -> tuple[LandingPage, SharePage]:
    return _pages(site, program, landing_body(), share_body(), "share")


def business_pages(site: Site, program: Program) -> tuple[LandingPage, SharePage]:
    return _pages(site, program, business_landing_body(), business_share_body(), "recommend")


def _program(site: Site, slug: str, name: str, terms: str) -> tuple[Program, bool]:
    defaults = {"name": name, "currency": "GBP", "status": ProgramStatus.LIVE, "terms": terms}
    return Program.objects.get_or_create(site=site, slug=slug, defaults=defaults)


def _pages(
    site: Site, program: Program, landing_stream: Stream, share_stream: Stream, share_slug: str
) -> tuple[LandingPage, SharePage]:
    landing = LandingPage.objects.filter(program=program).first()
    if landing is None:
        landing = LandingPage(title=program.name, slug=program.slug, program=program, body=landing_stream)
        site.root_page.add_child(instance=landing)
        landing.save_revision().publish()
    share = SharePage.objects.filter(program=program).first()
    if share is None:
        share = SharePage(title="Share and earn", slug=share_slug, program=program, body=share_stream)
        landing.add_child(instance=share)
        share.save_revision().publish()
    return landing, share
