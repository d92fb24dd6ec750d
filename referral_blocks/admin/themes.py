"""Which theme a site's referral blocks wear."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from referral_blocks.theming.models import SiteTheme


class SiteThemeViewSet(ModelViewSet):
    model = SiteTheme
    name = "referral_themes"
    url_prefix = "referrals/themes"
    icon = "view"
    menu_label = _("Themes")
    form_fields = ["site", "theme"]
    list_display = ["site", Column("theme", label=_("Theme"), accessor="get_theme_display")]
    copy_view_enabled = False
    add_to_reference_index = False
