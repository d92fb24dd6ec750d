"""A referrer asks for a way in: a link to their own mailbox."""

from __future__ import annotations

from referral_blocks.core.errors import gathering
from referral_blocks.core.text import clean_email
from referral_blocks.emails.compose import SIGN_IN
from referral_blocks.emails.link_requests import ask_for_link
from referral_blocks.people.services import email_key
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.return_address import check_return_address

from .join_program import request_sign_in


def request_login_link(*, program: Program, email: str, return_to: str = "") -> None:
    """Have a sign-in link mailed if the address is known; the answer and the work for it are the same if it is not.
    ``return_to``: a page elsewhere to which the link leads. Raises InvalidInput with all that is wrong (paths
    ``email``, ``returnTo``)."""
    with gathering() as mistakes:
        with mistakes.check():
            address = clean_email(email)
        with mistakes.check():
            check_return_address(address=return_to, hostname=program.site.hostname)
    ask_for_link(kind=SIGN_IN, subject_id=program.pk, address=address, return_to=return_to)


def mail_login_link(*, program_id: int, email: str, return_to: str) -> None:
    """Mail it if the address is a referrer's, in the caller's transaction; at most one in ten minutes and ten a day."""
    referrers = Referrer.objects.select_related("person")
    referrer = referrers.filter(program_id=program_id, person__email_key=email_key(email)).first()
    if referrer is not None:
        request_sign_in(referrer, return_to=return_to)
