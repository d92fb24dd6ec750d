"""The forms of the portal's blocks: one button each, and for groups and consents what goes with it."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import RewardRule

from .audience import Audience
from .form_base import ReferralForm, TermsForm
from .forms import form_for
from .friend_fields import phone_field

Form = TypeVar("Form", bound=ReferralForm)


class OpenGroupForm(ReferralForm):
    """A referrer opens a group."""

    action: ClassVar[str] = "referral_blocks:group_open"
    offer = forms.IntegerField(widget=forms.HiddenInput)


class JoinGroupForm(TermsForm):
    """A friend takes a place in a group."""

    action: ClassVar[str] = "referral_blocks:group_join"
    group = forms.UUIDField(widget=forms.HiddenInput)
    phone = phone_field()
    field_order = ["name", "email", "phone", "accept_terms"]


class ExchangeForm(ReferralForm):
    """A referrer exchanges points for what is offered; ``exchange`` makes pressing twice the same as once."""

    action: ClassVar[str] = "referral_blocks:exchange_points"
    offer = forms.IntegerField(widget=forms.HiddenInput)
    exchange = forms.UUIDField(widget=forms.HiddenInput)


class SettingsForm(ReferralForm):
    """Where a referrer's first name may be read."""

    action: ClassVar[str] = "referral_blocks:consents"
    greeting_consent = forms.BooleanField(
        label=_("Friends may see my first name"), required=False,
        help_text=_("They are greeted with “… invited you”. Without it they are not told who you are."),
    )  # fmt: skip
    leaderboard_consent = forms.BooleanField(
        label=_("Show me on the leaderboard"), required=False,
        help_text=_("With your first name and the first letter of your last name. Without it: “Anonymous”."),
    )  # fmt: skip


def portal_form(
    kind: type[Form], *, audience: Audience, program: Program, form_id: str, anchor: str, **initial: Any
) -> Form:
    """As ``form_for``; ``initial`` fills in what the form holds beside what every form does."""
    form = form_for(kind, audience=audience, program=program, form_id=form_id, anchor=anchor)
    if not form.is_bound:
        form.initial.update(initial)
    return form


def next_exchange(*, referrer: Referrer, rule: RewardRule, done: int) -> str:
    """The id of the exchange that comes after ``done`` of them: the same in each tab that shows the same balance, so
    that what one tab has bought the other does not buy again. Nobody else can guess it, and use it up."""
    text = f"{referrer.pk}:{rule.pk}:{done}"
    return salted_hmac("referral_blocks.exchange", text, algorithm="sha256").hexdigest()[:32]
