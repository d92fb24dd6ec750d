from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.flows.record_visit import cookie_name, record_visit
from referral_blocks.links.models import IgnoredVisit, ReferralLink, Visit
from referral_blocks.programs.models import ProgramStatus, Touch
from referral_blocks.referrals.attribution import link_from_token
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def follow(code, **given):
    site = Site.objects.get(is_default_site=True)
    return record_visit(**{"code": code, "site_id": site.pk, "ip_hash": "hash", **given})


def test_a_visit_is_recorded_once_and_its_token_leads_back_to_the_link():
    program = make_program()
    link = make_link(program)
    visited = follow(link.code.lower())
    assert list(Visit.objects.values_list("link", "program", "ip_hash")) == [(link.pk, program.pk, "hash")]
    assert visited.program == program
    assert link_from_token(token=visited.token, program=program) == link


@pytest.mark.parametrize("code", ["NOBODY234", "A" * 10_000, "A\x00B", "", "../../etc", "ÄÖÜ"])
def test_an_unknown_code_writes_nothing(code):
    make_link(make_program())
    visited = follow(code)
    assert (visited.program, visited.token) == (None, "")
    assert (Visit.objects.count(), IgnoredVisit.objects.count()) == (0, 0)


@pytest.mark.parametrize("status", [ProgramStatus.PAUSED, ProgramStatus.ENDED, ProgramStatus.DRAFT])
def test_a_programme_that_is_not_open_still_leads_to_its_page_but_records_nothing(status):
    program = make_program()
    link = make_link(program)
    program.status = status
    program.save()
    visited = follow(link.code)
    assert (visited.program, visited.token, Visit.objects.count()) == (program, "", 0)


def test_an_expired_code_still_leads_to_the_page_but_records_nothing():
    program = make_program()
    link = make_link(program)
    ReferralLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    visited = follow(link.code)
    assert (visited.program, visited.token, Visit.objects.count()) == (program, "", 0)


def test_what_no_human_did_is_kept_apart():
    link = make_link(make_program())
    visited = follow(link.code, ignored_because="bot")
    assert visited.token == ""
    assert list(IgnoredVisit.objects.values_list("link", "reason")) == [(link.pk, "bot")]
    assert not Visit.objects.exists()


def test_a_code_of_another_site_is_unknown():
    link = make_link(make_program())
    other = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    assert follow(link.code, site_id=other.pk).program is None
    assert not Visit.objects.exists()


@pytest.mark.parametrize(("touch", "winner"), [(Touch.FIRST, "first"), (Touch.LAST, "second")])
def test_first_or_last_touch_decides_who_is_credited(touch, winner):
    program = make_program(attribution=touch)
    first, second = make_link(program, email="one@example.com"), make_link(program, email="two@example.com")
    earlier = follow(first.code).token
    later = follow(second.code, cookies={cookie_name(program): earlier}).token
    assert link_from_token(token=later, program=program) == {"first": first, "second": second}[winner]


def test_under_first_touch_a_forged_cookie_is_worth_nothing():
    program = make_program(attribution=Touch.FIRST)
    link = make_link(program)
    later = follow(link.code, cookies={cookie_name(program): "forged"}).token
    assert link_from_token(token=later, program=program) == link
