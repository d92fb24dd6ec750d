from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import check_api_key, create_api_key, revoke_api_key, rotate_api_key
from referral_blocks.core.agent import acting_as
from referral_blocks.core.errors import InvalidInput, NotAllowed, NotPossibleNow

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def make(**given):
    return create_api_key(site_id=Site.objects.get().pk, **{"name": "Till", **given})


def test_a_key_works_until_it_expires():
    key, text = make(expires_at=timezone.now() + DAY)
    assert (check_api_key(text=text), key.is_live) == (key, True)
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    key.refresh_from_db()
    assert (check_api_key(text=text), key.is_live) == (None, False)


def test_nothing_is_made_that_is_over_or_unknown():
    with pytest.raises(InvalidInput) as late:
        make(expires_at=timezone.now())
    with pytest.raises(InvalidInput) as odd:
        make(scopes=["sales:read", "everything"])
    assert [(e.value.code, e.value.path) for e in (late, odd)] == [
        ("out_of_range", ("expiresAt",)),
        ("unknown_choice", ("scopes",)),
    ]
    assert not ApiKey.objects.exists()


def test_a_key_makes_none_that_may_more_or_works_longer():
    soon = timezone.now() + DAY
    maker, _text = make(scopes=[Scope.KEYS_WRITE, Scope.SALES_READ], expires_at=soon)
    for wrong in (
        {"scopes": [Scope.SALES_WRITE]},
        {"scopes": [Scope.SALES_READ], "expires_at": soon + DAY},
    ):
        with pytest.raises(NotAllowed):
            make(by=maker, **wrong)
    assert ApiKey.objects.count() == 1
    with acting_as(maker.agent_name):
        made, _text = make(by=maker, scopes=[Scope.SALES_READ, Scope.SALES_READ])
    assert (made.scopes, made.expires_at, made.agent) == (["sales:read"], soon, f"Till ({maker.prefix}…)")


def test_a_rotated_key_works_on_for_a_day_beside_its_successor():
    old, old_text = make(scopes=[Scope.SALES_READ], expires_at=timezone.now() + 90 * DAY)
    new, new_text = rotate_api_key(key=old)
    assert check_api_key(text=old_text) == old
    assert check_api_key(text=new_text) == new
    assert old.rotated_to == new
    assert timedelta(hours=23) < old.expires_at - timezone.now() <= DAY
    assert (new.name, new.scopes, new.expires_at - new.created_at > 89 * DAY) == ("Till", ["sales:read"], True)
    with pytest.raises(NotPossibleNow):
        rotate_api_key(key=old)
    assert ApiKey.objects.count() == 2


def test_without_grace_the_old_key_ends_at_once():
    old, text = make()
    rotate_api_key(key=old, grace=timedelta())
    assert check_api_key(text=text) is None


@pytest.mark.parametrize("grace", [timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_no_grace_is_negative_or_for_ever(grace):
    key, _text = make()
    with pytest.raises(InvalidInput):
        rotate_api_key(key=key, grace=grace)
    assert ApiKey.objects.count() == 1


def test_a_key_rules_over_none_that_may_more():
    maker, _text = make(scopes=[Scope.KEYS_WRITE])
    other, text = make(scopes=[Scope.PAYOUTS_WRITE])
    for step in (rotate_api_key, revoke_api_key):
        with pytest.raises(NotAllowed):
            step(key=other, by=maker)
    assert check_api_key(text=text) == other


def test_a_key_is_revoked_once():
    key, text = make()
    assert [revoke_api_key(key=key), revoke_api_key(key=key)] == [True, False]
    assert check_api_key(text=text) is None


@pytest.mark.parametrize("lasts", [None, 2 * DAY])
def test_a_key_replaces_no_other_that_works_longer(lasts):
    maker, _text = make(scopes=[Scope.KEYS_WRITE], expires_at=timezone.now() + DAY)
    other, text = make(scopes=[Scope.KEYS_WRITE], expires_at=lasts and timezone.now() + lasts)
    with pytest.raises(NotAllowed) as refused:
        rotate_api_key(key=other, by=maker)
    assert refused.value.path == ("id",)
    assert check_api_key(text=text) == other
    assert (ApiKey.objects.count(), ApiKey.objects.get(pk=other.pk).rotated_to) == (2, None)


def test_what_takes_the_place_of_another_key_works_as_long_as_the_key_that_asks():
    now = timezone.now()
    maker, _text = make(scopes=[Scope.KEYS_WRITE], expires_at=now + 30 * DAY)
    other, _text = make(scopes=[Scope.KEYS_WRITE], expires_at=now + 20 * DAY)
    ApiKey.objects.filter(pk=other.pk).update(created_at=now - 70 * DAY)
    other.refresh_from_db()
    assert rotate_api_key(key=other, by=maker)[0].expires_at == maker.expires_at
    assert rotate_api_key(key=maker, by=maker)[0].expires_at > now + 29 * DAY  # its own, as it was made
