"""Two sites, three programmes and four referrers, each with the same story, marked by whose it is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from wagtail.models import Page, Site

from cms.pages.models import LandingPage, TermsPage
from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key, revoke_api_key, rotate_api_key
from referral_blocks.activity.cursor import present_cursor
from referral_blocks.core.conf import Conf
from referral_blocks.core.crypto import encrypt
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.create_link import create_link
from referral_blocks.flows.exchange_points import exchange_points
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.fraud.models import ReviewDecision, RiskSignal
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.ledger.models import PointsLot
from referral_blocks.ledger.points import add_points
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutChange, PayoutItem
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.payouts.run import PayoutRun, PayoutRunChange
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral, ReferralChange
from referral_blocks.referrals.services import set_review
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import CouponCode, CouponList, Reward, RewardChange, RewardRule, RuleCondition
from referral_blocks.sales.models import ImportState, SaleImport, SaleImportRow
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint, WebhookEndpointChange
from tests.graphql_api.permissions.markers import ADDRESS, OWNER, mark, plant
from tests.payout_fake import PATH
from tests.referral_blocks.blocks.test_portal_blocks import RULES
from tests.security.blocks import hostile_body
from tests.security.world import _picture

FAR_HOST = "far.example.com"
CARD = "https://cards.example.com/zz-{who}-mine-card"
PROVIDERS = {**Conf().PAYOUT_PROVIDERS, "bank": {"path": PATH, "options": {"needs_account": True}}}
MORE_RULES = (
    {"side": "friend", "title": "£10 off", "amount_minor": 1000, "limit_per_person": 9, "months": 12},
    {"side": "referrer", "title": "Cash", "amount_minor": 700, "method": "bank", "sale_to": 2},
    {"side": "referrer", "title": "Mug", "amount_minor": 800, "trigger": "points", "points_price": 300, "stock": 50},
)
# Where a row that is not itself marked finds whose it is; the first that is set.
WAYS = (
    "person", "referrer", "opener", "friend", "link", "referral", "reward", "payout", "sale", "subject", "group",
    "sale_import", "run", "endpoint", "account", "entry", "rule", "coupon_list", "offer", "program", "site",
)  # fmt: skip


@dataclass
class Story:
    """One referrer and all that is theirs."""

    who: str
    program: Program
    referrer: Referrer
    link: ReferralLink
    code: str
    referrals: list[Referral] = field(default_factory=list)
    rows: dict[str, Any] = field(default_factory=dict)

    def address(self, number: int | str) -> str:
        return f"{mark(self.who, 'ppl')}{number}@example.com" if number != "robin" else address_of(self.who)


@dataclass
class World:
    own: Story
    peer: Story
    next: Story
    far: Story
    keys: dict[str, str]  # name → its text
    key_rows: dict[str, ApiKey]
    image: Any
    start: str  # a cursor before all that has happened
    people: dict[int, str] = field(default_factory=dict)
    hooks: dict[str, WebhookEndpoint] = field(default_factory=dict)
    deliveries: dict[str, WebhookDelivery] = field(default_factory=dict)
    pages: dict[str, LandingPage] = field(default_factory=dict)

    @property
    def stories(self) -> tuple[Story, ...]:
        return (self.own, self.peer, self.next, self.far)

    def owner_of(self, row: models.Model) -> str:
        """Whose a row is: a referrer’s, or else the site’s."""
        if isinstance(row, Person):
            return self.people[row.pk]
        if isinstance(row, Program):
            return "far" if row.pk == self.far.program.pk else "site"
        if isinstance(row, Site):
            return "far" if row.hostname == FAR_HOST else "site"
        related = {f.name for f in row._meta.concrete_fields if f.is_relation}
        for way in WAYS:
            if way in related and (found := getattr(row, way)) is not None:
                return self.owner_of(found)
        return "site"


def make_world() -> World:
    here, far_site = Site.objects.get(is_default_site=True), _far_site()
    start = str(present_cursor())
    first, other = _program(here, "neighbours"), _program(here, "colleagues")
    far = _program(far_site, "neighbours")
    keys: dict[str, str] = {}
    rows: dict[str, ApiKey] = {}
    stories = [_story(first, "own"), _story(first, "peer"), _story(other, "next"), _story(far, "far")]
    world = World(*stories, keys=keys, key_rows=rows, image=_picture(), start=start)
    for story in stories:
        world.people[story.referrer.person_id] = story.who
        world.people |= {referral.friend_id: f"{story.who}kin" for referral in story.referrals}
    _keys(world, here, far_site)
    for site in (here, far_site):
        _webhooks(world, site)
    plant(world.owner_of)
    Person.objects.update(country="GB", locale="en", email_verified_at=timezone.now())
    ReferralLink.objects.update(greeting_name="Robin")
    body = hostile_body(("Words",), world.image.pk)
    (figures,) = [block["value"] for block in body if block["type"] == "stat_row"]
    for stat in figures["stats"]:
        stat["value"]["figure"] = "typed"  # small figures of one’s own are not shown
    for site, program in ((here, first), (far_site, far)):
        page = LandingPage(title="All", slug="all", program=program, body=body, search_description="All blocks")
        page.share_image = world.image
        page.first_published_at = page.last_published_at = timezone.now()
        site.root_page.specific.add_child(instance=page)
        world.pages["far" if site is far_site else "site"] = page
        terms = site.root_page.specific.add_child(instance=TermsPage(title="Terms", slug="terms", program=program))
        Program.objects.filter(pk=program.pk).update(terms_page=terms)
    # It is written once a minute, whoever asks: not while these tests run.
    ApiKey.objects.update(last_used_at=timezone.now() + timedelta(hours=1))
    return world


def _webhooks(world: World, site: Site) -> None:
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.create(
        site=site, url="https://hooks.example.com/", kinds=["sale.recorded"], secret=encrypt("whsec_x"), strikes=1,
        old_secret_until=now + timedelta(days=3), failing_since=now, resting_until=now,
    )  # fmt: skip
    WebhookEndpointChange.objects.create(subject=endpoint, field="status", from_state="off", to_state="on", reason="x")
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, message_id="x", kind="sale.recorded", body="{}", state="failed", tries=3, next_try_at=now,
        give_up_at=now, tried_at=now, delivered_at=now, status_code=500, problem="status", answer="x", milliseconds=9,
    )  # fmt: skip
    who = "far" if site.hostname == FAR_HOST else "site"
    world.hooks[who], world.deliveries[who] = endpoint, delivery


def _far_site() -> Site:
    root = Page.objects.filter(depth=1).get()
    home = root.add_child(instance=Page(title="Far", slug="far-home"))
    return Site.objects.create(hostname=FAR_HOST, root_page=home)


def _program(site: Site, slug: str) -> Program:
    program = Program.objects.create(
        site=site, name=slug, slug=slug, currency="GBP", status=ProgramStatus.LIVE, terms="Be kind.",
        payout_mode="runs", ends_at=timezone.now() + timedelta(days=90), starts_at=timezone.now() - timedelta(days=9),
    )  # fmt: skip
    for rule in (*RULES, *MORE_RULES):
        RewardRule.objects.create(program=program, **rule)
    friends = RewardRule.objects.get(program=program, title="£10 off")
    for fact, operator, value in (("sale.amount", "gte", "5"), ("friend.kind", "eq", "person")):
        RuleCondition.objects.create(rule=friends, fact=fact, operator=operator, value=value)
    GroupOffer.objects.create(program=program, title="Three together", size=3, hours=72)
    GroupOffer.objects.create(program=program, title="Two together", size=2, hours=72)
    return program


def address_of(who: str) -> str:
    """A referrer’s own, which they are shown themselves."""
    return f"{mark(who, ADDRESS)}robin@example.com"


def _story(program: Program, who: str) -> Story:
    given = {"accept_terms": True, "greeting_consent": True}
    person = mark(who, "ppl")
    link = join_program(program=program, email=address_of(who), name=f"Robin {person}", **given).link
    link.code = f"ZZ-{who.upper()}-CODE-0"
    link.save(update_fields=["code"])
    referrer = link.referrer
    shown = create_link(referrer=referrer, code=f"ZZ-{who.upper()}-CODE-1")
    shown.expires_at = timezone.now() + timedelta(days=300)
    shown.save(update_fields=["expires_at"])
    story = Story(who, program, referrer, shown, shown.code)
    Person.objects.filter(pk=referrer.person_id).update(phone="+441")
    for number in range(4):
        story.referrals.append(
            capture_referral(
                program=program, email=story.address(number), name=f"Kim {person}", accept_terms=True,
                code=story.code,
            ).referral
        )  # fmt: skip
    for number in range(3):
        record_sale(
            program=program, amount="50", currency="GBP", source="api", external_id=f"{mark(who, 'sal')}{number}",
            friend_email=story.address(number), product="Windows",
        )  # fmt: skip
    reverse_sale(
        program=program, source="api", external_id=f"{mark(who, 'sal')}0", reversal_id=f"{mark(who, 'sal')}r",
        kind="refund", amount="10",
    )  # fmt: skip
    _group(story)
    add_points(key=f"p{who}", program_id=program.pk, person_id=referrer.person_id, points=1450)
    PointsLot.objects.filter(key=f"p{who}").update(expires_at=timezone.now() + timedelta(days=30))
    mug = RewardRule.objects.get(program=program, title="Mug")
    exchange_points(referrer=referrer, rule=mug, exchange_id=uuid.uuid4().hex)
    Visit.objects.create(link=shown, program=program)
    _rewards(story)
    _books(story)
    _doubts(story)
    return story


def _group(story: Story) -> None:
    offer = GroupOffer.objects.filter(program=story.program).earliest("pk")
    group = open_group(referrer=story.referrer, offer=offer)
    join_group(group=group, referral=story.referrals[0])
    story.rows["group"] = Group.objects.get(pk=group.pk)


def _reward(story: Story, name: str, **given: Any) -> Reward:
    rule = RewardRule.objects.filter(program=story.program).earliest("pk")
    sale = story.referrals[0].sales.get()
    reward = Reward.objects.create(
        rule=rule, program=story.program, person=story.referrer.person, referrer=story.referrer,
        referral=story.referrals[0], sale=sale, trigger_key=f"{name}:{story.who}", side="referrer", title="£5",
        amount_minor=500, promised_minor=500, currency="GBP",
        **{"method": "manual", "state": "issued", "issued_at": timezone.now(), **given},
    )  # fmt: skip
    RewardChange.objects.create(subject=reward, field="state", from_state="pending", to_state="approved", reason="x")
    story.rows[name] = reward
    return reward


def _rewards(story: Story) -> None:
    """One in each state that a mutation of its owner’s or of a key’s is about."""
    pending = Reward.objects.filter(person=story.referrer.person, state="pending", method="manual").earliest("pk")
    story.rows["pending"] = pending
    soon = timezone.now() + timedelta(days=30)
    Reward.objects.filter(pk=pending.pk).update(expires_at=soon)
    pending.pending_reasons.update(until=soon)
    coupon = _reward(story, "coupon", method="coupon", clawed_minor=100)
    coupons = CouponList.objects.create(program=story.program, name="Spring")
    CouponCode.objects.create(coupon_list=coupons, code=f"{mark(story.who, OWNER)}1", reward=coupon)
    _reward(story, "claimable", method="manual", state="approved", issued_at=None, method_options={"order_at": "claim"})
    _reward(story, "ready", method="bank", state="approved", issued_at=None)
    _reward(story, "given", issued_at=None)
    _reward(story, "mug", state="reserved", issued_at=None)
    _reward(story, "lost", method="bank", state="reserved", issued_at=None)
    _reward(story, "card", method="runa")


def _books(story: Story) -> None:
    """Payouts, a run, an import and an account."""
    program, person = story.program, story.referrer.person
    run = PayoutRun.objects.create(
        program=program, provider="coupon" if story.who == "peer" else "bank", currency="GBP",
        cut_off_at=timezone.now(), gathered_at=timezone.now(),
    )  # fmt: skip  # one draft a programme and provider
    PayoutRunChange.objects.create(subject=run, field="state", from_state="new", to_state="draft", reason="x")
    for name, state, provider in (
        ("given", "draft", "manual"),
        ("mug", "sent", "manual"),
        ("lost", "unknown", "bank"),
        ("card", "paid", "manual"),
    ):
        payout = Payout.objects.create(
            program=program, person=person, run=run if name == "given" else None, provider=provider, state=state,
            amount_minor=500, currency="GBP", next_try_at=timezone.now(), provider_ref="ref",
        )  # fmt: skip
        PayoutItem.objects.create(payout=payout, reward=story.rows[name])
        PayoutChange.objects.create(subject=payout, field="state", from_state="new", to_state=state, reason="x")
        story.rows[f"payout-{name}"] = payout
    for name, done_at in (("mug", None), ("card", timezone.now())):
        Handover.objects.create(
            payout=story.rows[f"payout-{name}"], idempotency_key=f"{name}-{story.who}", title="x", organisation="x",
            instructions="x", due_on=date(2030, 1, 1), handed_over_at=done_at, note="x", proof="x",
        )  # fmt: skip
    lost = story.rows["payout-lost"]
    Payout.objects.filter(pk=lost.pk).update(parked="tries")
    PayoutAttempt.objects.create(payout=lost, provider="bank", number=1, outcome="unknown", request={})
    url = encrypt(CARD.format(who=story.who))
    expires = timezone.now() + timedelta(days=99)
    GiftCard.objects.create(payout=payout, order_ref=f"order-{story.who}", link=url, expires_at=expires)
    done = SaleImport.objects.create(
        program=program, source="csv", name="May", content="external_id,friend_email,amount\n", total=1,
        state=ImportState.DONE,
    )  # fmt: skip
    for number, outcome in enumerate(("recorded", "repeated", "refused"), 2):
        SaleImportRow.objects.create(
            sale_import=done, number=number, external_id="x", outcome=outcome, code="invalid", message="x"
        )
    PayoutAccount.objects.create(
        person=person, provider="bank", reference=f"acct-{story.who}", country="GB", checked_at=timezone.now()
    )
    story.rows |= {"run": run, "import": done}


def _doubts(story: Story) -> None:
    flagged = story.referrals[3]
    set_review(referral=flagged, to="flagged", reason="checks", actor=None)
    for referral in story.referrals:
        RiskSignal.objects.create(
            referral=referral, check_name="name", severity="low", score=5, evidence="Odd", occasion="capture"
        )
        ReviewDecision.objects.create(referral=referral, side="both", decision="approve", reason="x")
        Referral.objects.filter(pk=referral.pk).update(
            answers=[{"label": "How?", "text": "By mail"}], is_new_customer=True
        )
        ReferralChange.objects.create(subject=referral, field="x", from_state="", to_state="y", reason="x")


def _keys(world: World, here: Site, far: Site) -> None:
    """A key for everything, one without each scope, one with each scope alone, and one of the far site."""
    wanted: dict[str, tuple[Site, list[str]]] = {"all": (here, list(Scope.values)), "far": (far, list(Scope.values))}
    for scope in Scope.values:
        wanted[f"-{scope}"] = (here, [other for other in Scope.values if other != scope])
        wanted[f"+{scope}"] = (here, [scope])
    end = timezone.now() + timedelta(days=30)
    for name, (site, scopes) in wanted.items():
        row, text = create_api_key(site_id=site.pk, name=name, scopes=scopes, expires_at=end)
        world.keys[name], world.key_rows[name] = text, row
    for site, name in ((here, "spare"), (far, "far-spare")):
        # It ends no later than the others: none may take the place of one that works longer.
        row, _text = create_api_key(site_id=site.pk, name=name, scopes=["keys:write"], expires_at=end)
        world.key_rows[name] = row
        old = create_api_key(site_id=site.pk, name="old", scopes=["sales:read"])[0]
        rotate_api_key(key=old, grace=timedelta(0))
        revoke_api_key(key=old)
