from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.access.answers import KeptAnswer, claim_answer
from referral_blocks.activity.models import Activity
from referral_blocks.flows.forget_expired import forget_expired
from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import make_session
from referral_blocks.referrers.tokens import open_app_session
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def test_only_what_no_longer_works_is_deleted():
    referrer = make_link(make_program()).referrer
    open_app_session(referrer=referrer)
    make_session(referrer, verified=True)
    claim_answer(caller="c", key="old", asked="a")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        claim_answer(caller="c", key="new", asked="a")
        assert forget_expired() == 1
        assert (KeptAnswer.objects.count(), SignIn.objects.count()) == (1, 2)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert forget_expired() == 4  # and the news that somebody joined
        assert forget_expired() == 0
    assert [kept.objects.count() for kept in (KeptAnswer, SignIn, Activity)] == [0, 0, 0]
