"""Where payout providers send their messages: believed by their signature alone, kept, and worked on later."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.webhooks.services import ACCEPTED, DUPLICATE, receive

LARGEST = 256 * 1024  # bytes; messages hold ids


@csrf_exempt
@never_cache
@require_POST
def provider_webhook(request: HttpRequest, alias: str) -> HttpResponse:
    """204 once the message is kept, for a duplicate too; 400 without a word for what is not believed; 404 for an
    address at which nothing is received, whether there is such a provider or not."""
    if not is_registered(alias) or not payout_provider(alias).capabilities.webhooks:
        return HttpResponse(status=404)
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    status = receive(provider=alias, headers=request.headers, body=body)
    return HttpResponse(status=204 if status in (ACCEPTED, DUPLICATE) else 400)


def _body(request: HttpRequest) -> bytes | None:
    """The raw body, never more of it than is allowed; None for one that is larger."""
    body = request.read(LARGEST + 1)
    return body if len(body) <= LARGEST else None
