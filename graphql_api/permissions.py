"""Who may do what: each function lets the caller pass or raises a GraphQLError, before anything is read or written."""

from __future__ import annotations

from django.utils.translation import gettext as _

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.referrers.session import Session

from .context import Context
from .errors import ErrorCode, refusal


def require_api_key(context: Context, scope: Scope) -> ApiKey:
    """The caller's API key, if it is one of this site's and has the scope."""
    key = context.api_key
    if key is None:
        raise refusal(
            ErrorCode.UNAUTHENTICATED, _("Send a valid API key of this site as “Authorization: Bearer rb_…”.")
        )
    if key.site_id != context.site.pk or scope.value not in key.scopes:
        raise refusal(ErrorCode.FORBIDDEN, _("This API key may not do this on this site."))
    return key


def require_verified(session: Session) -> None:
    """Only somebody who opened a link from the mailbox is surely the referrer: anybody can type an address."""
    if not session.verified:
        raise refusal(ErrorCode.UNVERIFIED, _("To see this, open the sign-in link in your e-mail."))
