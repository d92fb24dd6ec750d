"""A page asks the database as often for three blocks of a kind as for one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.referrers.session import make_session, session_cookie
from tests.make_pages import make_share_page
from tests.referral_blocks.blocks.test_portal_blocks import with_history

pytestmark = pytest.mark.django_db


def queries(path: str, cookies: dict[str, str]) -> list[str]:
    client = Client()
    client.cookies.load(cookies)
    client.get(path, cookies)  # what is kept between requests is kept now
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200
    return [query["sql"] for query in captured]


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_page_asks_as_often_with_every_block_once_as_with_every_block_three_times(signed_in):
    referrer = with_history(3)
    bodies = {}
    for number in (1, 3):
        children = ReferralStreamBlock().child_blocks
        bodies[number] = [(name, dict(block.get_default())) for name, block in children.items()] * number
        make_share_page(referrer.program, slug=f"times-{number}", body=bodies[number])
    cookies = {session_cookie(referrer.program): make_session(referrer, verified=True)} if signed_in else {}
    once, thrice = (queries(f"/times-{number}/", cookies) for number in (1, 3))
    assert len(bodies[3]) == 3 * len(bodies[1]) >= 75
    assert len(once) > 10
    assert len(thrice) == len(once), sorted(set(thrice) - set(once))
    print(f"{len(once)} queries")
