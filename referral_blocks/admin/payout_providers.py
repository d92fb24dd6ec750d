"""The page “Providers”: what each can do, what it has left to pay from, whether it is stopped, what it has told us."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connections
from django.db.models import Max, Sum
from django.urls import path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import Money
from referral_blocks.payouts.policy import EVERYTHING, SendingStop
from referral_blocks.payouts.provider import Capabilities
from referral_blocks.payouts.reconciliation import Reconciliation
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.payouts.selectors import active_stops
from referral_blocks.programs.models import Program
from referral_blocks.webhooks.models import EventCount

from .labels import provider_label
from .permissions import RequiresRight, menu_item_for
from .when import when

logger = logging.getLogger(__name__)
KEPT = 60  # seconds that a balance is shown again
PATIENCE = 2.0  # seconds that the page waits for all balances together
DAYS = 7
# A provider that hangs keeps a thread of these, never a worker of the site.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="referral-balance")
_asked: dict[tuple[str, str], Future[str]] = {}


@dataclass(slots=True)
class Panel:
    """One provider as the page shows it."""

    label: str
    can: list[str]
    facts: list[tuple[str, Any]] = field(default_factory=list)


def capability_words(can: Capabilities) -> Iterator[str]:
    if can.in_house:
        yield _("Stays in the house: no run, no switch and no cap stands before it.")
    yield (
        _("Pays in %(list)s.") % {"list": ", ".join(sorted(can.currencies))}
        if can.currencies
        else _("Pays in every currency.")
    )
    for words, limits in (
        (_("At least %(amount)s."), can.minimum_minor),
        (_("At most %(amount)s."), can.maximum_minor),
    ):
        for currency, minor in sorted(limits.items()):
            yield words % {"amount": Money(minor, currency)}
    said = (
        (can.whole_amounts, _("Whole amounts only.")),
        (can.gathers, _("Several rewards of one person go out as one payout.")),
        (can.divisible, _("What a person owes is netted.")),
        (can.needs_account, _("The recipient has to say first where to send it.")),
        (can.read_back, _("Its books can be read.")),
        (can.reverse, _("A payout can be taken back.")),
        (can.webhooks, _("It tells us what changes.")),
    )
    yield from (words for holds, words in said if holds)


def balances(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(alias, currency) → its balance in words: from the cache, or asked side by side within PATIENCE."""
    keys = {one: f"referral_blocks:balance:{one[0]}:{one[1]}" for one in wanted}
    kept = cache.get_many(keys.values())
    found = {one: kept[key] for one, key in keys.items() if key in kept}
    asked = {one: _ask(one, key) for one, key in keys.items() if one not in found}
    wait(asked.values(), timeout=PATIENCE)
    for one, future in asked.items():
        found[one] = future.result() if future.done() else _("It has not answered yet. Load the page again.")
    return found


def _ask(one: tuple[str, str], key: str) -> Future[str]:
    """At most one question about one balance at a time, however often the page is loaded."""
    going = _asked.get(one)
    if going is None or going.done():
        going = _asked[one] = _threads.submit(_balance, one, key)
    return going


def _balance(one: tuple[str, str], key: str) -> str:
    try:
        money = payout_provider(one[0]).balance(one[1])
        words = str(money) if money is not None else ""
    except Exception as error:  # noqa: BLE001 - any provider, any fault: the page goes on
        # Its kind alone: what it says might hold a key.
        logger.warning("The balance of %s could not be read: %s", one[0], type(error).__name__)
        words = _("It could not be asked.")
    finally:
        connections.close_all()
    cache.set(key, words, KEPT)
    return words


def panels() -> list[Panel]:
    aliases = list(get_conf().PAYOUT_PROVIDERS)
    currencies = sorted(set(Program.objects.values_list("currency", flat=True)))
    outside = [alias for alias in aliases if not payout_provider(alias).capabilities.in_house]
    money = balances((alias, currency) for alias in outside for currency in currencies)
    stops = {stop.provider: stop for stop in active_stops()}
    newest = Reconciliation.objects.order_by().values("provider").annotate(newest=Max("pk")).values("newest")
    compared = {row.provider: row for row in Reconciliation.objects.filter(pk__in=newest)}
    told = messages_told()
    made = []
    for alias in aliases:
        can = payout_provider(alias).capabilities
        panel = Panel(provider_label(alias), list(capability_words(can)))
        if alias in outside:
            kept = [f"{currency}: {money[alias, currency]}" for currency in currencies if money[alias, currency]]
            panel.facts = [
                (_("Balance"), "\n".join(kept) or "–"),
                (_("Sending"), stop_words(stops.get(EVERYTHING) or stops.get(alias))),
                (_("Last comparison"), comparison_words(compared.get(alias)) if can.read_back else "–"),
                (_("Messages in %(n)d days") % {"n": DAYS}, told.get(alias, "–") if can.webhooks else "–"),
            ]
        made.append(panel)
    return made


def stop_words(stop: SendingStop | None) -> str:
    return (
        _("Sending") if stop is None else ": ".join(filter(None, (_("Stopped"), stop.get_cause_display(), stop.note)))
    )


def comparison_words(row: Reconciliation | None) -> str:
    return when(row.created_at) if row else _("never")


def messages_told() -> dict[str, str]:
    """Provider → how many messages of each kind came of late."""
    since = timezone.now().date() - timedelta(days=DAYS - 1)
    rows = EventCount.objects.filter(day__gte=since).order_by("provider", "what").values_list("provider", "what")
    found: dict[str, list[str]] = {}
    for provider, what, n in rows.annotate(n=Sum("count")):
        found.setdefault(provider, []).append(f"{what}: {n}")
    return {provider: ", ".join(lines) for provider, lines in found.items()}


class ProvidersView(RequiresRight, WagtailAdminTemplateMixin, TemplateView):
    rights = ("view_payout", "stop_payouts")
    template_name = "referral_blocks/admin/payout_providers.html"
    page_title = gettext_lazy("Providers")
    header_icon = "cogs"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "panels": panels()}


class PayoutProvidersViewSet(ViewSet):
    name = "referral_providers"
    url_prefix = "referrals/providers"
    icon = "cogs"
    menu_label = ProvidersView.page_title

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(*ProvidersView.rights)

    def get_urlpatterns(self) -> list[Any]:
        return [path("", ProvidersView.as_view(), name="index")]
