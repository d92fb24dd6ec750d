"""Many flagged friends are decided at once, by their score."""

import pytest
from django.urls import reverse

from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from tests.make import make_link, make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    """Flagged friends with the scores 50, 60 and 90."""
    program = make_program()
    link = make_link(program)
    for score in (50, 60, 90):
        referral = make_referral(program, email=f"f{score}@example.com", link=link)
        set_review(referral=referral, to="flagged", reason="test")
        Referral.objects.filter(pk=referral.pk).update(risk_score=score)
    return program


def decide(client, program, **given):
    url = reverse("referral_review_desk:by_score")
    return client.post(url, {"program": program.pk, "decision": "approve", "note": "Trade fair", **given}, follow=True)


def reviews():
    return list(Referral.objects.order_by("risk_score").values_list("review", flat=True))


def test_a_range_of_scores_is_decided(program):
    page = decide(staff_client("review_referral"), program, max_score="60")
    assert messages_of(page) == ["Decided: 2. Changed meanwhile and left out: 0. Still to decide: 0."]
    assert reviews() == ["approved", "approved", "flagged"]


@pytest.mark.parametrize("given", [{}, {"min_score": "80", "max_score": "20"}])
def test_a_range_that_is_none_is_refused(program, given):
    page = decide(staff_client("review_referral"), program, **given)
    assert list(page.context["form"].errors) == ["min_score"]
    assert reviews() == ["flagged"] * 3


def test_only_reviewers_decide(program):
    assert decide(staff_client("view_referral"), program, max_score="60").status_code == 403
    assert reviews() == ["flagged"] * 3
