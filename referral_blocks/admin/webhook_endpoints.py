"""Webhook endpoints: the list, and one endpoint with what was sent to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, StatusTagColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.webhooks.endpoints.models import DeliveryState, Status, WebhookDelivery, WebhookEndpoint
from referral_blocks.webhooks.endpoints.services import secret_signs_until

from .day_chart import DayChart, draw_days
from .permissions import may
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .webhook_deliveries import columns_of_deliveries
from .webhook_forms import EndpointAddView, EndpointEditView
from .webhook_steps import DeleteEndpointView, ReplayFailedView, RotateSecretView, TestEndpointView
from .when import when

DAYS = 14  # in the drawing, and in the list's numbers
SHOWN = 50  # messages on the endpoint's page; the list has all
RIGHT = "view_webhookendpoint"
CHART = (
    (DeliveryState.DELIVERED, gettext_lazy("delivered"), "done"),
    (DeliveryState.WAITING, gettext_lazy("on their way"), "waiting"),
    (DeliveryState.FAILED, gettext_lazy("given up"), "trouble"),
)
# Short, for a tag; the endpoint's page says more.
TAGS = {
    Status.ON: gettext_lazy("on"),
    Status.OFF: gettext_lazy("off"),
    Status.GONE: gettext_lazy("gone"),
    Status.FAILING: gettext_lazy("failing"),
}


def kinds_in_words(endpoint: WebhookEndpoint) -> str:
    return ", ".join(endpoint.kinds) or _("everything")


class EndpointListView(RecordListView):
    rights = (RIGHT, "add_webhookendpoint")
    default_ordering = "pk"

    def get_base_queryset(self) -> QuerySet[WebhookEndpoint]:
        recent = Q(deliveries__created_at__date__gt=localdate() - timedelta(days=DAYS))
        given_up = recent & Q(deliveries__state=DeliveryState.FAILED)
        waiting = Q(deliveries__state=DeliveryState.WAITING)
        return WebhookEndpoint.objects.select_related("site").annotate(
            sent=Count("deliveries", filter=recent),
            given_up=Count("deliveries", filter=given_up),
            waiting=Count("deliveries", filter=waiting),
        )

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("name", label=_("Endpoint"), accessor=str, get_url=self.get_inspect_url, classname="rb-wide"),
            Column("site", label=_("Site")),
            StatusTagColumn(
                "status", label=_("Status"), accessor=lambda endpoint: TAGS.get(endpoint.status, endpoint.status),
                primary=lambda endpoint: endpoint.status == Status.ON,
            ),
            Column("failing_since", label=_("Fails since"), accessor=lambda endpoint: when(endpoint.failing_since)),
            NumberColumn("sent", label=_("Messages in %(days)d days") % {"days": DAYS}),
            NumberColumn("given_up", label=_("Given up")),
            NumberColumn("waiting", label=_("On their way")),
            DateColumn("created_at", label=_("Created")),
        ]  # fmt: skip

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not may(self.request.user, "add_webhookendpoint"):
            return []
        return [HeaderButton(_("Add an endpoint"), url=reverse("referral_webhooks:add"), icon_name="plus")]


class EndpointView(RecordView):
    rights = (RIGHT,)
    template_name = "referral_blocks/admin/webhook_endpoint.html"
    queryset = WebhookEndpoint.objects.select_related("site", "created_by")

    def facts(self) -> list[tuple[str, Any]]:
        endpoint: WebhookEndpoint = self.object
        return [
            (_("Address"), endpoint.url),
            (_("Description"), endpoint.description or "–"),
            (_("Site"), endpoint.site),
            (_("Status"), endpoint.get_status_display()),
            (_("Is told of"), kinds_in_words(endpoint)),
            (_("Fails since"), when(endpoint.failing_since)),
            (_("Old secret signs until"), when(secret_signs_until(endpoint))),
            (_("Made by"), endpoint.created_by or endpoint.agent or "–"),
            (_("Created"), when(endpoint.created_at)),
        ]

    def chart(self) -> DayChart:
        today = localdate()
        rows = WebhookDelivery.objects.filter(
            endpoint=self.object, created_at__date__gt=today - timedelta(days=DAYS)
        ).annotate(day=TruncDate("created_at"))
        found = rows.order_by("day", "state").values_list("day", "state").annotate(n=Count("pk"))
        counts = {(day, state): n for day, state, n in found}
        return draw_days(_("Messages by day"), CHART, counts, last=today, days=DAYS)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        pk, user = self.object.pk, self.request.user
        every = f"{reverse('referral_webhook_deliveries:index')}?endpoint={pk}"
        buttons = []
        if may(user, "change_webhookendpoint"):
            for name, label, icon in (
                ("test", _("Send a test"), "mail"),
                ("edit", _("Edit"), "edit"),
                ("replay", _("Send again what was given up"), "rotate"),
                ("rotate", _("Replace the secret"), "key"),
            ):
                url = reverse(f"referral_webhooks:{name}", args=[pk])
                buttons.append(HeaderButton(label, url=url, icon_name=icon, icon_only=True))
        buttons.append(HeaderButton(_("All messages to it"), url=every, icon_name="list-ul", icon_only=True))
        if may(user, "delete_webhookendpoint"):
            url = reverse("referral_webhooks:delete", args=[pk])
            buttons.append(HeaderButton(_("Delete"), url=url, icon_name="bin", icon_only=True))
        return buttons

    def tables(self) -> list[Table]:
        rows = WebhookDelivery.objects.filter(endpoint=self.object).order_by("-pk")
        return [
            Table(
                columns_of_deliveries(self.request.user),
                rows[:SHOWN],
                caption=_("Messages (the last %(n)d)") % {"n": SHOWN},
            ),
            audit_table(self.object.changes.all(), {**dict(Status.choices), "": "–"}),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "chart": self.chart()}


class EndpointViewSet(RecordViewSet):
    model = WebhookEndpoint
    name = "referral_webhooks"
    url_prefix = "referrals/webhooks"
    icon = "link-external"
    menu_label = gettext_lazy("Webhooks")
    index_view_class = EndpointListView
    inspect_view_class = EndpointView
    search_fields = ["description", "url"]

    def get_urlpatterns(self) -> list[URLPattern]:
        steps = (
            ("edit", EndpointEditView), ("test", TestEndpointView), ("rotate", RotateSecretView),
            ("replay", ReplayFailedView), ("delete", DeleteEndpointView),
        )  # fmt: skip
        return [
            *super().get_urlpatterns(),
            path("new/", EndpointAddView.as_view(), name="add"),
            *(path(f"<int:pk>/{name}/", view.as_view(), name=name) for name, view in steps),
        ]
