"""The public forms of the blocks, each with its fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from referral_blocks.programs.models import Program
from referral_blocks.referrals.attribution import find_attribution

from .audience import Audience
from .form_base import ReferralForm, TermsForm, one_line, some_lines, started_now, terms_mark
from .friend_fields import MAX_SIGNED, PHONE, AskedField, read_fields


class JoinForm(TermsForm):
    """A customer becomes a referrer."""

    action: ClassVar[str] = "referral_blocks:join"
    greeting_consent = forms.BooleanField(
        label=_("Friends may see my first name"), required=False,
        help_text=_("They are greeted with “… invited you”. Without it they are not told who you are."),
    )  # fmt: skip
    field_order = ["name", "email", "greeting_consent", "accept_terms"]


CODE_WIDGET = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "dir": "ltr"}


class FriendForm(TermsForm):
    """An invited friend leaves their details, and what else the marketer asks for."""

    action: ClassVar[str] = "referral_blocks:friend"
    token = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    fields_asked = forms.CharField(max_length=MAX_SIGNED, required=False, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Your friend’s code"), required=False, max_length=40,
        help_text=_("It stands at the end of their link."), widget=forms.TextInput(attrs=CODE_WIDGET),
    )  # fmt: skip
    field_order = ["name", "email", "code", "accept_terms"]

    asked: tuple[AskedField, ...] = ()
    program_now: Program | None = None

    def for_program(self, program: Program) -> None:
        super().for_program(program)
        signed = self.data.get("fields_asked", "") if self.is_bound else self.initial.get("fields_asked", "")
        self.asked = tuple(read_fields(signed))
        for field in self.asked:
            self.fields.setdefault(field.name, field.form_field())
        self.program_now = program
        self.order_fields(["name", "email", *(field.name for field in self.asked), "code", "accept_terms"])

    def judge_rest(self) -> None:
        super().judge_rest()
        for field in self._with_answer():
            self.judge(field.name, some_lines)
        if self.program_now is not None:
            self.judge("code", partial(_known_code, self.program_now))

    @property
    def phone(self) -> str:
        return str(self.cleaned_data.get(PHONE, ""))

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Label and text of what was answered beyond name, e-mail and phone."""
        return [(str(self.fields[f.name].label), self.cleaned_data[f.name]) for f in self._with_answer()]

    def field_of(self, path: tuple[str, ...]) -> str | None:
        if path[:1] == ("answers",) and len(path) > 1:
            return self._with_answer()[int(path[1])].name
        return super().field_of(path)

    def _with_answer(self) -> list[AskedField]:
        return [field for field in self.asked if field.kind != PHONE]


def _known_code(program: Program, code: str) -> None:
    find_attribution(program=program, code=code)


class ReferByNameForm(TermsForm):
    """A friend without link or code says who told them."""

    action: ClassVar[str] = "referral_blocks:refer_by_name"
    referrer_name = forms.CharField(
        label=_("Who told you about us?"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Their name. Their e-mail address or phone number works, too."),
        error_messages={"required": _("Tell us who told you about us.")},
    )  # fmt: skip
    field_order = ["referrer_name", "name", "email", "accept_terms"]

    def judge_rest(self) -> None:
        super().judge_rest()
        self.judge("referrer_name", one_line)


class CodeForm(ReferralForm):
    """A friend types the code that somebody told them."""

    action: ClassVar[str] = "referral_blocks:enter_code"
    code = forms.CharField(
        label=_("Your friend’s code"), max_length=40, widget=forms.TextInput(attrs=CODE_WIDGET),
        error_messages={"required": _("Type the code.")},
    )  # fmt: skip


class SignInForm(ReferralForm):
    """A referrer asks for a sign-in link."""

    action: ClassVar[str] = "referral_blocks:sign_in_request"
    email = TermsForm.base_fields["email"]


Form = TypeVar("Form", bound=ReferralForm)


@dataclass(slots=True)
class SentForm:
    """The form that was just sent and has to be corrected; the view hangs it on the request for its block to find."""

    form_id: str
    form: ReferralForm
    is_shown: bool = False


def form_for(
    kind: type[Form], *, audience: Audience, program: Program, form_id: str, anchor: str, **initial: str
) -> Form:
    """The form that was just sent from this block, or a new one with the ``initial`` values."""
    sent: SentForm | None = getattr(audience.request, "referral_sent_form", None)
    if sent is not None and sent.form_id == form_id and isinstance(sent.form, kind):
        form = sent.form
        sent.is_shown = True
    else:
        form = kind(initial={**_initial(audience=audience, program=program, form_id=form_id), **initial})
    form.auto_id = f"{anchor}-%s"
    if isinstance(form, TermsForm) and program.terms:
        form.terms_href = audience.page_href(program, "terms_page")
    form.for_program(program)
    form.audience = audience
    return form


def _initial(*, audience: Audience, program: Program, form_id: str) -> dict[str, Any]:
    return {
        # A preview's forms are for looking at: sent all the same, they belong to no programme.
        "program": "" if audience.is_preview else program.slug,
        "page": audience.request.path_info if audience.request is not None else "",
        "form": form_id,
        "locale": get_language() or "",
        "started": started_now(),
        "terms": terms_mark(program),
    }
