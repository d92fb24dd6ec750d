"""Staff erase somebody: what goes, what stays and what is lost is said before; who did it, when and why is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages

from referral_blocks.core.text import clean_email
from referral_blocks.flows.carry_out_erasure import waits_for
from referral_blocks.flows.erase_person import OpenValue, erase_person, open_value
from referral_blocks.people.erasure import write_again
from referral_blocks.people.models import ErasureReason, Person, PersonErasure

from .steps import FlowFormView, StepView
from .when import when


class EraseForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[c for c in ErasureReason.choices if c[0] != ErasureReason.OWNER],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("A choice and no text, so that the record names nobody."),
    )
    give_up = forms.BooleanField(
        label=gettext_lazy("What was not received may be lost"), required=False,
        help_text=gettext_lazy("Tick it only if the person has said so."),
    )  # fmt: skip
    no_mail = forms.BooleanField(
        label=gettext_lazy("Never write to this address again"), required=False,
        help_text=gettext_lazy("A keyed hash of the address is kept for it. With it nobody can sign in any more."),
    )  # fmt: skip
    typed = forms.CharField(
        label=gettext_lazy("Type the person’s e-mail address"), max_length=254,
        help_text=gettext_lazy("It cannot be undone: this makes sure that it is the right person."),
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        if typed.strip().lower() != self.email.lower():
            raise forms.ValidationError(_("This is not the person’s address."))
        return typed


def erasure_facts(person: Person) -> list[tuple[str, Any]]:
    """Who asked for the erasure, when, why, and how far it is; nothing for somebody who is not erased."""
    erasure: PersonErasure | None = getattr(person, "erasure", None)
    if erasure is None:
        return []
    who = erasure.actor or erasure.agent or _("the person")
    return [
        (_("Erasure asked"), f"{when(erasure.created_at)} · {who} · {erasure.get_reason_display()}"),
        (_("Never to be written to again"), _("yes") if erasure.no_mail else _("no")),
        (_("Erased"), when(erasure.done_at) if erasure.done_at else _how_far(erasure)),
    ]


def _how_far(erasure: PersonErasure) -> str:
    if waits_for(erasure=erasure):
        return _("Waits for a payout that is on its way, or a gift card that has just come")
    return _("Under way: done within minutes")


def value_facts(value: OpenValue) -> list[tuple[str, Any]]:
    lost = [
        ngettext("%(n)d reward", "%(n)d rewards", value.rewards) % {"n": value.rewards} if value.rewards else "",
        ", ".join(str(amount) for amount in value.amounts),
        ngettext("%(n)d point", "%(n)d points", value.points) % {"n": value.points} if value.points else "",
        ngettext("%(n)d unopened gift card", "%(n)d unopened gift cards", value.gift_cards) % {"n": value.gift_cards}
        if value.gift_cards
        else "",
    ]
    return [
        (_("Is lost"), " · ".join(filter(None, lost)) or _("nothing")),
        (_("Arrives first"), value.on_their_way or _("nothing is on its way")),
    ]


class EraseView(StepView):
    rights = ("erase_person",)
    form_class = EraseForm
    queryset = Person.objects.annotate(
        enrolments=Count("referrers", distinct=True), came_as_friend=Count("referrals", distinct=True)
    )
    page_title = gettext_lazy("Erase this person")
    header_icon = "bin"
    submit_label = gettext_lazy("Erase for good")
    back_label = gettext_lazy("People")
    back_url_name = "referral_people:index"
    fields_of_paths = {"giveUp": "give_up"}

    def get_success_url(self) -> str:
        return reverse("referral_people:inspect", args=[self.object.pk])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "email": self.object.email}

    def over(self) -> str:
        return _("This person is erased, or being erased.") if self.object.erased_at else ""

    def facts(self) -> list[tuple[str, Any]]:
        person: Person = self.object
        accounts = person.payout_accounts.exclude(reference="").values_list("provider", "reference")
        return [
            (_("Person"), f"{person.name or '–'} · {person.email}"),
            (_("In programmes"), person.enrolments),  # type: ignore[attr-defined]
            (_("As a friend"), person.came_as_friend),  # type: ignore[attr-defined]
            *value_facts(open_value(person=person)),
            (
                _("Goes"),
                _(
                    "Name, address, phone, country, language, consents, answers, codes and greetings of links, "
                    "accounts with providers, what was said to them, links of gift cards, the list of mails, sign-ins, "
                    "hashes of network addresses, and notes and evidence on referrals, rewards and payouts of theirs."
                ),
            ),
            (
                _("Stays, without a name"),
                _("The ledger, rewards, payouts with the provider’s number, sales with the order number, and counts."),
            ),
            (
                _("Is not ours to erase"),
                "\n".join(f"{provider}: {reference}" for provider, reference in accounts)
                or _("Your shop, your mail service and payment providers have records of their own."),
            ),
        ]

    def run(self, data: dict[str, Any]) -> None:
        done = erase_person(
            person=self.object,
            reason=data["reason"],
            gives_up=data["give_up"],
            no_mail=data["no_mail"],
            actor=self.request.user,
        )
        mine = done.actor_id == self.request.user.pk
        self.tell(
            mine, _("The erasure has begun. It goes on by itself."), _("It was asked before. Nothing has changed.")
        )


class WriteAgainForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254,
        help_text=gettext_lazy("Of somebody who wanted no mail when they were erased, and has changed their mind."),
    )  # fmt: skip


class WriteAgainView(FlowFormView):
    rights = ("erase_person",)
    form_class = WriteAgainForm
    page_title = gettext_lazy("Write to an erased address again")
    header_icon = "mail"
    submit_label = gettext_lazy("Allow mail")
    back_label = gettext_lazy("People")
    back_url_name = "referral_people:index"

    def run(self, data: dict[str, Any]) -> None:
        done = write_again(email=clean_email(data["email"]))
        messages.success(self.request, _("Mail may be sent to it.") if done else _("Nothing stood against it."))
