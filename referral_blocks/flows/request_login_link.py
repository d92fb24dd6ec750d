"""A referrer asks for a way in: a link to their own mailbox."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.core.text import clean_email
from referral_blocks.people.services import email_key
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.return_address import check_return_address

from .join_program import request_sign_in


def request_login_link(*, program: Program, email: str, return_to: str = "") -> None:
    """Mail a sign-in link if the address is known; the answer is the same if it is not. ``return_to``: a page elsewhere
    to which the link leads. Raises InvalidInput (paths ``email``, ``returnTo``)."""
    check_return_address(address=return_to, hostname=program.site.hostname)
    key = email_key(clean_email(email))
    with transaction.atomic():
        referrer = Referrer.objects.select_related("person").filter(program=program, person__email_key=key).first()
        if referrer is not None:
            request_sign_in(referrer, return_to=return_to)
