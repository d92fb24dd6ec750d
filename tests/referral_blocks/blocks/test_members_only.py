"""What only members read: who they are, and that nobody else is sent it."""

import pytest

from referral_blocks.referrers.models import ReferrerStanding
from tests.make import make_link, make_program

from .looking import LOOKERS, referrer, show

pytestmark = pytest.mark.django_db

SECRET = [
    {"type": "text", "value": {"text": "The back door is open."}, "id": "t"},
    {"type": "code", "value": {"label": "Your code", "code": "MEMBERS-7"}, "id": "c"},
    {"type": "link", "value": {"text": "The guide", "url": "https://example.com/guide"}, "id": "l"},
]


@pytest.mark.parametrize("who", ["visitor", "friend", "unverified"])
def test_what_is_locked_is_not_in_the_page(who):
    program = make_program()
    html = show("members_only", {"content": SECRET}, **LOOKERS[who](program))
    assert "back door" not in html
    assert "MEMBERS-7" not in html
    assert "example.com/guide" not in html
    assert ("Open the sign-in link" in html) is (who == "unverified")


def test_a_verified_referrer_reads_what_members_get():
    program = make_program()
    html = show("members_only", {"content": SECRET}, **referrer(program))
    assert "back door" in html
    assert "MEMBERS-7" in html
    assert 'href="https://example.com/guide"' in html


@pytest.mark.parametrize(("brought", "is_open"), [(0, False), (2, False), (3, True), (4, True)])
def test_a_number_of_customers_can_be_asked_for(brought, is_open):
    program = make_program()
    look = referrer(program)
    member = make_link(program).referrer
    ReferrerStanding.objects.update_or_create(referrer=member, defaults={"qualified": brought})
    html = show("members_only", {"content": SECRET, "friends_needed": 3}, **look)
    assert ("MEMBERS-7" in html) is is_open
    assert (f"{brought} of 3 friends have become customers" in html) is not is_open


def test_a_session_of_another_programme_unlocks_nothing():
    other = make_program(slug="other")
    program = make_program()
    html = show("members_only", {"content": SECRET, "program": program.pk}, **referrer(other))
    assert "MEMBERS-7" not in html


def test_a_page_with_members_content_stays_out_of_shared_caches():
    program = make_program()
    show("members_only", **referrer(program))
    assert show.request.referral_audience.personal
    show("members_only")
    assert (show.request.referral_audience.asked, show.request.referral_audience.personal) == (True, False)
