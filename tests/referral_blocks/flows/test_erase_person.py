"""Erasing a person: what is open is said before, what is on its way arrives, and whatever breaks off goes on."""

from datetime import timedelta
from typing import ClassVar

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import request_email, send_email
from referral_blocks.flows import carry_out_erasure as carrying
from referral_blocks.flows.carry_out_erasure import carry_out_erasure, resume_erasures
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.erase_person import erase_person, open_value
from referral_blocks.flows.exchange_login_token import exchange_login_token
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.fraud.models import ReviewDecision
from referral_blocks.ledger.models import Account, LedgerLine
from referral_blocks.ledger.services import post_transfer
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.links.selectors import validate_code
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import ErasedMailbox, Person, PersonErasure
from referral_blocks.referrals.models import Referral, ReferralChange, ReferralClaim
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, make_sign_in_token, read_session
from referral_blocks.referrers.tokens import open_app_session, read_access_token
from referral_blocks.rewards.models import Reward, RewardChange, RewardState
from tests.erasing import MARK, busy_person, everywhere
from tests.gift_cards import MANUAL
from tests.make import make_link, make_program, make_referral
from tests.reversals import AT_ONCE, GIFT, POINTS, reverse, sold

pytestmark = pytest.mark.django_db


def erase(person: Person, **given) -> PersonErasure:
    return erase_person(person=person, **given)


def finish(person: Person) -> bool:
    return carry_out_erasure(erasure_id=PersonErasure.objects.get(person=person).pk)


def test_they_are_signed_out_and_unknown_at_once_and_joining_again_makes_somebody_new():
    link = make_link(make_program(), email="ana@example.com", name="Ana Example")
    referrer = link.referrer
    access, session, mail = (
        open_app_session(referrer=referrer).access, make_session(referrer, verified=True), make_sign_in_token(referrer),
    )  # fmt: skip
    erase(referrer.person)
    site_id = referrer.program.site_id
    assert read_session(session) is read_access_token(access, site_id=site_id) is None
    with pytest.raises(DomainError):
        exchange_login_token(token=mail, site_id=site_id)
    assert ReferralLink.objects.get().greeting_name == ""
    assert finish(referrer.person)
    assert not Referrer.objects.filter(public_id=referrer.public_id).exists()
    assert not Person.objects.filter(public_id=referrer.person.public_id).exists()
    assert validate_code(program=referrer.program, code=link.code).status == "unknown"
    joined = join_program(program=referrer.program, email="ana@example.com", name="Ana", accept_terms=True)
    assert joined.created
    assert joined.referrer.person_id != referrer.person_id
    assert Person.objects.get(pk=referrer.person_id).email == ""


def test_what_is_open_has_to_be_given_up_and_a_refusal_writes_nothing():
    reward = sold(GIFT)
    tasks = OrmQ.objects.count()
    value = open_value(person=reward.person)
    assert (value.rewards, [str(a) for a in value.amounts], value.would_be_lost) == (1, ["£20.00"], True)
    with pytest.raises(DomainError) as refused:
        erase(reward.person)
    assert (refused.value.code, refused.value.path) == ("open_rewards", ("giveUp",))
    reward.person.refresh_from_db()
    assert (PersonErasure.objects.count(), OrmQ.objects.count(), reward.person.erased_at) == (0, tasks, None)
    assert reward.person.email_key == "referrer@example.com"
    erase(reward.person, gives_up=True)
    assert finish(reward.person)
    reward.refresh_from_db()
    assert reward.state == RewardState.VOID
    assert (check_ledger(), RewardChange.objects.filter(reason="erased").count()) == ([], 1)


def test_a_payout_that_nobody_has_begun_is_called_off_with_what_was_given_up():
    reward = sold(AT_ONCE)
    assert Payout.objects.get().state == "confirmed"
    assert open_value(person=reward.person).rewards == 1
    erase(reward.person, gives_up=True)
    assert finish(reward.person)
    assert (Payout.objects.get().state, Reward.objects.get(pk=reward.pk).state) == ("cancelled", RewardState.VOID)
    assert check_ledger() == []


def test_a_payout_on_its_way_arrives_first_and_the_address_goes_after_it():
    reward = sold(AT_ONCE)
    payout = Payout.objects.get()
    assert send_payout(payout_id=payout.pk) == "accepted"
    value = open_value(person=reward.person)
    assert (value.would_be_lost, value.on_their_way) == (False, 1)
    erase(reward.person)
    assert not finish(reward.person)
    person = Person.objects.get(pk=reward.person_id)
    assert (person.email, person.email_key) == ("referrer@example.com", f"erased:{person.pk}")
    assert ReferralLink.objects.get().is_expired  # what the payout does not need is gone
    boss = User.objects.create_superuser("boss", "b@example.com", "x")
    mark_handed_over(handover=Handover.objects.get(), actor=boss, note="To Robin")
    OrmQ.objects.all().delete()
    assert resume_erasures() == 1
    assert [q.task["func"].rsplit(".", 1)[1] for q in OrmQ.objects.all()] == ["carry_out_erasure"]
    assert finish(person)
    assert (Payout.objects.get().state, Handover.objects.get().note) == ("paid", "")
    assert Person.objects.get(pk=person.pk).email == ""
    assert (check_ledger(), resume_erasures()) == ([], 0)


def test_what_comes_back_to_somebody_erased_is_cancelled():
    reward = sold(AT_ONCE)
    erase(reward.person, gives_up=True)
    assert finish(reward.person)
    late = sold_again(reward)
    assert late.state == RewardState.PENDING
    resume_erasures()
    late.refresh_from_db()
    assert late.state == RewardState.VOID
    assert check_ledger() == []


def sold_again(reward: Reward) -> Reward:
    """As after a dispute that was won: the reward that was cancelled is promised again."""
    Reward.objects.filter(pk=reward.pk).update(state=RewardState.PENDING)
    post_transfer(
        key="again", kind="reward_promised", program_id=reward.program_id, person_id=reward.person_id,
        amount=reward.amount, debit=Account.EXPENSE, credit=Account.PENDING,
    )  # fmt: skip
    reward.refresh_from_db()
    return reward


def test_friends_who_buy_later_earn_an_erased_referrer_nothing_and_themselves_what_was_promised():
    program = make_program(rules=(GIFT, {**GIFT, "side": "friend", "title": "Welcome"}))
    link = make_link(program)
    make_referral(program, link=link)
    erase(link.referrer.person)
    assert finish(link.referrer.person)
    record_sale(
        program=program, source="api", external_id="1", friend_email="friend@example.com", amount="9", currency="GBP"
    )
    assert list(Reward.objects.values_list("side", flat=True)) == ["friend"]
    assert check_ledger() == []


def test_an_erased_friend_is_withdrawn_before_they_bought_and_stays_counted_after():
    program = make_program(rules=())
    link = make_link(program)
    early, late = (make_referral(program, email=f"{n}@example.com", link=link) for n in ("early", "late"))
    record_sale(
        program=program, source="api", external_id="1", friend_email="late@example.com", amount="9", currency="GBP"
    )
    for referral in (early, late):
        erase(referral.friend)
        assert finish(referral.friend)
        referral.refresh_from_db()
    assert (early.stage, late.stage) == ("withdrawn", "qualified")
    assert (early.friend_first_name, late.friend_first_name) == ("", "")
    assert check_ledger() == []
    # The gift for new customers is given once: who bought is known again, who did not is new.
    again = [make_referral(program, email=f"{n}+x@example.com", link=link) for n in ("early", "late")]
    assert [r.is_new_customer for r in again] == [None, False]
    assert ErasedMailbox.objects.values_list("was_customer", "no_mail").get() == (True, False)


@pytest.mark.parametrize("broken", ["retire_links", "forget_recipient", "finish_erasure"])
def test_an_erasure_that_breaks_off_goes_on(monkeypatch, broken):
    person = busy_person()
    erasure = erase(person, gives_up=True)

    def breaks(**_given):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(carrying, broken, breaks)
        with pytest.raises(RuntimeError):
            carry_out_erasure(erasure_id=erasure.pk)
    assert PersonErasure.objects.get().done_at is None
    assert carry_out_erasure(erasure_id=erasure.pk)
    assert everywhere(MARK) == {}
    assert check_ledger() == []


def test_asked_or_carried_out_twice_it_is_once():
    person = busy_person()
    first = erase(person, gives_up=True, no_mail=True)
    again = erase_person(person=person, reason="order", actor=User.objects.create_user("boss"))
    assert (again.pk, again.reason, again.actor) == (first.pk, "owner", None)
    assert finish(person)
    entries, when = LedgerLine.objects.count(), PersonErasure.objects.get().done_at
    code = ReferralLink.objects.filter(referrer__person=person).get().code
    assert finish(person)
    assert (LedgerLine.objects.count(), PersonErasure.objects.get().done_at) == (entries, when)
    assert ReferralLink.objects.filter(referrer__person=person).get().code == code
    with pytest.raises(DomainError, match="list"):
        erase_person(person=person, reason="because")


def test_a_mailbox_that_wants_no_mail_gets_none_and_is_nowhere_in_the_clear(mailoutbox):
    link = make_link(make_program(rules=()), email="ana@example.com")
    program = link.referrer.program
    erase(link.referrer.person, no_mail=True)
    assert finish(link.referrer.person)
    assert everywhere("ana@example") == {}
    for email, mails in (("Ana+more@example.com", 0), ("ben@example.com", 1)):
        joined = join_program(program=program, email=email, name="A", accept_terms=True)
        send_email(email_id=Email.objects.get(person=joined.referrer.person).pk)
        assert len(mailoutbox) == mails


def test_a_mail_about_an_erased_person_is_not_sent(mailoutbox):
    link = make_link(make_program(rules=()), email="ana@example.com")
    erase(link.referrer.person)
    mail = Email.objects.get()
    send_email(email_id=mail.pk)
    assert finish(link.referrer.person)
    late = request_email(key="late", kind="welcome", person=link.referrer.person, subject_id=link.referrer.pk)
    send_email(email_id=late.pk)
    assert mailoutbox == []


def test_points_go_against_a_debt_first_and_the_books_agree():
    reward = sold(POINTS)
    send_payout(payout_id=Payout.objects.get().pk)
    reverse(amount="40")
    person = reward.person
    erase(person, gives_up=True)
    assert finish(person)
    posted = LedgerLine.objects.filter(account=Account.POINTS, entry__key__startswith="given_up")
    assert sorted(posted.values_list("entry__kind", "amount_minor")) == [("points_given_up", 30), ("points_kept", 20)]
    assert open_value(person=person).would_be_lost is False
    assert check_ledger() == []


def test_a_gift_card_that_came_late_may_be_looked_at_for_two_weeks():
    person = busy_person()
    erasure = erase(person, gives_up=True)
    card = GiftCard.objects.get()
    GiftCard.objects.update(first_shown_at=None, created_at=timezone.now())
    assert not carry_out_erasure(erasure_id=erasure.pk)
    assert GiftCard.objects.get(pk=card.pk).link != b""
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert carry_out_erasure(erasure_id=erasure.pk)
    assert GiftCard.objects.get(pk=card.pk).link == b""


def test_an_erasure_costs_the_same_whatever_the_number_of_friends():
    costs = []
    for number, friends in enumerate((2, 300)):
        link = make_link(make_program(slug=f"p{number}", rules=()), email=f"r{number}@example.com")
        people = Person.objects.bulk_create(
            Person(email=f"{number}-{n}@x.example", email_key=f"{number}-{n}", mailbox_key=f"{number}-{n}")
            for n in range(friends)
        )
        program = link.referrer.program
        shared = {"program": program, "referrer": link.referrer, "link": link, "attribution_method": "code"}
        more = {"terms_version": link.referrer.terms_version, "credit_expires_at": timezone.now()}
        made = Referral.objects.bulk_create(Referral(friend=p, **shared, **more) for p in people)
        for model, fields in (
            (ReferralChange, {"field": "stage", "note": "x"}),
            (ReviewDecision, {"side": "both", "decision": "approve", "reason": "x"}),
        ):
            key = "subject" if model is ReferralChange else "referral"
            model.objects.bulk_create(model(**{key: r}, **fields) for r in made)
        Visit.objects.bulk_create(Visit(link=link, program=program, ip_hash="h") for _n in range(min(friends, 300)))
        erasure = erase(link.referrer.person)
        with CaptureQueriesContext(connection) as seen:
            assert carry_out_erasure(erasure_id=erasure.pk)
        costs.append(len(seen))
    assert costs[0] == costs[1]
    assert costs[0] < 90


class Keeper(ManualProvider):
    """A provider of somebody else's, with tables of its own."""

    label = "Keeper"
    told: ClassVar[list[int]] = []

    def forget_person(self, person_id):
        self.told.append(person_id)


def test_a_provider_with_tables_of_its_own_is_told_once_nothing_is_on_its_way(settings):
    settings.REFERRAL_BLOCKS = {
        **settings.REFERRAL_BLOCKS,
        "PAYOUT_PROVIDERS": {"manual": MANUAL, "keeper": f"{__name__}.Keeper"},
    }
    reward = sold(AT_ONCE)
    send_payout(payout_id=Payout.objects.get().pk)
    erase(reward.person)
    assert not finish(reward.person)
    assert Keeper.told == []
    Payout.objects.update(state="paid")
    assert finish(reward.person)
    assert Keeper.told == [reward.person_id]


def test_a_name_that_others_bear_too_goes_only_where_it_means_this_person():
    link = make_link(make_program(rules=()), name="Kim Doe")
    other = make_program(slug="other", rules=())
    for program, email, named in (
        (link.referrer.program, "a@example.com", "kim doe"),
        (other, "b@example.com", "Kim Doe"),
        (other, "c@example.com", "Referrer@example.com"),
    ):
        ReferralClaim.objects.create(
            program=program,
            friend=Person.objects.create(email=email, email_key=email, mailbox_key=email),
            typed_name=named,
            terms_version=link.referrer.terms_version,
        )
    erase(link.referrer.person)
    assert finish(link.referrer.person)
    assert list(ReferralClaim.objects.order_by("pk").values_list("typed_name", flat=True)) == ["", "Kim Doe", ""]
