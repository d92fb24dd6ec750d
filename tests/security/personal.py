"""Every column of text, JSON or bytes, and what an erasure does with it: a new one fails a test until it stands here.

ERASED holds the columns of which no word about an erased person may be left. KEPT says why one stays.
"""

from __future__ import annotations

from django.apps import apps
from django.db import models

WORD = "a word that only code writes: a state, a reason, a kind"
KEY = "made by code from ids"
HASH = "made by a hash function, and tells nothing to whoever has not got what was hashed"
CODE = "names a plug, a currency, a country or a language of a programme, not of a person"
MONEY = "the provider's or the shop's own number: by it books are compared and refunds found"
HOUSE = "words of the house about a programme, a rule, a key or a page: not of a person"
ACTOR = "which system acted, by the name of its API key"

ERASED = {
    "Email.key", "Email.kind", "Email.return_to",
    "BlockedEntry.value", "BlockedEntry.note",
    "ClaimChange.note", "GroupChange.note", "PayoutChange.note", "ReferralChange.note", "RewardChange.note",
    "GiftCard.link",
    "Handover.note", "Handover.proof",
    "PayoutAccount.provider", "PayoutAccount.reference", "PayoutAccount.country", "PayoutAccount.state",
    "PayoutAttempt.request", "PayoutAttempt.response",
    "PayoutDestination.key",
    "PayoutReversal.note",
    "Person.email", "Person.email_key", "Person.mailbox_key", "Person.name", "Person.phone", "Person.phone_key",
    "Person.country", "Person.locale",
    "ProviderEvent.account",
    "Referral.friend_name", "Referral.answers", "Referral.ip_hash",
    "ReferralClaim.typed_name", "ReferralClaim.friend_name", "ReferralClaim.answers",
    "ReferralLink.code", "ReferralLink.greeting_name",
    "ReviewDecision.reason", "RiskSignal.evidence",
    "Sale.metadata",
    "SaleImport.content", "SaleImportRow.external_id", "SaleImportRow.message",
    "SignIn.token_hash",
    "Visit.ip_hash",
}  # fmt: skip
KEPT = {
    "Activity.kind": WORD, "Activity.subject_type": WORD, "Activity.subject_id": KEY,
    "ApiKey.name": HOUSE, "ApiKey.prefix": HASH, "ApiKey.key_hash": HASH, "ApiKey.scopes": WORD,
    "BlockedEntry.kind": WORD,
    "CouponCode.code": "a shop's voucher: it must never be given out a second time", "CouponList.name": HOUSE,
    "Difference.kind": WORD, "Difference.provider_ref": MONEY, "Difference.ours": MONEY, "Difference.theirs": MONEY,
    "ErasedMailbox.contact_hash": HASH,
    "EventCount.provider": CODE, "EventCount.what": WORD,
    "GiftCard.order_ref": MONEY,
    "Group.state": WORD, "GroupOffer.title": HOUSE,
    "Handover.idempotency_key": KEY, "Handover.title": HOUSE, "Handover.kind": WORD, "Handover.organisation": HOUSE,
    "Handover.instructions": HOUSE,
    "Heartbeat.name": HOUSE,
    "IgnoredVisit.reason": WORD,
    "KeptAnswer.key_hash": HASH, "KeptAnswer.fingerprint": HASH,
    "KeptAnswer.answer": "encrypted, opened only by who sent the key, and deleted after a day",
    "KnownCustomer.contact_hash": "the shop's own list of customers, which it imports as keyed hashes: " + HASH,
    "LeaderboardResult.span_key": KEY,
    "LinkRequest.kind": WORD, "LinkRequest.return_to": HOUSE,
    "LinkRequest.address": "encrypted, and deleted once it was looked up, after two hours at most",
    "LedgerEntry.key": KEY, "LedgerEntry.kind": WORD,
    "LedgerEntry.note": "append-only; the documents say that no name belongs there",
    "LedgerLine.account": WORD, "LedgerLine.currency": CODE,
    "Payout.provider": CODE, "Payout.currency": CODE, "Payout.state": WORD, "Payout.parked": WORD,
    "Payout.provider_ref": MONEY,
    "PayoutAttempt.provider": CODE, "PayoutAttempt.request_sha256": HASH, "PayoutAttempt.outcome": WORD,
    "PayoutAttempt.provider_ref": MONEY,
    "PayoutPolicy.currency": CODE,
    "PayoutReversal.outcome": WORD, "PayoutReversal.provider_ref": MONEY,
    "PayoutRun.provider": CODE, "PayoutRun.currency": CODE, "PayoutRun.state": WORD, "PayoutRun.excluded": KEY,
    "PendingReason.reason": WORD,
    "Person.kind": "person or business: half of all are either",
    "PersonErasure.reason": WORD,
    "PointsLot.key": KEY,
    "ProviderEvent.provider": CODE, "ProviderEvent.event_id": MONEY, "ProviderEvent.kind": WORD,
    "ProviderEvent.provider_ref": MONEY, "ProviderEvent.payout_id": KEY, "ProviderEvent.result": WORD,
    "Reconciliation.provider": CODE, "Reconciliation.error": "what a provider said of the whole comparison",
    "Referral.attribution_method": WORD, "Referral.stage": WORD, "Referral.review": WORD,
    "ReferralClaim.state": WORD,
    "ReviewDecision.side": WORD, "ReviewDecision.decision": WORD,
    "Reward.trigger_key": KEY, "Reward.side": WORD, "Reward.title": HOUSE, "Reward.instructions": HOUSE,
    "Reward.currency": CODE, "Reward.method": CODE, "Reward.method_options": HOUSE, "Reward.state": WORD,
    "Reward.holds_cap": KEY,
    "RiskSignal.check_name": WORD, "RiskSignal.severity": WORD, "RiskSignal.side": WORD, "RiskSignal.occasion": KEY,
    "Sale.source": CODE, "Sale.external_id": MONEY, "Sale.currency": CODE, "Sale.product": "what was sold, not to whom",
    "SaleImport.source": CODE, "SaleImport.name": "a file's name", "SaleImport.state": WORD,
    "SaleImportRow.outcome": WORD, "SaleImportRow.code": WORD,
    "SaleReversal.kind": WORD, "SaleReversal.external_id": MONEY,
    "SendingStop.provider": CODE, "SendingStop.cause": WORD, "SendingStop.note": HOUSE,
    "SendingStopChange.provider": CODE, "SendingStopChange.cause": WORD, "SendingStopChange.note": HOUSE,
    "SentCounter.key": KEY, "SpendCounter.key": KEY,
    "ShareEvent.channel": WORD, "SignIn.kind": WORD,
    "WebhookDelivery.message_id": KEY, "WebhookDelivery.kind": WORD, "WebhookDelivery.body": "ids only",
    "WebhookDelivery.state": WORD, "WebhookDelivery.problem": WORD,
    "WebhookDelivery.answer": "what another system answered to ids",
}  # fmt: skip
# Whole tables that say nothing of anybody who takes part.
KEPT_TABLES = {
    "Program": HOUSE, "ProgramChange": HOUSE, "PayoutRunChange": HOUSE, "RewardRule": HOUSE, "RuleCondition": HOUSE,
    "SiteTheme": HOUSE, "TermsVersion": HOUSE, "WebhookEndpoint": HOUSE, "WebhookEndpointChange": HOUSE,
}  # fmt: skip
CHANGE_WORDS = ("field", "from_state", "to_state", "reason")  # of every audit row: codes and states


def kept_because(name: str) -> str:
    """Why the column ``Model.field`` stays as it is; empty where nobody has said so."""
    table, column = name.split(".")
    if column.endswith("agent"):
        return ACTOR
    if table.endswith("Change") and column in CHANGE_WORDS:
        return WORD
    return KEPT_TABLES.get(table) or KEPT.get(name, "")


def columns() -> dict[str, models.Field]:
    """``Model.field`` → every column of ours that can hold words."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    ours = apps.get_app_config("referral_blocks").get_models()
    return {f"{m.__name__}.{f.name}": f for m in ours for f in m._meta.local_concrete_fields if isinstance(f, kinds)}


# For the tables with erased columns: the ways from a row to the person whose words stand in it.
WAYS = {
    "ClaimChange": ["subject__friend"],
    "Email": ["person"],
    "GiftCard": ["payout__person"],
    "GroupChange": ["subject__opener__person"],
    "Handover": ["payout__person"],
    "PayoutAccount": ["person"],
    "PayoutAttempt": ["payout__person"],
    "PayoutChange": ["subject__person"],
    "PayoutDestination": ["account__person"],
    "PayoutReversal": ["payout__person"],
    "Person": ["pk"],
    "Referral": ["friend"],
    "ReferralChange": ["subject__friend", "subject__referrer__person"],
    "ReferralClaim": ["friend"],
    "ReferralLink": ["referrer__person"],
    "ReviewDecision": ["referral__friend", "referral__referrer__person"],
    "RewardChange": ["subject__person", "subject__referral__friend", "subject__referral__referrer__person"],
    "RiskSignal": ["referral__friend", "referral__referrer__person"],
    "Sale": ["referral__friend"],
    "SignIn": ["referrer__person"],
    "Visit": ["link__referrer__person"],
}  # fmt: skip
# Tables without a way: what names the person there is their address, number or account.
BY_VALUE = ("BlockedEntry", "ProviderEvent", "SaleImport", "SaleImportRow")
