"""``Idempotency-Key``: a mutation of money that is sent twice is carried out once, and answered twice the same.

As in the IETF's draft-ietf-httpapi-idempotency-key-header: another body under a used key is a 422, the same one while
the first still runs a 409. What failed before anything was written is not kept, so that a retry can succeed. Each of
these mutations has a key in the database as well, so that a retry after a crash does nothing twice either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode
from graphql.language.ast import SelectionNode, SelectionSetNode

from referral_blocks.access.answers import Busy, Replay, Reused, claim_answer, keep_answer, release_answer
from referral_blocks.core.conf import get_conf

from .context import Context
from .errors import ErrorCode
from .operation import RequestRefused

MAX_KEY = 255
RETRY_AFTER = 2  # seconds: most operations are done by then
# A refusal that may be over the next moment is no answer to keep.
PASSING = {"RATE_LIMITED", "PROVIDER_UNAVAILABLE"}

# A test holds that every mutation of the schema is in one of the two.
MONEY = frozenset(
    {
        "approveReward",
        "cancelPayoutRun",
        "claimReward",
        "confirmImport",
        "confirmPayoutRun",
        "erasePerson",
        "excludeFromRun",
        "exchangePoints",
        "importSales",
        "markHandedOver",
        "planPayoutRun",
        "recordSale",
        "releaseHold",
        "resolvePayout",
        "resumePayout",
        "reverseSale",
        "reviewReferral",
        "unqualifyReferral",
        "voidReward",
        "withdrawReferral",
    }
)
NO_MONEY = frozenset(
    {
        "attributeReferral",
        "captureReferral",
        "changeConsents",
        "connectPayoutAccount",  # its answer is an address that works once; the flow makes one account however often
        "createApiKey",
        "createLink",
        "createWebhookEndpoint",
        "deleteWebhookEndpoint",
        "exchangeLoginToken",
        "exportPerson",
        "joinGroup",
        "joinProgram",
        "nurtureReferral",
        "openGroup",
        "recordShare",
        "recordVisit",
        "refreshSession",
        "replayFailedWebhooks",
        "replayWebhookDelivery",
        "requestDataLink",
        "requestLoginLink",
        "revokeApiKey",
        "revokeSession",
        "rotateApiKey",
        "rotateWebhookSecret",
        "sendTestWebhook",
        "showGiftCard",
        "signOut",
        "updateWebhookEndpoint",
    }
)


def begin(context: Context, document: DocumentNode, operation: OperationDefinitionNode, variables: Any) -> None:
    """Claim the request's key, or say in ``context.instead`` what to answer. Raises RequestRefused."""
    fields = list(root_fields(document, operation))
    if not any(field.name.value in MONEY for field in fields):
        return
    key = context.request.headers.get("Idempotency-Key", "").strip()
    if not key and not get_conf().API_REQUIRE_IDEMPOTENCY_KEY:
        return
    if not key:
        message = _("Send the header Idempotency-Key with a text of your own, such as a random UUID.")
        raise RequestRefused(400, message, code=ErrorCode.IDEMPOTENCY_KEY_REQUIRED)
    if len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        raise RequestRefused(400, _("The Idempotency-Key has to be up to 255 printable ASCII characters."))
    if len(fields) > 1:
        raise RequestRefused(400, _("Send one mutation at a time with an Idempotency-Key."))
    if not context.caller:
        return  # the mutation itself refuses nobody in particular
    text = document.loc.source.body if document.loc else ""
    asked = json.dumps([text, operation.name.value if operation.name else "", variables], sort_keys=True)
    try:
        found = claim_answer(caller=f"{context.site.pk} {context.caller}", key=key, asked=asked)
    except Reused:
        message = _("This Idempotency-Key came before with another request. Use a new one for a new request.")
        raise RequestRefused(422, message, code=ErrorCode.IDEMPOTENCY_KEY_REUSED) from None
    if isinstance(found, Busy):
        raise RequestRefused(
            409,
            _("The first request with this Idempotency-Key is still being carried out."),
            code=ErrorCode.IDEMPOTENCY_IN_PROGRESS,
            headers={"Retry-After": str(min(RETRY_AFTER, found.seconds))},
        )
    if isinstance(found, Replay):
        context.instead = found
    else:
        context.claim = found


def end(context: Context, body: Mapping[str, Any]) -> None:
    """Keep the answer, or free the key when nothing was done that a retry should not try again."""
    if context.claim is None:
        return
    if "errors" in body or any(_is_passing(payload) for payload in (body["data"] or {}).values()):
        release_answer(claim=context.claim)
    else:
        keep_answer(claim=context.claim, answer=json.dumps(body))
    context.claim = None


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[FieldNode]:
    """The fields at the top of a valid operation, also those in fragments."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    yield from _fields(operation.selection_set, fragments)


def _fields(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    node: SelectionNode
    for node in selections.selections or ():
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _fields(node.selection_set, fragments)  # type: ignore[attr-defined]


def _is_passing(payload: Any) -> bool:
    errors = payload.get("errors") if isinstance(payload, dict) else None
    return any(isinstance(error, dict) and error.get("code") in PASSING for error in errors or ())
