"""The form of a programme with its reward rules: what people were promised is guarded."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.models import Site

from referral_blocks.activity.kinds import Kind
from referral_blocks.flows.announce import announce
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.programs.services import STATUSES, set_status
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale


class ClockField(forms.DateTimeField):
    """A moment typed and shown on the clock of one time zone, whichever zone the member of staff works in."""

    def __init__(self, *, zone: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = zone

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().to_python(value)


class ProgramForm(WagtailAdminModelForm):
    """A programme with its rules; guards what people were promised."""

    # The status that was on the screen: a page that is out of date must not change it back.
    shown_status = forms.CharField(widget=forms.HiddenInput, required=False)

    class Media:
        js = ("referral_blocks/admin/reward-rules.js",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = Program.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        for form in self._rules.forms:
            form.show_in(self.instance.currency)
        self._show_on_its_clock()
        self.fields["payout_mode"].required = False  # left out, it stays as it is
        if self.stored is None:
            self._suggest()
        else:
            self.initial["shown_status"] = self.stored.status

    @property
    def _rules(self) -> Any:
        return self.formsets["reward_rules"]

    def _show_on_its_clock(self) -> None:
        """Start and end are on the programme's own clock, and say so."""
        given = str(self.data.get(self.add_prefix("time_zone"), ""))
        zone = given if given in zoneinfo.available_timezones() else self.instance.time_zone
        for name in ("starts_at", "ends_at"):
            if field := self.fields.get(name):
                help_text = format_lazy("{} {}: {}.", field.help_text, _("Time zone"), zone)
                self.fields[name] = ClockField(
                    zone=zone, label=field.label, help_text=help_text, required=field.required, widget=field.widget
                )

    def _suggest(self) -> None:
        """The default site, and the currency of the newest programme."""
        newest = Program.objects.order_by("-created_at").values_list("currency", flat=True).first()
        self.initial["site"] = Site.objects.filter(is_default_site=True).values_list("pk", flat=True).first()
        self.initial["currency"] = newest or ""

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if self.stored and currency != self.stored.currency:
            known = {"program": self.stored}
            if Sale.objects.filter(**known).exists() or Reward.objects.filter(**known).exists():
                raise ValidationError(
                    _(
                        "Sales or rewards are recorded in %(currency)s, so the currency stays. "
                        "Make a new programme for another one."
                    )
                    % {"currency": self.stored.currency},
                    code="currency_in_use",
                )
        return currency

    def clean_status(self) -> str:
        status: str = self.cleaned_data["status"]
        if self.stored and status != self.stored.status and status not in STATUSES.get(self.stored.status, set()):
            raise ValidationError(
                _("A programme that is “%(now)s” cannot become “%(to)s”.")
                % {"now": self.stored.get_status_display(), "to": ProgramStatus(status).label},
                code="wrong_state",
            )
        return status

    def save(self, commit: bool = True) -> Program:
        """The status changes by its own function, which writes who changed it; whatever was changed is told. In the
        view's transaction."""
        if self.stored is None:
            return super().save(commit)
        wanted, self.instance.status = self.instance.status, self.stored.status
        program: Program = super().save(commit)
        if wanted != self.stored.status:
            set_status(program=program, to=wanted, note="", actor=self.for_user)
        if self.has_changed():
            announce(Kind.PROGRAM_CHANGED, program, program=program)
        return program

    def clean_site(self) -> Site:
        site: Site = self.cleaned_data["site"]
        if self.stored and site.pk != self.stored.site_id and Referrer.objects.filter(program=self.stored).exists():
            raise ValidationError(
                _("People share links of this site already, so the programme stays on it."), code="site_in_use"
            )
        return site

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        for form in self._rules.forms:
            form.currency = cleaned.get("currency", "")
        self._check_rules()
        self._notice_other_status(cleaned.get("shown_status", ""))
        self._keep_promised_rules()
        return cleaned

    def _check_rules(self) -> None:
        """Each rule that is kept and has changed; asking a provider may take it a moment."""
        for form in self._rules.forms:
            if form.has_changed() and form.is_valid() and not form.cleaned_data.get("DELETE"):
                form.check_rule()

    def _notice_other_status(self, shown: str) -> None:
        """Refuse a page on which the status was another one than now; whoever saves once more means it."""
        if self.stored is None or shown in ("", self.stored.status):
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("shown_status")] = self.stored.status
        self.add_error(
            "status",
            ValidationError(
                _("Somebody has made this programme “%(now)s” meanwhile. Look at the status again, then save.")
                % {"now": self.stored.get_status_display()},
                code="changed_meanwhile",
            ),
        )

    def _keep_promised_rules(self) -> None:
        """Refuse to delete rules that rewards were given for, and show those rules in the form again."""
        if not self.is_bound or not self._rules.is_valid():
            return
        going = {form.instance.pk: form for form in self._rules.deleted_forms if form.instance.pk}
        promised = set(Reward.objects.filter(rule_id__in=going).values_list("rule_id", flat=True))
        for pk in sorted(promised):
            form = going[pk]
            form.data = form.data.copy()
            form.data[form.add_prefix("DELETE")] = ""
            self.add_error(
                None,
                ValidationError(
                    _("“%(rule)s” cannot be deleted: rewards were given for it. Untick “active” instead.")
                    % {"rule": form.instance.title},
                    code="rule_in_use",
                ),
            )
