"""Finance’s other pages: payouts that need a person, the switch, limits, providers, what is owed, comparisons."""

import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from referral_blocks.core.money import Money
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import PayoutPolicy, SendingStop, SendingStopChange
from referral_blocks.payouts.reconciliation import Difference, Reconciliation
from referral_blocks.payouts.stops import set_stop
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import CouponCode
from referral_blocks.webhooks.models import EventCount
from tests.make import make_program
from tests.payout_fake import FakeProvider, new_shop
from tests.runs import buy, friend_of, providers, runs_program

from .staff import messages_of, staff_client
from .test_payout_runs import count, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers(slow=f"{__name__}.Slow", broken=f"{__name__}.Broken")
    return new_shop()


class Slow(FakeProvider):
    label = "Slow shop"

    def balance(self, currency):
        time.sleep(0.6)
        return Money(100_00, currency)


class Broken(FakeProvider):
    label = "Broken shop"

    def balance(self, currency):
        raise RuntimeError("sk-planted-key")


def sent(shop, fault="", who="ana", **fields):
    """A payout of £20 to Ana whose only try went like ``fault``."""
    program = runs_program(payout_mode="at_once", **fields)
    buy(friend_of(program, who), "1")
    shop.faults[:] = [fault] if fault else []
    payout = Payout.objects.order_by("-pk").first()
    send_payout(payout_id=payout.pk)
    payout.refresh_from_db()
    return payout


# The switch


def test_sending_is_stopped_and_resumed_with_a_note():
    runs_program()
    boss = staff_client("stop_payouts", username="boss")
    page = post(boss, "sending:stop", "all", note="")
    assert page.context["form"].errors == {"note": ["This field is required."]}
    page = post(boss, "sending:stop", "all", note="Odd amounts")
    assert messages_of(page) == ["Sending is stopped."]
    html = page.content.decode()
    for said in ("Everything", "Stopped", "Stopped by a person: Odd amounts", "boss", "somebody resumes it"):
        assert said in html
    page = post(boss, "sending:stop", "all", note="Again")
    assert messages_of(page) == ["A person has stopped it before. Nothing has changed."]
    page = post(boss, "sending:resume", "all", note="Fine")
    assert messages_of(page) == ["Sending goes on."]
    assert (SendingStop.objects.count(), SendingStopChange.objects.count()) == (0, 2)
    assert post(boss, "sending:stop", "manual", note="x").status_code == 404
    assert post(boss, "sending:stop", "pigeon", note="x").status_code == 404


def test_what_the_machine_has_stopped_may_be_stopped_by_a_person_for_longer():
    set_stop(provider="shop", cause="balance", note="£3 left", until=timezone.now() + timedelta(hours=1))
    boss = staff_client("stop_payouts", username="boss")
    stop = reverse("referral_sending:stop", args=["shop"])
    assert stop in boss.get(reverse("referral_sending:index")).content.decode()
    html = post(boss, "sending:stop", "shop", note="Odd amounts").content.decode()
    assert stop not in html
    assert list(SendingStop.objects.values_list("cause", "until")) == [("person", None)]


def test_what_the_machine_has_stopped_says_why_and_until_when():
    set_stop(provider="shop", cause="balance", note="£3 left", until=timezone.now() + timedelta(hours=1))
    html = staff_client("view_payout").get(reverse("referral_sending:index")).content.decode()
    assert "The provider’s balance is too low: £3 left" in html
    assert "the system" in html
    assert reverse("referral_sending:resume", args=["shop"]) not in html
    assert (
        reverse("referral_sending:resume", args=["shop"])
        in staff_client("stop_payouts", username="boss").get(reverse("referral_sending:index")).content.decode()
    )


@pytest.mark.parametrize("name", ["stop", "resume"])
def test_only_holders_of_the_right_turn_the_switch(name):
    set_stop(provider="shop", cause="balance")
    looker = staff_client("view_payout", "confirm_payout", "resolve_payout", username="looker")
    assert post(looker, f"sending:{name}", "shop", note="x").status_code == 403
    assert SendingStop.objects.get().cause == "balance"


# Limits


def look(client, name, program):
    """The limits that the page shows, to be sent with what is typed."""
    return client.get(reverse(f"referral_{name}", args=[program.pk])).context["form"].initial["seen"]


def test_limits_are_set_in_major_units_and_shown_so():
    program = make_program()
    boss = staff_client("change_payoutpolicy", "change_program", username="boss")
    seen = {"seen": look(boss, "limits:payouts", program)}
    page = post(
        boss, "limits:payouts", program.pk, minimum="5", second_person="250", daily_cap="", person_cap="4", **seen
    )
    assert page.context["form"].errors == {
        "person_cap": ["This is below the smallest payout: nothing would ever be sent."]
    }
    page = post(
        boss, "limits:payouts", program.pk, minimum="5", second_person="0", daily_cap="1000.50", person_cap="", **seen
    )
    assert messages_of(page) == ["The limits are saved."]
    policy = PayoutPolicy.objects.get()
    assert (policy.minimum_minor, policy.second_person_minor, policy.daily_cap_minor, policy.person_cap_minor) == (
        500, 0, 100_050, None,
    )  # fmt: skip
    form = boss.get(reverse("referral_limits:payouts", args=[program.pk])).context["form"]
    shown = {name: value for name, value in form.initial.items() if name != "seen"}
    assert shown == {"minimum": "5.00", "second_person": "0.00", "daily_cap": "1000.50", "person_cap": ""}
    seen = {"seen": look(boss, "limits:budget", program)}
    page = post(boss, "limits:budget", program.pk, budget="500", referrer_cap="50", referrer_cap_period="month", **seen)
    assert messages_of(page) == ["The limits are saved."]
    program = Program.objects.get()
    assert (program.budget_minor, program.referrer_cap_minor, program.referrer_cap_period) == (50_000, 5_000, "month")
    html = boss.get(reverse("referral_limits:index")).content.decode()
    for said in ("£500.00", "£50.00 a month", "£1,000.50", "no limit"):
        assert said in html


def test_a_page_that_is_out_of_date_undoes_nobody_s_limits():
    program = make_program()
    boss = staff_client("change_payoutpolicy", "change_program", username="boss")
    old = {"seen": look(boss, "limits:payouts", program), "budget_seen": look(boss, "limits:budget", program)}
    PayoutPolicy.objects.create(program=program, currency="GBP", daily_cap_minor=5_000)
    Program.objects.update(budget_minor=9_000)
    page = post(boss, "limits:payouts", program.pk, minimum="5", seen=old["seen"])
    (error,) = page.context["form"].errors["__all__"]
    assert error == (
        "Somebody has changed these limits meanwhile. They are now: Smallest payout: –, Second person above: –, "
        "Most in a day: 50.00, Most for one person in a day: –."
    )
    page = post(boss, "limits:budget", program.pk, budget="1", referrer_cap_period="ever", seen=old["budget_seen"])
    assert "Budget: 90.00" in page.context["form"].errors["__all__"][0]
    policy = PayoutPolicy.objects.get()
    assert (policy.minimum_minor, policy.daily_cap_minor, Program.objects.get().budget_minor) == (None, 5_000, 9_000)
    # The page has said so; whoever saves once more means it.
    again = page.context["form"]["seen"].value()
    page = post(boss, "limits:budget", program.pk, budget="1", referrer_cap_period="ever", seen=again)
    assert (messages_of(page), Program.objects.get().budget_minor) == (["The limits are saved."], 100)


@pytest.mark.parametrize(("name", "right"), [("payouts", "change_program"), ("budget", "change_payoutpolicy")])
def test_each_limit_has_its_right(name, right):
    program = make_program()
    client = staff_client(right)
    assert post(client, f"limits:{name}", program.pk, minimum="5", budget="5").status_code == 403
    assert (
        reverse(f"referral_limits:{name}", args=[program.pk])
        not in client.get(reverse("referral_limits:index")).content.decode()
    )
    assert (PayoutPolicy.objects.count(), Program.objects.get().budget_minor) == (0, None)


# Providers, what is owed, comparisons, codes


def test_the_providers_page_says_what_each_can_and_has(shop, monkeypatch):
    make_program()
    monkeypatch.setattr(FakeProvider, "balance", lambda self, currency: Money(123_45, currency))
    EventCount.objects.create(provider="shop", day=timezone.now().date(), what="forged", count=3)
    EventCount.objects.create(provider="shop", day=timezone.now().date() - timedelta(days=7), what="forged", count=9)
    page = staff_client("view_payout").get(reverse("referral_providers:index"))
    panels = {panel.label: panel for panel in page.context["panels"]}
    facts = dict(panels["Fake shop"].facts)
    assert facts["Balance"] == "GBP: £123.45"
    assert (facts["Sending"], facts["Messages in 7 days"]) == ("Sending", "forged: 3")
    assert "Its books can be read." in panels["Fake shop"].can
    assert dict(panels["Broken shop"].facts)["Balance"] == "GBP: It could not be asked."
    assert "Stays in the house: no run, no switch and no cap stands before it." in panels["Handed over by staff"].can
    assert "sk-planted-key" not in page.content.decode()


def test_a_slow_provider_does_not_keep_the_page(monkeypatch):
    from referral_blocks.admin import payout_providers

    make_program()
    monkeypatch.setattr(payout_providers, "PATIENCE", 0.05)
    client = staff_client("view_payout")
    began = time.monotonic()
    said = payout_providers.balances([("slow", "GBP")])
    assert time.monotonic() - began < 0.5
    assert said == {("slow", "GBP"): "It has not answered yet. Load the page again."}
    payout_providers._asked["slow", "GBP"].result(timeout=5)
    assert payout_providers.balances([("slow", "GBP")]) == {("slow", "GBP"): "£100.00"}
    assert client.get(reverse("referral_providers:index")).status_code == 200


def test_what_is_owed_is_drawn_and_listed(shop):
    program = runs_program()
    ana = friend_of(program, "ana")
    buy(ana, "1")
    sent(shop, who="ben", slug="other", name="Other")
    page = staff_client("view_payout").get(reverse("referral_reports:owed"))
    assert [bar.summary for bar in page.context["bars"]] == ["Payable: £20.00", "Paid: £20.00"]
    html = page.content.decode()
    for said in ("Still owed", "Bring a neighbour", "Other", "£20.00"):
        assert said in html
    client = staff_client("view_referral_report", username="kai")
    few = count(client, reverse("referral_reports:owed"))
    for n in range(3):
        buy(friend_of(runs_program(slug=f"p{n}"), f"x{n}"), f"{n}")
    assert count(client, reverse("referral_reports:owed")) == few


def test_a_comparison_shows_each_difference(shop):
    payout = sent(shop)
    since = timezone.now() - timedelta(days=1)
    report = Reconciliation.objects.create(provider="shop", since=since, compared=4, finished_at=timezone.now())
    Difference.objects.create(
        reconciliation=report, kind="amount", payout=payout, provider_ref="fake-1", ours="£20.00", theirs="£21.00"
    )
    Difference.objects.create(reconciliation=report, kind="missing_here", provider_ref="fake-9", theirs="£5.00")
    client = staff_client("view_reconciliation")
    assert "Differences" in client.get(reverse("referral_reconciliations:index")).content.decode()
    html = client.get(reverse("referral_reconciliations:inspect", args=[report.pk])).content.decode()
    for said in ("Another amount", "£21.00", "The provider has it; we do not", "fake-9"):
        assert said in html
    assert staff_client(username="no").get(reverse("referral_reconciliations:index")).status_code == 403


def test_codes_are_imported_into_a_list_by_name():
    program = make_program()
    client = staff_client("add_couponcode")

    def upload(content, name="Summer"):
        file = SimpleUploadedFile("codes.csv", content)
        return client.post(
            reverse("referral_coupons:import"), {"program": program.pk, "name": name, "file": file}, follow=True
        )

    page = upload(b"code\nA1\nA2\nA1\n")
    assert messages_of(page) == [
        "2 codes were added, 0 were there already.", "1 refused: row 4: This code is in row 2 already.",
    ]  # fmt: skip
    page = upload(b"A2\nA3\n")
    assert messages_of(page) == ["1 code was added, 1 was there already."]
    page = upload(b"\xff\xfe")
    assert page.context["form"].errors == {"file": ["This is not a text file in UTF-8."]}
    page = upload(b"\n", name="Empty")
    assert page.context["form"].errors == {"file": ["There is no code in this file."]}
    assert list(CouponCode.objects.values_list("coupon_list__name", "code")) == [
        ("Summer", "A1"), ("Summer", "A2"), ("Summer", "A3"),
    ]  # fmt: skip
    html = client.get(reverse("referral_coupons:index")).content.decode()
    assert "Summer" in html
    assert "Low" in html
