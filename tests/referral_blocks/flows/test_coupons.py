"""Single-use codes: imported once, one for each reward, shown to its owner when it is issued."""

import pytest

from referral_blocks import signals
from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.import_coupons import RefusedRow, import_coupons
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_waiting import release_waiting
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import CouponCode, CouponList, Reward, RewardRule
from referral_blocks.rewards.selectors import LowStock, coupon_of, low_stock
from tests.at_once import at_once
from tests.make import make_link, make_program, make_referral

THREADS = 12


def prepare(codes: int = 0, friends: int = 1, **rule) -> tuple[Program, CouponList]:
    program = make_program(rules=())
    coupons = CouponList.objects.create(program=program, name="Summer", low_stock_at=2)
    given = {"side": "friend", "title": "10% off", "amount_minor": 1000, "hold_days": 0, "approval": "automatic"}
    RewardRule.objects.create(program=program, method="coupon", coupon_list=coupons, **{**given, **rule})
    if codes:
        import_coupons(coupon_list=coupons, text="\n".join(f"CODE-{n}" for n in range(codes)))
    link = make_link(program)
    for n in range(friends):
        make_referral(program, email=f"friend{n}@example.com", link=link)
    return program, coupons


def buy(program, number) -> Reward:
    sale = {"source": "api", "external_id": str(number), "friend_email": f"friend{number}@example.com"}
    return record_sale(program=program, amount="10", currency="GBP", **sale).rewards[0]


def codes_of(coupons) -> list[str]:
    return list(CouponCode.objects.filter(coupon_list=coupons).order_by("pk").values_list("code", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("A1\nB2\n", ["A1", "B2"]),
        ("\ufeffA1\r\n\r\n  B2  \r\n", ["A1", "B2"]),
        ("code,value\nA1,10\nB2,20\n", ["A1", "B2"]),
        ('Code;Value\n"A;1";10\nB2;20\n', ["A;1", "B2"]),
        ("CODE-1\n", ["CODE-1"]),
    ],
)
def test_codes_come_one_a_line_or_in_the_first_column(text, codes):
    _program, coupons = prepare()
    result = import_coupons(coupon_list=coupons, text=text)
    assert (result.added, result.known, result.refused) == (len(codes), 0, [])
    assert codes_of(coupons) == codes


@pytest.mark.django_db
def test_importing_a_file_again_adds_only_what_is_new():
    _program, coupons = prepare()
    import_coupons(coupon_list=coupons, text="A1\nB2")
    result = import_coupons(coupon_list=coupons, text="B2\nC3\nA1")
    assert (result.added, result.known) == (1, 2)
    assert codes_of(coupons) == ["A1", "B2", "C3"]


@pytest.mark.django_db
def test_a_bad_row_is_refused_by_itself_and_named():
    _program, coupons = prepare()
    result = import_coupons(coupon_list=coupons, text=f"A1\n{'x' * 81}\nB\x002\nA1\nC3\n")
    assert (result.added, [(r.row, r.code) for r in result.refused]) == (
        2,
        [(2, "too_long"), (3, "invalid_text"), (4, "duplicate")],
    )
    assert result.refused[2] == RefusedRow(4, "duplicate", "This code is in row 1 already.")
    assert codes_of(coupons) == ["A1", "C3"]


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "code"), [("", "required"), (" \n\n", "required"), ("A\n" * 100_000, "too_long")])
def test_a_file_without_codes_or_too_long_is_refused(text, code):
    _program, coupons = prepare()
    with pytest.raises(InvalidInput) as refused:
        import_coupons(coupon_list=coupons, text=text)
    assert (refused.value.code, refused.value.path) == (code, ("text",))
    assert not CouponCode.objects.exists()


@pytest.mark.django_db
def test_the_code_is_held_from_the_promise_and_shown_when_it_is_issued():
    program, _coupons = prepare(codes=2)
    reward = buy(program, 0)
    assert (CouponCode.objects.get(reward=reward).code, coupon_of(reward=reward)) == ("CODE-0", None)
    assert send_payout(payout_id=Payout.objects.get().pk) == "paid"
    reward.refresh_from_db()
    assert (reward.state, coupon_of(reward=reward)) == ("issued", "CODE-0")


@pytest.mark.django_db
def test_no_code_is_kept_with_a_payouts_conversation():
    program, _coupons = prepare(codes=1)
    buy(program, 0)
    send_payout(payout_id=Payout.objects.get().pk)
    attempt = PayoutAttempt.objects.get()
    assert "CODE-0" not in f"{attempt.request}{attempt.response}{attempt.provider_ref}"


@pytest.mark.django_db
def test_a_code_that_was_never_shown_goes_to_the_one_who_waits():
    program, _coupons = prepare(codes=1, friends=2, hold_days=14)
    first, second = buy(program, 0), buy(program, 1)
    assert set(second.pending_reasons.values_list("reason", flat=True)) == {"hold", "stock"}
    void_reward(reward=first, reason="test")
    assert CouponCode.objects.get().reward is None
    assert release_waiting(program=program) == 1
    assert CouponCode.objects.get().reward == second


@pytest.mark.django_db
def test_an_import_lets_in_those_who_wait_for_a_code_oldest_first():
    program, coupons = prepare(friends=3)
    rewards = [buy(program, n) for n in range(3)]
    assert [r.state for r in rewards] == ["pending"] * 3
    import_coupons(coupon_list=coupons, text="A1\nB2")
    assert [Reward.objects.get(pk=r.pk).state for r in rewards] == ["reserved", "reserved", "pending"]
    assert list(CouponCode.objects.order_by("pk").values_list("reward_id", flat=True)) == [r.pk for r in rewards[:2]]


@pytest.mark.django_db
def test_a_rules_own_stock_limits_coupons_too():
    program, _coupons = prepare(codes=5, friends=2, stock=1)
    assert [buy(program, n).state for n in range(2)] == ["reserved", "pending"]
    assert CouponCode.objects.exclude(reward=None).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("warn_at", "expected"), [(2, [("Summer", 2), ("Summer", 0)]), (0, [("Summer", 0)]), (10, [("Summer", 0)])]
)
def test_the_host_is_told_when_codes_run_low_and_when_the_last_is_taken(
    warn_at, expected, django_capture_on_commit_callbacks
):
    told = []

    def hear(sender, coupon_list, left, **_more):
        told.append((coupon_list.name, left))

    signals.stock_low.connect(hear)
    try:
        program, coupons = prepare(codes=4, friends=5)
        CouponList.objects.update(low_stock_at=warn_at)
        for n in range(5):
            with django_capture_on_commit_callbacks(execute=True):
                buy(program, n)
    finally:
        signals.stock_low.disconnect(hear)
    assert told == expected
    assert low_stock(program=program) == [LowStock("Summer", 0, warn_at, coupon_list_id=coupons.pk)]


@pytest.mark.django_db
def test_a_line_longer_than_a_csv_reader_takes_is_refused_by_itself():
    _program, coupons = prepare(codes=0, friends=0)
    result = import_coupons(coupon_list=coupons, text="A1\n" + "x" * 200_000 + '\n"' + "y" * 200_000 + "\nB2")
    assert (result.added, [(row.row, row.code) for row in result.refused]) == (2, [(2, "too_long"), (3, "too_long")])


@pytest.mark.django_db(transaction=True)
def test_twelve_sales_at_once_share_five_codes():
    program, coupons = prepare(codes=5, friends=THREADS)
    at_once(lambda n: buy(program, n), threads=THREADS)
    given = CouponCode.objects.filter(coupon_list=coupons).exclude(reward=None)
    assert given.values("reward").distinct().count() == given.count() == 5
    waiting = Reward.objects.filter(state="pending")
    assert [set(r.pending_reasons.values_list("reason", flat=True)) for r in waiting] == [{"stock"}] * 7
