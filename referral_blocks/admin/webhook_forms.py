"""Webhook endpoints are made and changed; a new one's secret is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Site

from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.flows.update_webhook_endpoint import update_webhook_endpoint
from referral_blocks.webhooks.endpoints.kinds import KINDS
from referral_blocks.webhooks.endpoints.models import Status, WebhookEndpoint

from .steps import FlowFormView, StepView

GROUPS = {
    "group": gettext_lazy("Group deals"),
    "payout": gettext_lazy("Payouts"),
    "points": gettext_lazy("Points"),
    "program": gettext_lazy("Programmes"),
    "referral": gettext_lazy("Friends"),
    "referrer": gettext_lazy("Referrers"),
    "reward": gettext_lazy("Rewards"),
    "sale": gettext_lazy("Sales"),
}


def kind_choices() -> list[tuple[Any, list[tuple[str, str]]]]:
    """The names that receivers know, by what they are about."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS:
        found.setdefault(kind.partition(".")[0], []).append((kind, kind))
    return [(GROUPS.get(about, about), kinds) for about, kinds in found.items()]


class ShowsSecretOnce:
    """The secret is in the answer to the POST and nowhere else: in no session, no message and no log."""

    endpoint: WebhookEndpoint
    secret: str

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[misc]
        if form.errors:
            return response  # type: ignore[no-any-return]
        context = {
            **self.get_context_data(form=form),  # type: ignore[attr-defined]
            "endpoint": self.endpoint,
            "secret": self.secret,
            "on_url": reverse("referral_webhooks:inspect", args=[self.endpoint.pk]),
        }
        shown = TemplateResponse(self.request, "referral_blocks/admin/webhook_secret_shown.html", context)  # type: ignore[attr-defined]
        add_never_cache_headers(shown)
        return shown


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Such as https://example.com/hooks/referrals. It has to be on the public internet."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        help_text=gettext_lazy("Which system it is, such as “Bookkeeping”."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Is told of"),
        choices=kind_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick nothing for everything, also what comes with later versions."),
    )


class EndpointAddForm(EndpointForm):
    site = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Site.objects.all())
    field_order = ["url", "description", "site", "kinds"]


class EndpointEditForm(EndpointForm):
    enabled = forms.BooleanField(
        label=gettext_lazy("Switched on"),
        required=False,
        help_text=gettext_lazy("While it is off, what happens is not kept for it."),
    )
    field_order = ["url", "description", "enabled", "kinds"]


class EndpointAddView(ShowsSecretOnce, FlowFormView):
    rights = ("add_webhookendpoint",)
    form_class = EndpointAddForm
    page_title = gettext_lazy("Add a webhook endpoint")
    header_icon = "link-external"
    submit_label = gettext_lazy("Add the endpoint")
    back_label = gettext_lazy("Webhooks")
    back_url_name = "referral_webhooks:index"

    def get_initial(self) -> dict[str, Any]:
        return {"site": Site.objects.filter(is_default_site=True).first()}

    def run(self, data: dict[str, Any]) -> None:
        self.endpoint, self.secret = create_webhook_endpoint(
            site_id=data["site"].pk,
            url=data["url"],
            kinds=data["kinds"],
            description=data["description"],
            actor=self.request.user,
        )


class EndpointEditView(StepView):
    rights = ("change_webhookendpoint",)
    queryset = WebhookEndpoint.objects.all()
    form_class = EndpointEditForm
    page_title = gettext_lazy("Change this webhook endpoint")
    header_icon = "link-external"
    back_label = gettext_lazy("Webhooks")
    back_url_name = "referral_webhooks:index"

    def get_initial(self) -> dict[str, Any]:
        endpoint: WebhookEndpoint = self.object
        return {
            "url": endpoint.url,
            "description": endpoint.description,
            "kinds": endpoint.kinds,
            "enabled": endpoint.status == Status.ON,
        }

    def get_success_url(self) -> str:
        return reverse("referral_webhooks:inspect", args=[self.object.pk])

    def run(self, data: dict[str, Any]) -> None:
        changed = update_webhook_endpoint(endpoint=self.object, actor=self.request.user, **data)
        self.tell(changed, _("The endpoint is changed."), _("Nothing was to be changed."))
