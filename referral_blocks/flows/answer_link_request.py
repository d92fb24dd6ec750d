"""An address that somebody typed is looked up while nobody waits for the answer; a link is mailed if it is known."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.emails.compose import SIGN_IN, YOUR_DATA
from referral_blocks.emails.link_requests import LinkRequest, address_of

from .request_data_link import mail_data_link
from .request_login_link import mail_login_link


def answer_link_request(*, request_id: int) -> None:
    """Look it up and delete it; one that is gone was answered, or is too old."""
    asked = LinkRequest.objects.filter(pk=request_id).first()
    if asked is None:
        return
    with transaction.atomic():
        if address := address_of(asked):
            _mail(asked, address)
        asked.delete()


def _mail(asked: LinkRequest, address: str) -> None:
    if asked.kind == SIGN_IN:
        mail_login_link(program_id=asked.subject_id, email=address, return_to=asked.return_to)
    elif asked.kind == YOUR_DATA:
        mail_data_link(site_id=asked.subject_id, email=address)
