"""Hashes of network addresses go when their time is over."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.core.conf import Conf
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.forget_addresses import forget_addresses
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.links.models import Visit
from referral_blocks.referrals.models import Referral
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def come(program, link, email, ip_hash):
    record_visit(code=link.code, site_id=program.site_id, ip_hash=ip_hash)
    capture_referral(program=program, email=email, name="Kim", accept_terms=True, code=link.code, ip_hash=ip_hash)


def test_hashes_older_than_the_setting_are_blanked_and_the_rows_stay():
    program = make_program()
    link = make_link(program)
    now = timezone.now()
    assert Conf().IP_HASH_DAYS == 30
    for n, age in enumerate((timedelta(days=30, seconds=1), timedelta(days=30), timedelta(0))):
        with time_machine.travel(now - age, tick=False):
            come(program, link, f"f{n}@example.com", f"hash{n}")
    with time_machine.travel(now, tick=False):
        assert forget_addresses() == 2
        assert forget_addresses() == 0
    kept = ["", "hash1", "hash2"]
    assert list(Referral.objects.order_by("attributed_at").values_list("ip_hash", flat=True)) == kept
    assert list(Visit.objects.order_by("created_at").values_list("ip_hash", flat=True)) == kept


def test_the_setting_decides(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "IP_HASH_DAYS": 1}
    program = make_program()
    link = make_link(program)
    with time_machine.travel(timezone.now() - timedelta(days=1, minutes=1)):
        come(program, link, "f@example.com", "hash")
    assert forget_addresses() == 2
    assert not Referral.objects.exclude(ip_hash="").exists()
