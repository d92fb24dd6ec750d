"""Signs referrers in as the site's own pages do, and knows the callers whom every mutation of theirs refuses."""

from __future__ import annotations

from django.test import Client

from referral_blocks.links.models import ReferralLink
from referral_blocks.referrers.session import make_session, session_cookie
from tests.graphql_api.ask import ask, codes


def sign_in(client: Client, link: ReferralLink, *, verified: bool = True) -> None:
    session = make_session(link.referrer, verified=verified, code=link.code)
    client.cookies[session_cookie(link.referrer.program)] = session


def refused_without_mailbox(client: Client, mutation: str, given: dict, link: ReferralLink) -> None:
    """An anonymous caller and somebody who only typed the referrer's address get an error and no payload."""
    name = mutation.partition("{")[2].partition("(")[0].strip()
    client.cookies.clear()
    answer = ask(client, mutation, {"input": given})
    assert (answer["data"], codes(answer)) == ({name: None}, ["UNAUTHENTICATED"])
    sign_in(client, link, verified=False)
    answer = ask(client, mutation, {"input": given})
    assert (answer["data"], codes(answer)) == ({name: None}, ["UNVERIFIED"])
    client.cookies.clear()
