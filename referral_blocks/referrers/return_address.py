"""To which pages of others a sign-in link may lead back, and how its token gets there.

The setting names them: without it a mail could be made to carry somebody's way in to a page of a stranger's choice
(RFC 9700 §4.11, open redirectors). The token stands behind “#”: no server, proxy or Referer header ever has it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput

MAX_LENGTH = 500
FRAGMENT = "referral-sign-in"


def check_return_address(*, address: str, hostname: str) -> str:
    """The address if links of the site with this host name may lead to it; empty stays empty: to the site's own page.
    Raises InvalidInput with path ``returnTo``."""
    if address and not may_return_to(address=address, hostname=hostname):
        raise InvalidInput(
            _("Sign-in links may not lead to this page. The site’s settings have to name it."),
            code="return_not_allowed",
            path=("returnTo",),
        )
    return address


def may_return_to(*, address: str, hostname: str) -> bool:
    """Whether the setting names the address itself, or a folder, written with “/” at its end, in which it is.

    Without “?”, because a page that redirects by its query would hand on what stands behind “#”, and without steps to
    other folders.
    """
    if len(address) > MAX_LENGTH or not address.isascii() or not address.isprintable() or set(address) & set(" \\?#@"):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    steps = {step.lower().replace("%2e", ".") for step in parts.path.split("/")}
    if parts.scheme not in ("https", "http") or not parts.netloc or steps & {".", ".."}:
        return False
    chosen = get_conf().SIGN_IN_RETURN_ADDRESSES
    named = (*chosen.get("*", ()), *chosen.get(hostname, ()))
    return any(address == one or (one.endswith("/") and address.startswith(one)) for one in named)


def with_token(address: str, token: str) -> str:
    """Where the button in the mail leads."""
    return f"{address}#{FRAGMENT}={token}"
