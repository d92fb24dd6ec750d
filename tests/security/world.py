"""A site in which every table has rows, and hostile text in every column that a person can fill."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.images import ImageFile
from django.db import models
from django.utils import timezone
from PIL import Image as Picture
from wagtail.images import get_image_model
from wagtail.models import Collection, Page, Site

from referral_blocks.access.services import create_api_key
from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.import_coupons import import_named_coupons
from referral_blocks.flows.import_sales import import_sales, run_import
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.stop_sending import stop_sending
from referral_blocks.fraud.models import BlockedEntry, RiskSignal
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.policy import EVERYTHING
from referral_blocks.payouts.reconciliation import Difference, Reconciliation
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import PendingReason, Reward, RewardState
from referral_blocks.theming.models import SiteTheme
from tests.make import make_referral
from tests.make_pages import make_landing_page, make_share_page
from tests.referral_blocks.blocks.test_portal_blocks import with_history
from tests.security import payloads
from tests.security.blocks import hostile_body

# Columns of text that nobody can fill with words of their own, and why. Every other one is planted: a new model or
# field is covered on the day it is made.
HASH = "made by a hash function"
KEY = "made by code from ids"
ISO = "two or three letters, checked against ISO"
ALIAS = "names a plug, a channel or a kind that code knows; checked when it is written"
WORD = "a word that only code writes: a state, a reason, a field's name"
KEPT_OUT = {
    "Program.slug": "a slug: its validator refuses the payloads (test_what_is_refused)",
    "ReferralLink.code": "letters, digits, dash and underscore (test_what_is_refused)",
    "ApiKey.prefix": KEY, "ApiKey.key_hash": HASH, "ApiKey.scopes": ALIAS,
    "Email.key": KEY, "Email.kind": ALIAS,
    "Email.return_to": "an address that the settings name (tests/referral_blocks/referrers/test_return_address.py)",
    "GiftCard.order_ref": "the provider's id, looked up and never shown",
    "Handover.idempotency_key": KEY,
    "Heartbeat.name": KEY,
    "IgnoredVisit.reason": WORD,
    "ErasedMailbox.contact_hash": HASH, "KnownCustomer.contact_hash": HASH,
    "LeaderboardResult.span_key": KEY,
    "LedgerEntry.key": KEY, "LedgerEntry.kind": WORD, "LedgerEntry.note": "append-only, and written by code",
    "LedgerLine.currency": ISO,
    "Payout.provider": ALIAS, "Payout.currency": ISO,
    "PayoutAccount.provider": ALIAS, "PayoutAccount.country": ISO,
    "PayoutAttempt.provider": ALIAS, "PayoutAttempt.request_sha256": HASH, "PayoutAttempt.outcome": WORD,
    "PayoutDestination.key": HASH,
    "PayoutPolicy.currency": ISO,
    "PayoutReversal.outcome": WORD,
    "PayoutRun.provider": ALIAS, "PayoutRun.currency": ISO, "PayoutRun.excluded": "a list of ids",
    "Person.email": "an address: planted as one that the validator takes",
    "Person.email_key": KEY, "Person.mailbox_key": KEY, "Person.phone_key": KEY, "Person.country": ISO,
    "Person.locale": "a language code, checked against the site's languages",
    "PointsLot.key": KEY,
    "ProviderEvent.provider": ALIAS, "EventCount.provider": ALIAS, "EventCount.what": WORD,
    "Reconciliation.provider": ALIAS,
    "Referral.ip_hash": HASH, "Visit.ip_hash": HASH,
    "Reward.trigger_key": KEY, "Reward.currency": ISO, "Reward.method": ALIAS, "Reward.holds_cap": KEY,
    "RewardRule.currency": ISO, "RewardRule.method": ALIAS, "RewardRule.options": "numbers, checked by the rule's kind",
    "RuleCondition.fact": ALIAS, "RuleCondition.operator": ALIAS,
    "RuleCondition.value": "checked against the fact's type",
    "RiskSignal.check_name": ALIAS, "RiskSignal.occasion": KEY,
    "Sale.source": ALIAS, "Sale.currency": ISO, "SaleImport.source": ALIAS,
    "SendingStop.provider": ALIAS, "SendingStopChange.provider": ALIAS, "SendingStopChange.cause": WORD,
    "SentCounter.key": KEY, "SpendCounter.key": KEY,
    "ShareEvent.channel": ALIAS,
    "TermsVersion.sha256": HASH,
    "WebhookDelivery.kind": ALIAS, "WebhookDelivery.message_id": KEY, "WebhookEndpoint.kinds": ALIAS,
}  # fmt: skip
CHANGE_WORDS = ("field", "from_state", "to_state", "reason")  # of every audit row: KEPT_OUT as WORD
# Columns of others that ours show beside our own.
BORROWED = {
    Page: ("title", "draft_title", "seo_title", "search_description"),
    Site: ("site_name",),
    User: ("first_name", "last_name"),
    get_image_model(): ("title", "description"),
}


def make_world() -> Referrer:
    """A referrer with friends, rewards, payouts and a group, and all that staff and machines keep beside them."""
    referrer = with_history(4)
    program = referrer.program
    boss = User.objects.create_superuser("boss", "boss@example.com", "secret")
    ready, *_rest = Reward.objects.filter(program=program, side="referrer", state=RewardState.PENDING).order_by("pk")
    approve_reward(reward=ready, actor=boss)
    if PendingReason.objects.filter(reward=ready, reason="hold").exists():
        release_hold(reward=ready, actor=boss, note="Known customer")
    send_payout(payout_id=Payout.objects.get().pk)
    refer_by_name(
        program=program, email="kay@example.com", name="Kay Example", referrer_name="Robin Exampel",
        accept_terms=True, answers=[("Which floor?", "First")],
    )  # fmt: skip
    make_referral(program, email="lou@example.com", link=referrer.links.first())  # who has not bought yet
    rows = b"external_id,friend_email,amount\nA-1,nobody@example.com,5\nA-2,friend0@example.com,-1\n"
    started = import_sales(program=program, source="csv", name="till.csv", data=rows, actor=boss)
    run_import(import_id=started.pk)
    import_named_coupons(program=program, name="Spring", text="SPRING-1\nSPRING-2\n")
    create_api_key(site_id=program.site_id, name="Shop")
    _doubts(program, boss)
    _books(program, boss)
    for model in own_models():
        if plantable(model) and not issubclass(model, Page):
            _any_row(model)
    return referrer


def _any_row(model: type[models.Model]) -> models.Model:
    """The first row; where the story above has left none, one that the database admits."""
    if (row := model._base_manager.first()) is not None:
        return row
    given: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if (
            field.null
            or field.has_default()
            or isinstance(field, models.AutoField)
            or getattr(field, "auto_now_add", 0)
        ):
            continue
        given[field.name] = _any_row(field.related_model) if field.is_relation else _any_value(field)
    return model._base_manager.create(**given)


def _any_value(field: models.Field) -> Any:
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.BinaryField):
        return b"x"
    return 1 if isinstance(field, (models.IntegerField, models.BooleanField)) else "x"


def _doubts(program: Any, boss: User) -> None:
    first, second, *_rest = Referral.objects.filter(program=program).order_by("pk")
    for referral in (first, second):
        set_review(referral=referral, to="flagged", reason="checks", actor=None)
        RiskSignal.objects.create(
            referral=referral, check_name="self_referral", severity="high", score=80, evidence="The same phone.",
            occasion="capture",
        )  # fmt: skip
    review_referral(referral=first, approve=True, note="They live together.", actor=boss)
    BlockedEntry.objects.create(site=program.site, kind="email", value="bad@example.com", note="Known for it.")


def _books(program: Any, boss: User) -> None:
    stop_sending(provider=EVERYTHING, actor=boss, note="The drawer is empty.")
    since = timezone.now() - timedelta(days=1)
    report = Reconciliation.objects.create(provider="manual", since=since, error="No answer.")
    Difference.objects.create(reconciliation=report, kind="amount", ours="paid 1", theirs="paid 2", provider_ref="x")
    run = PayoutRun.objects.create(
        program=program, provider="manual", currency="GBP", created_by=boss, cut_off_at=since
    )
    owner = Payout.objects.get().person
    for state, more in (
        (PayoutState.DRAFT, {"run": run}),
        (PayoutState.UNKNOWN, {}),
        (PayoutState.FAILED_RETRYABLE, {"parked": "tries"}),
        (PayoutState.PAID, {}),
    ):
        given = {"program": program, "provider": "manual", "amount_minor": 1, "currency": "GBP", **more}
        Payout.objects.create(person=owner, state=state, **given)


def make_site_pages(referrer: Referrer, texts: tuple[str, ...]) -> None:
    """Landing and share page with every block, each of its fields hostile; a picture with a hostile name."""
    image = _picture()
    body = ReferralStreamBlock().to_python(hostile_body(texts, image.pk))
    make_landing_page(referrer.program, body=body)
    make_share_page(referrer.program, body=body)
    SiteTheme.objects.update_or_create(site=referrer.program.site, defaults={"theme": "street", "logo": image})


def _picture() -> Any:
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    data = io.BytesIO()
    Picture.new("RGB", (8, 8), "red").save(data, "PNG")
    data.seek(0)
    return get_image_model().objects.create(title="Window", file=ImageFile(data, name="window.png"))


def plantable(model: type[models.Model]) -> list[models.Field]:
    """The columns of ``model`` that can hold words that somebody chose."""
    texts = (models.CharField, models.TextField, models.JSONField)
    return [
        f for f in model._meta.concrete_fields
        if isinstance(f, texts) and not f.choices and f.model is model and not _kept_out(model, f)
    ]  # fmt: skip


def _kept_out(model: type[models.Model], field: models.Field) -> bool:
    is_change = model.__name__.endswith("Change") and field.name in CHANGE_WORDS
    return is_change or f"{model.__name__}.{field.name}" in KEPT_OUT


def own_models() -> list[type[models.Model]]:
    return [*apps.get_app_config("referral_blocks").get_models(), *apps.get_app_config("pages").get_models()]


def plant(texts: tuple[str, ...]) -> set[str]:
    """Write the payloads past every validator, as another program or an older version might have; what was planted."""
    planted = set()
    for model in own_models():
        for field in plantable(model):
            for number, row in enumerate(model._base_manager.all()):
                if (value := _hostile(field, getattr(row, field.name), texts, number)) is not None:
                    model._base_manager.filter(pk=row.pk).update(**{field.name: value})
                    planted.add(f"{model.__name__}.{field.name}")
    for model, names in BORROWED.items():
        for name in names:
            text = payloads.fitting(texts, model._meta.get_field(name).max_length, 0)
            model._base_manager.update(**{name: text})
    for number, person in enumerate(apps.get_model("referral_blocks.Person").objects.order_by("pk")):
        address = payloads.EMAIL.replace("@", f"@p{number}.")
        type(person).objects.filter(pk=person.pk).update(email=address)
    return planted


def _hostile(field: models.Field, old: Any, texts: tuple[str, ...], number: int) -> Any:
    text = payloads.fitting(texts, getattr(field, "max_length", None), number)
    if not isinstance(field, models.JSONField):
        return text
    if isinstance(old, list):
        return [{"label": text, "text": text}]
    return {**(old or {}), text: text}
