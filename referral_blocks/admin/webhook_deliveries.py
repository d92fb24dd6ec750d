"""What was sent to webhook endpoints, read only."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.webhooks.endpoints.kinds import KINDS, TEST
from referral_blocks.webhooks.endpoints.models import DeliveryState, Problem, WebhookDelivery, WebhookEndpoint

from .columns import Step, StepsColumn
from .filters import date_range
from .permissions import may
from .records import RecordListView, RecordView, RecordViewSet
from .webhook_steps import ReplayView
from .when import when

RIGHT = "view_webhookendpoint"


def delivery_url(delivery: WebhookDelivery) -> str:
    return reverse("referral_webhook_deliveries:inspect", args=[delivery.pk])


def outcome(delivery: WebhookDelivery) -> str:
    """What the last try came to, in words."""
    if not delivery.problem:
        return str(delivery.status_code) if delivery.status_code else "–"
    said = str(Problem(delivery.problem).label) if delivery.problem in Problem.values else delivery.problem
    return f"{said} ({delivery.status_code})" if delivery.status_code else said


def steps_of(delivery: WebhookDelivery, user: Any) -> list[Step]:
    if delivery.is_test or not may(user, "change_webhookendpoint"):
        return []
    return [Step(_("Send again"), reverse("referral_webhook_deliveries:replay", args=[delivery.pk]))]


def columns_of_deliveries(user: Any) -> list[Column]:
    """As the list and the endpoint's page show them."""
    return [
        TitleColumn("kind", label=_("Event"), get_url=delivery_url),
        StatusTagColumn(
            "state", label=_("State"), accessor="get_state_display",
            primary=lambda delivery: delivery.state == DeliveryState.DELIVERED,
        ),
        Column("outcome", label=_("Last answer"), accessor=outcome),
        Column("tries", label=_("Tries")),
        Column("next_try_at", label=_("Next try"), accessor=lambda delivery: when(delivery.next_try_at)),
        DateColumn("created_at", label=_("Created")),
        StepsColumn(_("Steps"), lambda delivery: steps_of(delivery, user)),
    ]  # fmt: skip


def endpoints(request: HttpRequest | None) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.all()


class DeliveryFilterSet(WagtailFilterSet):
    endpoint = django_filters.ModelChoiceFilter(label=gettext_lazy("Endpoint"), queryset=endpoints)
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=DeliveryState.choices)
    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("Event"), choices=[(kind, kind) for kind in (*KINDS, TEST)]
    )  # fmt: skip
    created_at = date_range("created_at", gettext_lazy("Created"))

    class Meta:
        model = WebhookDelivery
        fields: tuple[str, ...] = ()


class DeliveryListView(RecordListView):
    rights = (RIGHT,)
    default_ordering = "-pk"
    page_title = gettext_lazy("Webhook messages")

    def get_base_queryset(self) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.select_related("endpoint")

    @cached_property
    def columns(self) -> list[Column]:
        event, *others = columns_of_deliveries(self.request.user)
        return [event, Column("endpoint", label=_("Endpoint")), *others]


class DeliveryView(RecordView):
    rights = (RIGHT,)
    queryset = WebhookDelivery.objects.select_related("endpoint")

    def facts(self) -> list[tuple[str, Any]]:
        delivery: WebhookDelivery = self.object
        took = "–" if delivery.milliseconds is None else _("%(n)d ms") % {"n": delivery.milliseconds}
        return [
            (_("Event"), delivery.kind),
            (_("Endpoint"), delivery.endpoint),
            (_("Address"), delivery.endpoint.url),
            (_("State"), delivery.get_state_display()),
            (_("Tries"), delivery.tries),
            (_("Last try"), when(delivery.tried_at)),
            (_("Next try"), when(delivery.next_try_at)),
            (_("Last answer"), outcome(delivery)),
            (_("Its first words"), delivery.answer or "–"),
            (_("Took"), took),
            (_("Created"), when(delivery.created_at)),
            (_("Message id"), delivery.message_id),
            (_("What is sent"), delivery.body),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [
            HeaderButton(step.label, url=step.url, icon_name="rotate")
            for step in steps_of(self.object, self.request.user)
        ]


class DeliveryViewSet(RecordViewSet):
    """Reached from the endpoints; it has no place in the menu of its own."""

    model = WebhookDelivery
    name = "referral_webhook_deliveries"
    url_prefix = "referrals/webhook-messages"
    icon = "link-external"
    menu_label = gettext_lazy("Webhook messages")
    index_view_class = DeliveryListView
    inspect_view_class = DeliveryView
    filterset_class = DeliveryFilterSet
    search_fields = ["message_id"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [*super().get_urlpatterns(), path("<int:pk>/replay/", ReplayView.as_view(), name="replay")]
