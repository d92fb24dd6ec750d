"""Finance makes a run, looks at it, confirms it, and a second person does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referral_blocks.flows.confirm_payout_run import carry_out_payout_run
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.rewards.models import Reward
from tests.payout_fake import new_shop
from tests.runs import buy, confirm, friend_of, plan, providers, runs_program, send_all

from .staff import make_staff, messages_of, staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers()
    return new_shop()


@pytest.fixture
def program():
    """Ana has earned £40, Ben £20."""
    program = runs_program()
    ana, ben = friend_of(program, "ana"), friend_of(program, "ben")
    buy(ana, "1")
    buy(ana, "2")
    buy(ben, "3")
    return program


@pytest.fixture
def fin():
    return staff_client("confirm_payout", "view_payout", username="fin")


def post(client, name, *args, **given):
    return client.post(reverse(f"referral_{name}", args=args), given, follow=True)


def test_a_run_is_looked_at_before_it_is_made(fin, program):
    page = post(fin, "runs:plan", program=program.pk, provider="shop", look="1")
    html = page.content.decode()
    for said in ("2 payouts to 2 people, £60.00 in all.", "Ana", "£40.00", "Ben", "Make the run"):
        assert said in html
    assert not PayoutRun.objects.exists()
    page = post(fin, "runs:plan", program=program.pk, provider="shop", make="1")
    assert messages_of(page) == ["The run is made. Nothing is sent before it is confirmed."]
    run = PayoutRun.objects.get()
    assert page.redirect_chain[-1][0] == reverse("referral_runs:inspect", args=[run.pk])
    assert (run.created_by.username, Payout.objects.filter(run=run).count()) == ("fin", 2)
    page = post(fin, "runs:plan", program=program.pk, provider="shop", make="1")
    assert messages_of(page) == ["There is a run already that waits to be confirmed. Nothing was added to it."]
    assert PayoutRun.objects.count() == 1


def test_who_is_ticked_stays_out_and_the_preview_says_so(fin, program):
    ben = Reward.objects.get(person__name="Ben").person_id
    page = post(fin, "runs:plan", program=program.pk, provider="shop", look="1", exclude=ben)
    html = page.content.decode()
    assert "Left out by a person." in html
    assert "1 payout to 1 person, £40.00 in all." in html
    post(fin, "runs:plan", program=program.pk, provider="shop", make="1", exclude=ben)
    assert list(Payout.objects.values_list("person__name", "amount_minor")) == [("Ana", 4000)]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"provider": "manual"}, {"provider": ["Select a valid choice. manual is not one of the available choices."]}),
        (
            {"cut_off_at": "2020-01-01 00:00", "make": "1"},
            {"__all__": ["No reward is ready for a run with these choices."]},
        ),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused_on_the_page(fin, program, given, errors):
    page = post(fin, "runs:plan", **{"program": program.pk, "provider": "shop", "look": "1", **given})
    assert (page.context["form"].errors, PayoutRun.objects.count()) == (errors, 0)


def test_a_run_is_confirmed_with_the_total_that_was_on_the_screen(fin, program, shop):
    run = plan(program)
    page = fin.get(reverse("referral_runs:confirm", args=[run.pk]))
    assert page.context["form"].initial == {"seen_minor": 6000}
    page = post(fin, "runs:confirm", run.pk, seen_minor="5999")
    assert page.context["form"].errors == {
        "__all__": ["The run has changed since you looked at it. Look at it again, then confirm."]
    }
    # The page shows the total as it is: the next press confirms that one.
    shown = page.context["form"]["seen_minor"].value()
    page = post(fin, "runs:confirm", run.pk, seen_minor=shown)
    assert messages_of(page) == ["The run is confirmed. Its payouts are being sent."]
    carry_out_payout_run(run_id=run.pk)
    assert (send_all(), len(shop.orders)) == (["paid", "paid"], 2)
    html = fin.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    assert "Payouts by state: Paid: 2" in html
    page = fin.get(reverse("referral_runs:confirm", args=[run.pk]), follow=True)
    assert messages_of(page) == ["This run is “Confirmed”. Nothing has changed."]


def test_above_the_limit_a_second_person_confirms_and_the_first_cannot(fin, program):
    PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=5000)
    run = plan(program)
    html = fin.get(reverse("referral_runs:confirm", args=[run.pk])).content.decode()
    assert "a second person has to confirm it, too" in html
    page = post(fin, "runs:confirm", run.pk, seen_minor="6000")
    assert messages_of(page) == ["You have confirmed the run. It waits for a second person."]
    page = post(fin, "runs:confirm", run.pk, seen_minor="6000")
    refusal = "You have confirmed this run. A second person has to look at it."
    assert page.context["form"].errors == {"__all__": [refusal]}
    assert messages_of(fin.get(reverse("referral_runs:confirm", args=[run.pk]), follow=True)) == [refusal]
    assert (
        reverse("referral_runs:confirm", args=[run.pk])
        not in fin.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    )
    assert Payout.objects.filter(state="draft").count() == 2
    boss = staff_client("confirm_payout", username="boss")
    page = post(boss, "runs:confirm", run.pk, seen_minor="6000")
    assert messages_of(page) == ["The run is confirmed. Its payouts are being sent."]
    run.refresh_from_db()
    assert (run.state, run.confirmed_by.username, run.seconded_by.username) == ("confirmed", "fin", "boss")


def test_a_payout_is_taken_out_and_a_run_cancelled_with_a_note(fin, program):
    run = plan(program)
    ben = Payout.objects.get(person__name="Ben")
    page = post(fin, "payouts:exclude", ben.pk, note="")
    assert page.context["form"].errors == {"note": ["This field is required."]}
    page = post(fin, "payouts:exclude", ben.pk, note="Moved house")
    assert messages_of(page) == ["The payout to Ben is out of the run; its rewards wait for the next one."]
    page = post(fin, "runs:cancel", run.pk, note="Wrong month")
    assert messages_of(page) == ["The run is cancelled. Its rewards wait for the next one."]
    carry_out_payout_run(run_id=run.pk)
    assert set(Reward.objects.values_list("state", flat=True)) == {"approved"}
    html = fin.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    assert "Wrong month" in html


def test_a_confirmed_run_is_called_back_and_the_page_says_what_stays(fin, program, shop):
    run = plan(program)
    assert confirm(run)
    ana, ben = (Payout.objects.get(person__name=name) for name in ("Ana", "Ben"))
    assert send_payout(payout_id=ana.pk) == "paid"
    url, inspect = (reverse(f"referral_runs:{name}", args=[run.pk]) for name in ("cancel", "inspect"))
    assert url in fin.get(inspect).content.decode()
    facts = dict(fin.get(url).context["facts"])
    assert (facts["Is called back"], facts["Stays: on its way or paid"]) == (
        "1 payout to 1 person · £20.00", "1 payout to 1 person · £40.00",
    )  # fmt: skip
    page = post(fin, "runs:cancel", run.pk, note=" ")
    assert page.context["form"].errors == {"note": ["This field is required."]}
    run.refresh_from_db()
    assert run.state == "confirmed"
    page = post(fin, "runs:cancel", run.pk, note="Wrong month")
    assert messages_of(page) == [
        "The run is cancelled. Called back: 1 payout to 1 person · £20.00. "
        "On their way or paid: 1 payout to 1 person · £40.00."
    ]
    assert page.context["lines"] == ["1 payout is still to be called back; it is not sent any more."]
    carry_out_payout_run(run_id=run.pk)
    assert [Payout.objects.get(pk=payout.pk).state for payout in (ana, ben)] == ["paid", "cancelled"]
    page = fin.get(inspect)
    assert page.context["lines"] == [
        "What had not been sent was called back. What is counted here was on its way or paid by then."
    ]
    assert url not in page.content.decode()
    over = fin.get(url, follow=True)
    assert messages_of(over) == ["This run is “Cancelled”. Nothing has changed."]
    assert (len(shop.orders), Reward.objects.filter(state="approved").count()) == (1, 1)


def test_a_run_that_is_all_paid_offers_no_cancelling(fin, program, shop):
    run = plan(program)
    assert confirm(run)
    assert send_all() == ["paid", "paid"]
    url = reverse("referral_runs:cancel", args=[run.pk])
    assert url not in fin.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    said = "Everything in this run is on its way or settled: nothing is left to call back."
    assert messages_of(fin.get(url, follow=True)) == [said]
    page = post(fin, "runs:cancel", run.pk, note="Too late")
    assert page.context["form"].errors == {"__all__": [said]}
    run.refresh_from_db()
    assert (run.state, run.changes.count()) == ("confirmed", 1)


@pytest.mark.parametrize("name", ["runs:confirm", "runs:cancel", "payouts:exclude"])
def test_who_may_only_look_gets_403_and_nothing_changes(program, name):
    run = plan(program)
    looker = staff_client("view_payout", "approve_reward", "stop_payouts", "resolve_payout", username="looker")
    pk = Payout.objects.first().pk if name.startswith("payouts") else run.pk
    assert post(looker, name, pk, note="x", seen_minor="6000").status_code == 403
    assert looker.get(reverse(f"referral_{name}", args=[pk])).status_code == 403
    assert looker.get(reverse("referral_runs:plan")).status_code == 403
    html = looker.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    assert reverse(f"referral_{name}", args=[pk]) not in html
    run.refresh_from_db()
    assert (run.state, Payout.objects.filter(state="draft").count()) == ("draft", 2)


def test_without_the_total_that_was_looked_at_nothing_is_confirmed(fin, program):
    run = plan(program)
    for seen in ({}, {"seen_minor": "x"}):
        assert post(fin, "runs:confirm", run.pk, **seen).context["form"]["seen_minor"].value() == 6000
    run.refresh_from_db()
    assert run.state == "draft"


def test_whose_account_is_deleted_is_not_called_none_or_the_rule(fin, program):
    PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=0)
    run = plan(program)
    payout = reverse("referral_payouts:inspect", args=[Payout.objects.first().pk])
    assert ("Confirmed by", "–") in fin.get(payout).context["facts"]
    chief, second = make_staff("confirm_payout", username="chief"), make_staff("confirm_payout", username="second")
    confirm(run, "chief")
    chief.delete()
    html = fin.get(reverse("referral_runs:inspect", args=[run.pk])).content.decode()
    assert "A second person has to look at this run." in html
    confirm(run, "second")
    second.delete()
    assert ("Confirmed by", "somebody whose account is deleted") in fin.get(payout).context["facts"]


def test_odd_ids_and_an_empty_preview(fin, program):
    page = post(fin, "runs:plan", program=program.pk, provider="shop", look="1", exclude=["9" * 5000, "-1", "x"])
    assert "2 payouts to 2 people" in page.content.decode()
    Reward.objects.update(state="void")
    html = post(fin, "runs:plan", program=program.pk, provider="shop", look="1").content.decode()
    assert "No reward is ready for a run with these choices." in html
    assert "Make the run" not in html


def test_a_step_without_the_csrf_token_does_nothing(fin, program):
    run = plan(program)
    fin.handler.enforce_csrf_checks = True
    assert post(fin, "runs:confirm", run.pk, seen_minor="6000").status_code == 403
    run.refresh_from_db()
    assert run.state == "draft"


def test_the_lists_cost_the_same_however_long_they_are(fin, program):
    run = plan(program)
    pages = [
        reverse("referral_runs:index"), reverse("referral_runs:inspect", args=[run.pk]),
        reverse("referral_payouts:index"), f"{reverse('referral_payouts:index')}?run={run.pk}",
    ]  # fmt: skip
    for page in pages:
        fin.get(page)
    few = [count(fin, page) for page in pages]
    for n in range(5):
        more = runs_program(slug=f"more{n}", name=f"More {n}")
        buy(friend_of(more, f"p{n}"), f"m{n}")
        plan(more)
        buy(friend_of(program, f"q{n}"), f"q{n}")
    Payout.objects.update(run=run)
    assert [count(fin, page) for page in pages] == few


def count(client, page):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    return len(queries)
