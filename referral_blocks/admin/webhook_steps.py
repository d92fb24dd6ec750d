"""Steps about webhook endpoints and messages: a test, a new secret, once more, away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages
from wagtail.admin.widgets import AdminDateTimeInput

from referral_blocks.flows.delete_webhook_endpoint import delete_webhook_endpoint
from referral_blocks.flows.replay_failed_webhooks import replay_failed_webhooks
from referral_blocks.flows.replay_webhook_delivery import replay_webhook_delivery
from referral_blocks.flows.rotate_webhook_secret import rotate_webhook_secret
from referral_blocks.flows.send_test_webhook import send_test_webhook
from referral_blocks.webhooks.endpoints.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.services import overlap_of

from .steps import StepView
from .webhook_forms import ShowsSecretOnce
from .when import when


class EndpointStepView(StepView):
    """A step about one endpoint, after which its page is shown."""

    rights = ("change_webhookendpoint",)
    queryset = WebhookEndpoint.objects.select_related("site")
    header_icon = "link-external"
    back_label = gettext_lazy("Webhooks")
    back_url_name = "referral_webhooks:index"

    def facts(self) -> list[tuple[str, Any]]:
        endpoint: WebhookEndpoint = self.object
        return [
            (_("Address"), endpoint.url),
            (_("Description"), endpoint.description or "–"),
            (_("Site"), endpoint.site),
            (_("Status"), endpoint.get_status_display()),
        ]

    def get_success_url(self) -> str:
        return reverse("referral_webhooks:inspect", args=[self.object.pk])


class TestEndpointView(EndpointStepView):
    page_title = gettext_lazy("Send a test")
    submit_label = gettext_lazy("Send the test")

    def run(self, data: dict[str, Any]) -> None:
        send_test_webhook(endpoint=self.object)
        messages.success(self.request, _("The test is on its way. Load this page again to see what came of it."))


class RotateForm(forms.Form):
    hours = forms.ChoiceField(
        label=gettext_lazy("The old secret signs as well for"),
        initial="24",
        choices=[
            ("0", gettext_lazy("no time: it has leaked")),
            ("24", gettext_lazy("a day")),
            ("168", gettext_lazy("a week")),
        ],
        help_text=gettext_lazy("Long enough to hand the new one to the other system."),
    )


class RotateSecretView(ShowsSecretOnce, EndpointStepView):
    form_class = RotateForm
    page_title = gettext_lazy("Replace the secret")
    submit_label = gettext_lazy("Make a new secret")

    def run(self, data: dict[str, Any]) -> None:
        self.endpoint = self.object
        self.secret = rotate_webhook_secret(
            endpoint=self.object, overlap=overlap_of(int(data["hours"])), actor=self.request.user
        )


class ReplayForm(forms.Form):
    since = forms.DateTimeField(
        label=gettext_lazy("Of what happened since"),
        required=False,
        widget=AdminDateTimeInput,
        help_text=gettext_lazy("Leave it empty for all that is kept."),
    )

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if since is not None and not 1970 <= since.year <= timezone.now().year + 1:
            raise forms.ValidationError(_("Choose a later day."))
        return since


class ReplayFailedView(EndpointStepView):
    form_class = ReplayForm
    page_title = gettext_lazy("Send again what was given up")
    submit_label = gettext_lazy("Send it again")

    def facts(self) -> list[tuple[str, Any]]:
        rows = WebhookDelivery.objects.filter(endpoint=self.object, state=DeliveryState.FAILED, is_test=False)
        return [*super().facts(), (_("Given up"), rows.count())]

    def run(self, data: dict[str, Any]) -> None:
        count = replay_failed_webhooks(endpoint=self.object, since=data["since"])
        yes = ngettext("%(n)d message is on its way again.", "%(n)d messages are on their way again.", count)
        self.tell(bool(count), yes % {"n": count}, _("There was nothing to send again."))


class DeleteEndpointView(EndpointStepView):
    rights = ("delete_webhookendpoint",)
    page_title = gettext_lazy("Delete this webhook endpoint")
    submit_label = gettext_lazy("Delete it, and all that was sent to it")

    def get_success_url(self) -> str:
        return reverse(self.back_url_name)

    def run(self, data: dict[str, Any]) -> None:
        said = _("“%(name)s” is deleted.") % {"name": self.object}
        delete_webhook_endpoint(endpoint=self.object, actor=self.request.user)
        messages.success(self.request, said)


class ReplayView(StepView):
    """One message is sent again."""

    rights = ("change_webhookendpoint",)
    queryset = WebhookDelivery.objects.select_related("endpoint")
    page_title = gettext_lazy("Send this message again")
    submit_label = gettext_lazy("Send it again")
    header_icon = "link-external"
    back_label = gettext_lazy("Webhook messages")
    back_url_name = "referral_webhook_deliveries:index"

    def facts(self) -> list[tuple[str, Any]]:
        delivery: WebhookDelivery = self.object
        return [
            (_("Event"), delivery.kind),
            (_("Endpoint"), delivery.endpoint),
            (_("State"), delivery.get_state_display()),
            (_("Created"), when(delivery.created_at)),
        ]

    def over(self) -> str:
        return _("A test is not sent again: send a new one.") if self.object.is_test else ""

    def get_success_url(self) -> str:
        return reverse("referral_webhook_deliveries:inspect", args=[self.object.pk])

    def run(self, data: dict[str, Any]) -> None:
        done = replay_webhook_delivery(delivery=self.object)
        self.tell(done, _("The message is on its way again."), _("A test is not sent again: send a new one."))
