"""What all public forms share: what keeps robots out, the terms, and how a refusal finds its field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.core.hashing import content_hash
from referral_blocks.core.text import MAX_EMAIL, clean_name, clean_text
from referral_blocks.programs.models import Program
from referral_blocks.referrals.answers import MAX_TEXT

from .audience import Audience
from .friend_fields import PHONE

SALT = "referral_blocks.form"
QUICKEST = 0.7  # seconds; nobody fills in a form faster, not even by autofill
HONEYPOT = "homepage"

# A flow's error path → the form's field. A visit's token is in a hidden field, so its errors go to the code beside it.
FIELDS = {
    "email": "email",
    "name": "name",
    "phone": "phone",
    "code": "code",
    "token": "code",
    "acceptTerms": "accept_terms",
    "greetingConsent": "greeting_consent",
    "referrerName": "referrer_name",
}


class ReferralForm(forms.Form):
    """What every public form carries: where it stood, whose programme it is for, and two traps for robots."""

    template_name = "referral_blocks/elements/form.html"
    required_css_class = "rb-field--required"
    audience: Audience | None = None

    program = forms.SlugField(max_length=60, widget=forms.HiddenInput)
    page = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    form = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    locale = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)
    started = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    homepage = forms.CharField(
        max_length=2000, required=False, label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip

    @property
    def says_preview(self) -> bool:
        """Whether to tell an editor why nothing in it can be pressed: the first form that is shown does."""
        seen_by = self.audience
        if seen_by is None or not seen_by.is_preview or seen_by.is_sample:
            return False
        return seen_by.is_first("form in a preview")

    def visible(self) -> list[forms.BoundField]:
        """The fields that people fill in."""
        return [f for f in self.visible_fields() if f.name != HONEYPOT]

    @property
    def is_trap_sprung(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.data.get(HONEYPOT))

    @property
    def is_too_quick(self) -> bool:
        """Whether the form came back faster than a human can, or without the time when it was shown."""
        return self._started is None or timezone.now().timestamp() - self._started < QUICKEST

    @property
    def _started(self) -> float | None:
        """When the form was shown, in seconds; None for a time that nobody here has signed."""
        try:
            return float(signing.loads(self.data.get("started", ""), salt=SALT))
        except (signing.BadSignature, TypeError, ValueError, OverflowError):
            return None

    def for_program(self, program: Program) -> None:
        """Fit the fields to the programme."""

    def renew(self) -> None:
        """Give a form without a time of its own, or with one of a clock that is ahead of ours, a new one, so that
        sending it again succeeds."""
        if self._started is None or self._started > timezone.now().timestamp():
            self._put(started=started_now())

    def _put(self, **values: str | None) -> None:
        """Change what was sent, before it is shown again."""
        self.data = self.data.copy()
        for name, value in values.items():
            self.data[name] = value

    def refuse(self, error: DomainError) -> None:
        """Show each thing that a flow refuses beside the field that has to change, or above the form."""
        for one in error.all:
            name = self.field_of(one.path)
            self.add_error(name if name in self.fields else None, str(one))

    def field_of(self, path: tuple[str, ...]) -> str | None:
        """The field that a flow's error path means."""
        return FIELDS.get(path[0]) if path else None

    def judge(self, name: str, clean: Callable[[str], object]) -> None:
        """Show what ``clean`` says against the field, unless it is empty or wrong already."""
        value = self.cleaned_data.get(name)
        if value:
            try:
                clean(value)
            except InvalidInput as error:
                self.add_error(name, str(error))


class TermsForm(ReferralForm):
    """A form that asks for consent to the terms as they were shown."""

    terms = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), max_length=MAX_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr"}),
        error_messages={
            "required": _("Enter your e-mail address."),
            "invalid": _("This is not an e-mail address. Check it for typing errors."),
        },
    )  # fmt: skip
    accept_terms = forms.BooleanField(
        label=_("I accept the terms"), error_messages={"required": _("Please accept the terms to go on.")}
    )

    program_terms: str | None = None
    terms_href = ""  # of the page that shows the terms, where there is one

    def for_program(self, program: Program) -> None:
        """Ask for consent only where there are terms, and only to the text that was shown."""
        self.program_terms = terms_mark(program)
        if not program.terms:
            self.fields.pop("accept_terms", None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("accept_terms") and cleaned.get("terms") != self.program_terms:
            self._put(terms=self.program_terms, accept_terms="")
            self.add_error("accept_terms", _("The terms have changed since you opened this page. Read them again."))
        if self.errors:
            self.judge_rest()
        return cleaned

    def judge_rest(self) -> None:
        """What the flow would say against fields that are filled in as their kind wants: it is called only once nothing
        else is wrong, and nobody shall have to send the form again to hear it."""
        self.judge("name", clean_name)
        self.judge(PHONE, one_line)


one_line = partial(clean_text, max_length=MAX_TEXT, path=())
some_lines = partial(one_line, lines=True)


def started_now() -> str:
    """The signed time at which a form is shown."""
    return signing.dumps(timezone.now().timestamp(), salt=SALT)


def terms_mark(program: Program) -> str:
    """A short mark of the terms' text, so that a form knows which text it showed."""
    return content_hash(program.terms)[:16] if program.terms else ""
