"""A rule’s choices for the payout provider: shown with the provider’s name, stored as the provider reads them."""

import pytest
from django.urls import reverse

from referral_blocks.core.errors import InvalidInput
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from tests.payout_fake import FakeProvider
from tests.runs import providers

from .test_programs import add, edit, rule, stored

pytestmark = pytest.mark.django_db


class Printer(FakeProvider):
    """Takes a size, and nothing above £50."""

    label = "Printer"

    def describe_options(self):
        return (("size", "Small or large."),)

    def clean_options(self, options):
        if options.get("size", "small") not in ("small", "large"):
            raise InvalidInput("Small or large?", code="unknown_choice", path=("methodOptions", "size"))
        return {"size": options.get("size", "small")}

    def check_amount(self, amount, options):
        if amount.amount_minor > 5000:
            raise InvalidInput("Not above £50.", code="out_of_range", path=("amount",))


@pytest.fixture(autouse=True)
def _printer(settings):
    settings.REFERRAL_BLOCKS = providers(printer=f"{__name__}.Printer")


def errors_of(page):
    return page.context["form"].formsets["reward_rules"].errors


def test_each_option_is_a_field_with_its_provider_s_name(admin_client):
    html = admin_client.get(reverse("referral_programs:add")).content.decode()
    assert "Printer: size" in html
    assert "Small or large." in html
    assert "Handed over by staff: due_days" in html


def test_what_is_typed_is_stored_as_the_provider_reads_it(admin_client):
    rows = [
        rule(method="printer", option_printer_size="large", option_manual_due_days="9"),
        rule(side="friend", method="manual", option_manual_kind="donation", option_manual_organisation="Lifeboats"),
    ]
    assert add(admin_client, rules=rows).status_code == 302
    assert list(RewardRule.objects.values_list("method", "method_options")) == [
        ("printer", {"size": "large"}),
        ("manual", {"kind": "donation", "organisation": "Lifeboats"}),
    ]


def test_the_form_shows_what_is_stored_and_saves_it_again(admin_client):
    add(admin_client, rules=[rule(method="manual", option_manual_due_days="9")])
    program = Program.objects.get()
    page = admin_client.get(reverse("referral_programs:edit", args=[program.pk]))
    form = page.context["form"].formsets["reward_rules"].forms[0]
    assert (form["option_manual_due_days"].value(), form["option_manual_kind"].value()) == ("9", "in_store")
    edit(admin_client, program, initial=1, rules=[stored(RewardRule.objects.get(), option_manual_due_days="12")])
    assert RewardRule.objects.get().method_options == {"kind": "in_store", "due_days": 12}


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"method": "printer", "option_printer_size": "huge"}, {"option_printer_size": ["Small or large?"]}),
        ({"method": "printer", "value": "50.01"}, {"value": ["Not above £50."]}),
        ({"option_manual_kind": "donation"}, {"option_manual_organisation": ["This cannot be empty."]}),
        ({"option_manual_due_days": "0"}, {"option_manual_due_days": ["Give a whole number from 1 to 365."]}),
        (
            {"option_manual_kind": "cash", "option_manual_organisation": "Us"},
            {"option_manual_organisation": ["Only a donation goes to an organisation."]},
        ),
    ],
)
def test_a_refusal_stands_beside_its_field_and_nothing_is_written(admin_client, given, errors):
    page = add(admin_client, rules=[rule(**given)])
    assert errors_of(page) == [errors]
    assert (Program.objects.count(), RewardRule.objects.count()) == (0, 0)


def test_a_programme_pays_in_runs_when_the_form_says_so(admin_client):
    add(admin_client, payout_mode="runs")
    program = Program.objects.get()
    assert program.payout_mode == "runs"
    edit(admin_client, program, rules=[])
    assert Program.objects.get().payout_mode == "runs"  # left out, it stays
