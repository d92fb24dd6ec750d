"""Who may see and do what in the admin: a check inside each view, and the rights that a group can be given."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser, Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from wagtail.admin.menu import MenuItem

APP = "referral_blocks"

# What the plugin's own views ask for, beyond the rights on programmes and themes that Wagtail registers itself.
OWN_RIGHTS = (
    "view_referrer",
    "export_person",
    "erase_person",
    "view_referral",
    "review_referral",
    "view_sale",
    "add_sale",
    "add_salereversal",
    "add_saleimport",
    "view_reward",
    "approve_reward",
    "release_hold",
    "view_payout",
    "confirm_payout",
    "stop_payouts",
    "resolve_payout",
    "change_payoutpolicy",
    "view_reconciliation",
    "add_couponcode",
    "view_handover",
    "mark_handed_over",
    "view_apikey",
    "add_apikey",
    "change_apikey",
    "view_webhookendpoint",
    "add_webhookendpoint",
    "change_webhookendpoint",
    "delete_webhookendpoint",
    "view_referral_report",
)


def may(user: AbstractUser | AnonymousUser, *rights: str) -> bool:
    """Whether the user has any of ``rights`` (permission codenames of this app)."""
    return any(user.has_perm(f"{APP}.{right}") for right in rights)


def own_permissions() -> QuerySet[Permission]:
    """The rights that the group form offers."""
    return Permission.objects.filter(content_type__app_label=APP, codename__in=OWN_RIGHTS)


class RequiresRight:
    """A view for holders of any of ``rights``; everybody else gets 403 and a sentence.

    Wagtail would turn PermissionDenied into a redirect to its home page: right for a stray click, but a refused step
    must not look like one that was done.
    """

    rights: tuple[str, ...] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, *self.rights):
            context = {"page_title": _("Not allowed"), "header_icon": "lock"}
            return TemplateResponse(request, "referral_blocks/admin/forbidden.html", context, status=403)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


def menu_item_for(*rights: str) -> type[MenuItem]:
    """A menu item that only holders of any of ``rights`` see."""

    class GuardedMenuItem(MenuItem):
        def is_shown(self, request: HttpRequest) -> bool:
            return may(request.user, *rights)

    return GuardedMenuItem
