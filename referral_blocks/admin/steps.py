"""One step that a member of staff takes: a page that says what will happen, then a POST that calls a flow."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminAutoHeightTextInput

from referral_blocks.core.errors import DomainError

from .permissions import RequiresRight


class NoteForm(forms.Form):
    """Why the step is taken; kept for ever in the audit trail."""

    note = forms.CharField(label=gettext_lazy("Note"), widget=AdminAutoHeightTextInput)


class OptionalNoteForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("Note"), widget=AdminAutoHeightTextInput, required=False)


def add_domain_error(form: forms.Form, error: DomainError, fields: dict[str, str] | None = None) -> None:
    """Put each thing that a flow refuses beside the field it speaks of; ``fields`` maps input paths to field names."""
    for one in error.all:
        path = one.path[0] if one.path else ""
        name = (fields or {}).get(path, path)
        form.add_error(name if name in form.fields else None, forms.ValidationError(one.message, code=one.code))


class FlowFormView(RequiresRight, WagtailAdminTemplateMixin, FormView):
    """A form whose input goes to a flow; a refusal keeps the input and stands beside its field."""

    template_name = "referral_blocks/admin/step.html"
    submit_label = gettext_lazy("Save")
    leave_label = gettext_lazy("Cancel")
    back_label: str = ""
    back_url_name = ""
    fields_of_paths: dict[str, str] = {}

    def run(self, data: dict[str, Any]) -> None:
        """Call the flow and say what happened; may raise DomainError."""
        raise NotImplementedError

    def facts(self) -> list[tuple[str, Any]]:
        """What the page shows above the form."""
        return []

    def tell(self, done: bool, yes: str, before: str) -> None:
        """Say that the step was taken, or that somebody took it before."""
        if done:
            messages.success(self.request, yes)
        else:
            messages.warning(self.request, before)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            self.run(form.cleaned_data)
        except DomainError as error:
            add_domain_error(form, error, self.fields_of_paths)
            return self.form_invalid(form)
        return redirect(self.get_success_url())

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        messages.validation_error(self.request, _("Nothing was done. Please look at the marked fields."), form)
        return super().form_invalid(form)

    def get_success_url(self) -> str:
        return reverse(self.back_url_name)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        back = {"url": reverse(self.back_url_name), "label": self.back_label}
        return [*self.breadcrumbs_items, back, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {
            **context,
            "media": context["form"].media,
            "facts": self.facts(),
            "submit_label": self.submit_label,
            "leave_label": self.leave_label,
            "back_url": reverse(self.back_url_name),
        }


class StepView(FlowFormView):
    """A step about one row. ``over`` says in words that there is nothing left to do; then nothing is offered."""

    queryset: QuerySet[Any]
    form_class: type[forms.Form] = forms.Form

    @cached_property
    def object(self) -> Any:
        return get_object_or_404(self.queryset.all(), pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if said := self.over():
            messages.warning(request, said)
            return redirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def over(self) -> str:
        return ""
