"""What belongs to one programme never credits another: not on the same site, and not on another site."""

import pytest
from wagtail.models import Site

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.flows.refer_by_name import confirm_claim, refer_by_name
from referral_blocks.referrals.claims import candidates
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
FRIEND = {"email": "kim@example.com", "name": "Kim Example", "accept_terms": True}


@pytest.fixture
def ours():
    return make_program()


@pytest.fixture(params=["another programme of the site", "another site"])
def theirs(request, ours):
    if request.param == "another site":
        site = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
        return make_program(site=site)
    return make_program(slug="other")


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


def refused(expected, work, **given):
    with pytest.raises(DomainError) as error:
        work(**given)
    assert error.value.code == expected


def test_a_code_is_unknown(ours, theirs):
    refused("unknown_code", capture_referral, program=ours, code=make_link(theirs).code, **FRIEND)
    assert not Referral.objects.exists()


@pytest.mark.parametrize("way", ["token", "cookie"])
def test_a_token_and_a_cookie_are_worth_nothing(ours, theirs, way):
    token = record_visit(code=make_link(theirs).code, site_id=theirs.site_id, ip_hash="").token
    assert token
    refused("invalid_token", capture_referral, program=ours, **{way: token}, **FRIEND)
    assert not Referral.objects.exists()


def test_a_good_code_is_not_spoilt_by_a_foreign_cookie(ours, theirs):
    token = record_visit(code=make_link(theirs).code, site_id=theirs.site_id, ip_hash="").token
    link = make_link(ours)
    referral = capture_referral(program=ours, code=link.code, cookie=token, token=token, **FRIEND).referral
    assert (referral.referrer, referral.program) == (link.referrer, ours)


def test_a_code_leads_nowhere_on_another_site(ours, theirs):
    visited = record_visit(code=make_link(theirs).code, site_id=ours.site_id, ip_hash="")
    assert visited.program == (theirs if theirs.site_id == ours.site_id else None)


def test_a_claim_never_finds_or_credits_a_foreign_referrer(ours, theirs, staff):
    stranger = make_link(theirs).referrer
    claim = refer_by_name(program=ours, referrer_name="Robin Example", **FRIEND).claim
    assert candidates(claim=claim) == []
    refused("not_found", confirm_claim, claim=claim, referrer=stranger, actor=staff)
    by_mail = {**FRIEND, "email": "two@example.com", "referrer_name": "referrer@example.com"}
    assert refer_by_name(program=ours, **by_mail).claim
    assert not Referral.objects.exists()


def test_staff_cannot_credit_a_foreign_referrer(ours, theirs, staff):
    stranger = make_link(theirs).referrer
    friend = {"email": "kim@example.com", "name": "Kim"}
    refused("not_found", attribute_referral, program=ours, referrer=stranger, reason="Oops.", actor=staff, **friend)
    assert not Referral.objects.exists()


def test_a_sale_counts_for_its_own_programme_only(ours, theirs):
    make_referral(theirs)
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    refused("no_referral", record_sale, program=ours, currency="GBP", **sale)
    assert (Sale.objects.count(), Reward.objects.count()) == (0, 0)
    make_referral(ours)
    record_sale(program=ours, currency="GBP", **sale)
    assert set(Reward.objects.values_list("program", flat=True)) == {ours.pk}
    # The same order number in the other programme is another sale.
    record_sale(program=theirs, currency="GBP", **sale)
    assert (Sale.objects.count(), Reward.objects.count()) == (2, 4)


@pytest.mark.parametrize("way", ["code", "token"])
def test_a_checkouts_code_or_token_of_another_programme_credits_nobody(ours, theirs, way):
    link = make_link(theirs)
    token = record_visit(code=link.code, site_id=theirs.site_id, ip_hash="").token
    brought = {"code": link.code} if way == "code" else {"token": token}
    sale = {"source": "api", "external_id": "1", "friend_email": "kim@example.com", "amount": "10", "currency": "GBP"}
    with pytest.raises(DomainError):
        record_sale(program=ours, accept_terms=True, friend_name="Kim", **sale, **brought)
    assert (Sale.objects.count(), Referral.objects.count()) == (0, 0)
