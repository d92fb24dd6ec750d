"""For each mutation, input that is right when the rightful caller sends it: the referrer ``own``, and systems and staff
of their site."""

from __future__ import annotations

import uuid
from typing import Any

from strawberry.relay.utils import to_base64

from referral_blocks.groups.models import GroupOffer
from referral_blocks.people.data_page import make_page_token
from referral_blocks.referrers.session import make_sign_in_token
from referral_blocks.referrers.tokens import open_app_session
from referral_blocks.rewards.models import RewardRule
from tests.graphql_api.permissions.asking import gid
from tests.graphql_api.permissions.world import World

Inputs = dict[str, dict[str, Any]]
# Mutations that change no row in this world, and why. Every other one is seen to.
CHANGES_NOTHING = {
    "connectPayoutAccount": "everybody in this world has one",
    "exportPerson": "it gives an address",
    "planPayoutRun": "there is a draft with these choices already",
}


def inputs(world: World) -> Inputs:
    """The same for everybody who asks: whoever it is not right for is refused."""
    own, rows = world.own, world.own.rows
    refresh = open_app_session(referrer=own.referrer).refresh
    program = own.program.slug
    sale = {"program": program, "externalId": own.referrals[1].sales.get().external_id}
    friend = {"email": "new-friend@example.com", "name": "Noa Example", "acceptTerms": True}
    hook = gid("WebhookEndpoint", world.hooks["site"])
    token = make_page_token(person=own.referrer.person, site_id=own.program.site_id)
    file = "external_id,friend_email,amount\nA,b@c.test,5\n"
    group_offer = GroupOffer.objects.filter(program=own.program).latest("pk")
    mug = RewardRule.objects.get(program=own.program, trigger="points", points_price=300)
    return {
        "approveReward": {"id": gid("RewardRecord", rows["pending"])},
        "attributeReferral": {
            "program": program, "referrer": gid("ReferrerRecord", own.referrer), "email": "walked-in@example.com",
            "name": "Noa", "reason": "Said so at the counter.",
        },
        "cancelPayoutRun": {"id": gid("PayoutRun", rows["run"]), "note": "Wrong month."},
        "captureReferral": {"program": program, "code": own.code, **friend},
        "changeConsents": {"greeting": True, "leaderboard": True},
        "claimReward": {"id": gid("Reward", rows["claimable"])},
        "confirmImport": {"id": gid("SaleImport", rows["import"])},
        "confirmPayoutRun": {"id": gid("PayoutRun", rows["run"]), "seenMinor": 500},
        "connectPayoutAccount": {"provider": "bank", "country": "GB"},
        "createApiKey": {"name": "New", "scopes": ["KEYS_WRITE"]},
        "createWebhookEndpoint": {"url": "https://93.184.216.34/", "kinds": ["SALE_RECORDED"], "description": "Books"},
        "deleteWebhookEndpoint": {"id": hook},
        "erasePerson": {"token": token, "giveUp": True},
        "excludeFromRun": {"id": gid("PayoutRecord", rows["payout-given"]), "note": "Moved house."},
        "exportPerson": {},
        "createLink": {"code": "A-CODE-OF-MY-OWN"},
        "exchangeLoginToken": {"token": make_sign_in_token(own.referrer)},
        "exchangePoints": {"offer": to_base64("PointsOffer", mug.pk), "exchangeId": uuid.uuid4().hex},
        "importSales": {"program": program, "name": "June", "content": file},
        "joinGroup": {"group": gid("Group", rows["group"]), **friend},
        "joinProgram": {"program": program, **friend},
        "markHandedOver": {"id": gid("PayoutRecord", rows["payout-mug"]), "note": "At the desk.", "proof": "R-7"},
        "nurtureReferral": {"id": gid("ReferralRecord", own.referrals[3]), "note": "Called them."},
        "openGroup": {"offer": to_base64("ViewerGroupOffer", group_offer.pk)},
        "planPayoutRun": {"program": program, "provider": "bank"},
        "recordSale": {
            "program": program, "externalId": "S-1", "friendEmail": own.address(2), "amount": "50", "currency": "GBP",
        },
        "recordShare": {"channel": "EMAIL", "code": own.code, "text": "Look"},
        "recordVisit": {"code": own.code},
        "refreshSession": {"refreshToken": refresh},
        "releaseHold": {"id": gid("RewardRecord", rows["pending"]), "note": "Paid in cash."},
        "replayFailedWebhooks": {"id": hook},
        "replayWebhookDelivery": {"id": gid("WebhookDelivery", world.deliveries["site"])},
        "requestDataLink": {"email": own.address("robin")},
        "requestLoginLink": {"program": program, "email": own.address("robin")},
        "resolvePayout": {
            "id": gid("PayoutRecord", rows["payout-lost"]), "outcome": "PAID", "note": "They say so.",
            "providerRef": "bank-7",
        },
        "resumePayout": {"id": gid("PayoutRecord", rows["payout-lost"]), "note": "They answer again."},
        "reverseSale": {**sale, "reversalId": "R-1", "kind": "REFUND", "amount": "5"},
        "reviewReferral": {"id": gid("ReferralRecord", own.referrals[3]), "verdict": "APPROVE", "note": "Neighbours."},
        "revokeApiKey": {"id": gid("ApiKey", world.key_rows["spare"])},
        "revokeSession": {"refreshToken": refresh},
        "rotateWebhookSecret": {"id": hook},
        "updateWebhookEndpoint": {"id": hook, "description": "Shop"},
        "rotateApiKey": {"id": gid("ApiKey", world.key_rows["spare"])},
        "showGiftCard": {"id": gid("Reward", rows["card"])},
        "sendTestWebhook": {"id": hook},
        "signOut": {},
        "unqualifyReferral": {"id": gid("ReferralRecord", own.referrals[3]), "reason": "Rents."},
        "voidReward": {"id": gid("RewardRecord", rows["pending"]), "note": "By mistake."},
        "withdrawReferral": {"id": gid("ReferralRecord", own.referrals[3]), "reason": "They wrote to us."},
    }  # fmt: skip
