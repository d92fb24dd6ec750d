"""Text that says whose it is and who may read it, planted in every column that people or systems fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import models

from referral_blocks.access.models import Scope
from tests.security.world import KEPT_OUT, plantable

# Who may read a marked text: everybody; its owner and keys for rewards, or for people; its owner alone; keys with one
# scope; nobody.
PUBLIC, TITLE, ADDRESS, OWNER, INSIDE = "pub", "ttl", "mail", "mine", "ins"
SCOPES = {
    ADDRESS: Scope.REFERRALS_READ,
    "ppl": Scope.REFERRALS_READ, "ref": Scope.REFERRALS_READ, "rev": Scope.REVIEWS_WRITE, "sal": Scope.SALES_READ,
    TITLE: Scope.REWARDS_READ, "rew": Scope.REWARDS_READ, "pay": Scope.PAYOUTS_READ, "key": Scope.KEYS_WRITE,
    "hook": Scope.WEBHOOKS_READ,
}  # fmt: skip
# What stands in no line is read by nobody through the API: a new table is INSIDE until it says otherwise.
MODELS = {
    "Person": "ppl", "Referral": "ref", "ReferralChange": "ref", "RiskSignal": "rev", "ReviewDecision": "rev",
    "Sale": "sal", "SaleReversal": "sal", "SaleImport": "sal", "SaleImportRow": "sal",
    "Reward": "rew", "RewardChange": "rew", "PendingReason": "rew",
    "Payout": "pay", "PayoutChange": "pay", "PayoutRun": "pay", "PayoutRunChange": "pay",
    "Handover": "pay",
    "WebhookEndpoint": "hook", "WebhookEndpointChange": "hook", "WebhookDelivery": "hook",
    "ApiKey": "key", "Program": PUBLIC, "TermsVersion": PUBLIC, "RewardRule": PUBLIC, "GroupOffer": PUBLIC,
    "ReferralLink": PUBLIC,  # its greeting: what the referrer has agreed to show
}  # fmt: skip
COLUMNS = {
    "Reward.title": TITLE, "Reward.instructions": INSIDE, "Reward.method_options": INSIDE,
    "RewardRule.instructions": INSIDE, "RewardRule.method_options": INSIDE, "Program.theme": INSIDE,
    "CouponCode.code": OWNER, "SaleImport.content": INSIDE, "WebhookDelivery.body": INSIDE,
}  # fmt: skip
# Columns that code reads, so that other words in them would change what happens.
LEFT_ALONE = {
    *KEPT_OUT, "Program.theme", "Program.time_zone", "PayoutAccount.reference", "Sale.external_id",
    "SaleReversal.external_id", "ReferralLink.greeting_name", "Person.email", "Person.name",
    "CouponCode.code", "BlockedEntry.value", "Activity.kind", "Activity.subject_type", "Activity.subject_id",
    "WebhookEndpoint.kinds", "WebhookDelivery.kind",
}  # fmt: skip
SECRET = re.compile(r"hash|sha256|token|secret")
FOUND = re.compile(r"zz-([a-z]+)-([a-z]+)-", re.IGNORECASE)


def mark(who: str, what: str) -> str:
    return f"zz-{who}-{what}-"


def own_models() -> list[type[models.Model]]:
    return list(apps.get_app_config("referral_blocks").get_models())


def columns(model: type[models.Model]) -> Iterator[tuple[models.Field, str]]:
    """What is planted in a table, and who may read it."""
    for field in plantable(model):
        name = f"{model.__name__}.{field.name}"
        if name not in LEFT_ALONE and not SECRET.search(field.name):
            yield field, COLUMNS.get(name, MODELS.get(model.__name__, INSIDE))


def plant(owner_of: Callable[[models.Model], str]) -> int:
    """Mark every row of every table as ``owner_of`` says; how many columns of how many rows."""
    count = 0
    for model in own_models():
        for row in model._base_manager.all():
            who = owner_of(row)
            given = {field.name: _marked(field, getattr(row, field.name), who, what) for field, what in columns(model)}
            if given:
                model._base_manager.filter(pk=row.pk).update(**given)
                count += len(given)
    return count


def _marked(field: models.Field, old: Any, who: str, what: str) -> Any:
    text = mark(who, what)
    if isinstance(field, models.JSONField):
        return [{"label": text, "text": text}] if isinstance(old, list) else {**(old or {}), text: text}
    if field.name == "friend_name":
        return f"Kim {text}"  # the first name is the referrer's to see
    longer = f"{text}{field.model.__name__}.{field.name}"
    most = getattr(field, "max_length", None) or 200
    assert len(text) <= most, f"{longer}: too short for a marker; say in LEFT_ALONE why nobody reads it"
    return longer if len(longer) <= most else text


def secrets() -> set[str]:
    """Hashes and the like, which no answer ever shows."""
    return {
        str(value)
        for model in own_models()
        for field in model._meta.concrete_fields
        if SECRET.search(field.name) and isinstance(field, models.CharField)
        for value in model._base_manager.values_list(field.name, flat=True)
        if len(str(value)) >= 16
    }


def marks_in(text: str) -> set[tuple[str, str]]:
    return {(who.lower(), what.lower()) for who, what in FOUND.findall(text)}
