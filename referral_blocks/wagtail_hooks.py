"""Registers the plugin in Wagtail's admin; what it registers lives in ``admin``."""

from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from .admin import block_troubles, dashboard, deletions, liability_report, permissions, referral_report, starter
from .admin.menu import ReferralsGroup
from .admin.webhook_deliveries import DeliveryViewSet
from .views import page_cache

register_snippet(ReferralsGroup)
hooks.register("on_serve_page", page_cache.keep_pages_personal)
hooks.register("before_edit_page", block_troubles.before_edit_page)
hooks.register("register_permissions", permissions.own_permissions)
hooks.register("register_reports_menu_item", referral_report.menu_item)
hooks.register("register_reports_menu_item", liability_report.menu_item)
hooks.register("construct_homepage_summary_items", dashboard.add_summary_items)
hooks.register("before_delete_snippet", deletions.before_delete_snippet)
hooks.register("before_delete_page", deletions.before_delete_page)
hooks.register("before_bulk_action", deletions.before_bulk_action)
hooks.register("register_actions", deletions.register_actions)


@hooks.register("register_admin_viewset")
def webhook_deliveries() -> DeliveryViewSet:
    return DeliveryViewSet()


@hooks.register("register_admin_urls")
def report_urls() -> list[URLPattern | URLResolver]:
    reports = [*referral_report.urlpatterns(), *liability_report.urlpatterns()]
    return [path("referrals/reports/", include((reports, "referral_reports")))]


@hooks.register("register_admin_urls")
def starter_urls() -> list[URLPattern | URLResolver]:
    return [path("referrals/start/", include((starter.urlpatterns(), "referral_starter")))]


@hooks.register("insert_global_admin_css")
def stylesheet() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("referral_blocks/admin/admin.css"))
