"""The demo's three programmes and what each promises: Wren Lane Windows' neighbours and businesses, and Tallyfinch."""

from __future__ import annotations

import os
from datetime import timedelta

from django.utils import timezone
from wagtail.models import Site

from referral_blocks.core.money import POINTS
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.programs.models import Period, Program, ProgramStatus
from referral_blocks.rewards.models import Approval, RewardRule, Side, Trigger

from .sandbox.runa import API_KEY as RUNA_SANDBOX_KEY

NEIGHBOURS, BUSINESSES, SOFTWARE = "bring-a-neighbour", "bring-a-business", "give-credit"
SEASON = timedelta(days=75)  # how long the businesses' programme runs from when it is loaded, so that it is never over
TERMS = (
    "Demo data: this window cleaner does not exist.\n\n"
    "You may invite anybody who is not a customer yet. A friend counts once their first clean is paid for, "
    "within 90 days of leaving their details. Your reward waits 14 days and for our approval; theirs comes off the "
    "first invoice. Nobody can invite themselves."
)
BUSINESS_TERMS = (
    "Demo data: this window cleaner does not exist.\n\n"
    "You may recommend us to any shop or office that is not a customer yet. It counts once its first clean "
    "is paid for, within 90 days of leaving its details. You are paid to your bank account, after 14 days and our "
    "approval; they get a gift card at once. No real money moves in this demo."
)
SOFTWARE_TERMS = (
    "Demo data: this invoicing tool does not exist.\n\n"
    "You may invite anybody who has no Tallyfinch account yet. A friend counts once they pay for Pro, within 90 days "
    "of their trial’s start. Their credit is booked at once, yours fourteen days later; it is taken off coming "
    "invoices and not paid out in cash. Points have no value in money. Nobody can invite themselves."
)
# What a gift card is bought of: the stand-in's own catalogue, or the selection in pounds that Runa's playground has.
SANDBOX_CARD = {"product": "SBX-ANY-GB"}
PLAYGROUND_CARD = {"template_id": "PT-01HPPT8ME05693EG77RCGKMX7N"}


def neighbours(site: Site) -> Program:
    """Rewards that staff hand over, and something extra for the third neighbour."""
    program, created = _program(site, slug=NEIGHBOURS, name="Bring a neighbour", terms=TERMS)
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
        RewardRule.objects.create(
            program=program,
            side=Side.REFERRER,
            title="A free clean",
            amount_minor=3800,
            friend_from=3,
            friend_to=3,
            instructions="Book the next clean free of charge.",
            hold_days=14,
            approval=Approval.PERSON,
        )
    return program


def businesses(site: Site) -> Program:
    """Cash through Stripe for the referrer, a gift card through Runa for the friend, limits for both, and an end."""
    program, created = _program(site, slug=BUSINESSES, name="Bring a business", terms=BUSINESS_TERMS)
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
    if program.ends_at is None or program.ends_at <= timezone.now():
        program.ends_at = timezone.now() + SEASON
        program.save(update_fields=["ends_at"])
    # A single reward goes out at once; a run of three asks for a second person.
    limits = {"second_person_minor": 10_000, "daily_cap_minor": 50_000}
    PayoutPolicy.objects.get_or_create(program=program, currency="GBP", defaults=limits)
    return program


def software(site: Site) -> Program:
    """Account credit through Stripe for both sides, milestones, and points for trials; in a theme of its own."""
    program, created = _program(
        site, slug=SOFTWARE, name="Give credit, get credit", terms=SOFTWARE_TERMS, currency="EUR", theme="signal"
    )
    if created:
        credit = {"program": program, "method": "stripe_credit", "approval": Approval.AUTOMATIC}
        friend, referrer = Side.FRIEND, Side.REFERRER
        RewardRule.objects.create(**credit, side=friend, title="€40 in account credit", amount_minor=4000, hold_days=0)
        RewardRule.objects.create(
            **credit, side=referrer, title="€40 in account credit", amount_minor=4000, hold_days=14
        )
        for number, euros in ((3, 60), (10, 300)):
            RewardRule.objects.create(
                **credit,
                side=referrer,
                title=f"€{euros} more",
                amount_minor=euros * 100,
                friend_from=number,
                friend_to=number,
                hold_days=14,
            )
        RewardRule.objects.create(
            program=program,
            side=referrer,
            trigger=Trigger.SIGN_UP,
            title="50 points",
            amount_minor=50,
            currency=POINTS,
            method="points",
            hold_days=0,
            approval=Approval.AUTOMATIC,
        )
        for price, title, minor in ((150, "An enamel mug with a finch on it", 1400), (400, "A finch jumper", 4500)):
            RewardRule.objects.create(
                program=program,
                side=referrer,
                trigger=Trigger.POINTS,
                title=title,
                amount_minor=minor,
                points_price=price,
                stock=40,
                hold_days=0,
                approval=Approval.AUTOMATIC,
                instructions="Post it, with a thank-you card.",
            )
    return program


def _program(site: Site, *, slug: str, **fields: str) -> tuple[Program, bool]:
    defaults = {"currency": "GBP", "status": ProgramStatus.LIVE, "leaderboard_period": Period.EVER, **fields}
    return Program.objects.get_or_create(site=site, slug=slug, defaults=defaults)
