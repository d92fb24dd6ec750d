"""Staff and friends at the same moment, with real threads and real connections."""

from threading import Event
from time import sleep

import pytest
from django.contrib.auth import get_user_model

from referral_blocks.core.errors import DomainError
from referral_blocks.core.money import Money
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.import_customers import import_customers
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.refer_by_name import confirm_claim, refer_by_name
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.links.services import primary_link
from referral_blocks.people.models import KnownCustomer
from referral_blocks.referrals.models import ClaimChange, Referral, ReferralChange, ReferralClaim
from referral_blocks.referrals.services import give_to
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.offers import RuleInput
from referral_blocks.sales.models import Sale
from referral_blocks.sales.services import get_or_create_sale
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_concurrency import THREADS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_claim_confirmed_by_many_for_different_referrers_is_one_referral_with_one_reward():
    program = make_program(rules=())
    set_reward_rule(program=program, given=RuleInput("referrer", "Gift", "5", trigger="sign_up"))
    referrers = [make_link(program, email=f"r{n}@example.com").referrer for n in range(THREADS)]
    friend = {"email": "kim@example.com", "name": "Kim", "accept_terms": True}
    at_once(lambda n: refer_by_name(program=program, referrer_name="Robin", **friend))
    staff = get_user_model().objects.create_user("staff")
    pk = ReferralClaim.objects.get().pk

    def confirm(number):
        try:
            claim = ReferralClaim.objects.select_related("program", "friend", "terms_version").get(pk=pk)
            return confirm_claim(claim=claim, referrer=referrers[number], actor=staff).referrer_id
        except DomainError as error:
            return error.code

    results = at_once(confirm)
    assert results.count("wrong_state") == THREADS - 1
    assert Referral.objects.get().referrer_id in results
    assert (ClaimChange.objects.count(), Reward.objects.count()) == (1, 1)


def test_a_friend_moved_between_two_referrers_by_many_at_once_is_counted_once():
    program = make_program()
    two = [make_link(program, email=f"r{n}@example.com").referrer for n in range(2)]
    make_referral(program, link=primary_link(referrer=two[0]))
    staff = get_user_model().objects.create_user("staff")
    friend = {"email": "friend@example.com", "name": "Kim", "reason": "They say so.", "actor": staff}
    at_once(lambda n: attribute_referral(program=program, referrer=two[n % 2], **friend))
    referral = Referral.objects.get()
    standings = ReferrerStanding.objects.filter(referrer__in=two).values_list("referrer", "friends")
    assert dict(standings) == {r.pk: int(r.pk == referral.referrer_id) for r in two}
    last = ReferralChange.objects.order_by("pk").last()
    assert last.to_state == referral.referrer.public_id.hex[:30]


def test_one_list_of_customers_given_many_times_at_once_is_kept_once():
    program = make_program()
    at_once(lambda n: import_customers(site_id=program.site_id, contacts=["a@example.com", "b@example.com"]))
    assert KnownCustomer.objects.count() == 2


@pytest.mark.parametrize("verb", ["sell", "reverse"])
def test_a_sale_that_comes_while_its_friend_is_moved_waits_and_counts_for_the_new_referrer(verb, monkeypatch):
    program = make_program()
    before, after = (make_link(program, email=f"r{n}@example.com").referrer for n in range(2))
    referral = make_referral(program, link=primary_link(referrer=before))
    staff = get_user_model().objects.create_user("staff")
    sale = {"source": "api", "external_id": "1"}
    if verb == "reverse":
        get_or_create_sale(
            referral=referral, amount=Money(1000, "GBP"), occurred_at=referral.attributed_at, product="", metadata={},
            **sale,
        )  # fmt: skip
    moved = Event()

    def slowly(**given):
        give_to(**given)
        moved.set()
        sleep(0.5)

    monkeypatch.setattr("referral_blocks.flows.attribute_referral.give_to", slowly)

    def work(number):
        if number == 0:
            friend = {"email": "friend@example.com", "name": "Kim", "reason": "They say so.", "actor": staff}
            attribute_referral(program=program, referrer=after, **friend)
        elif number == 1 and moved.wait(30):
            if verb == "sell":
                record_sale(program=program, friend_email="friend@example.com", amount="10", currency="GBP", **sale)
            else:
                reverse_sale(program=program, reversal_id="r", kind="refund", **sale)

    at_once(work)
    assert Referral.objects.get().referrer == after
    if verb == "sell":
        assert Reward.objects.get(side="referrer").referrer == after
    else:
        assert Sale.objects.get().reversed_minor == 1000
