"""What belongs to a referrer is given to nobody else, whichever way its type is asked for."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.utils import timezone

from graphql_api.context import Context
from graphql_api.links.types import ViewerLink
from graphql_api.points.types import PointsLot
from graphql_api.referrals.types import Referral
from graphql_api.referrers.opened_groups import ViewerGroup
from graphql_api.rewards.types import Reward
from referral_blocks.groups.models import Group
from referral_blocks.ledger import models as ledger
from referral_blocks.ledger.points import add_points
from referral_blocks.links.models import ReferralLink
from referral_blocks.referrals.models import Referral as ReferralModel
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward as RewardModel
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import make_offer

pytestmark = pytest.mark.django_db
TYPES = {
    ViewerLink: ReferralLink, PointsLot: ledger.PointsLot, Referral: ReferralModel, ViewerGroup: Group,
    Reward: RewardModel,
}  # fmt: skip


def info_of(*sessions):
    cookies = {session_cookie(link.referrer.program): make_session(link.referrer, verified=v) for link, v in sessions}
    return SimpleNamespace(context=Context(RequestFactory().post("/graphql/"), cookies))


def given(kind, *sessions):
    return kind.get_queryset(TYPES[kind].objects.all(), info_of(*sessions)).count()


@pytest.fixture
def link():
    rule = {"side": "referrer", "title": "Gift", "amount_minor": 100, "trigger": "sign_up"}
    program = make_program(rules=(rule,))
    link = make_link(program)
    make_referral(program, link=link)
    add_points(key="1", program_id=program.pk, person_id=link.referrer.person_id, points=5)
    Group.objects.create(offer=make_offer(program), opener=link.referrer, size=3, deadline=timezone.now())
    return link


@pytest.mark.parametrize("kind", TYPES)
def test_only_the_verified_owner_is_given_a_row(link, kind):
    assert TYPES[kind].objects.count() == 1
    assert given(kind, (link, True)) == 1
    assert given(kind, (link, False)) == given(kind) == 0
    other = make_link(link.referrer.program, email="other@example.com")
    assert given(kind, (other, True)) == (1 if kind is ViewerLink else 0)  # their own link
    elsewhere = make_link(make_program(slug="elsewhere", rules=()))  # the same person in another programme
    assert elsewhere.referrer.person == link.referrer.person
    assert given(kind, (elsewhere, True)) == (1 if kind is ViewerLink else 0)
