"""Which theme a Site uses."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .theme import theme_choices


class SiteTheme(models.Model):
    """A site's choice; a site without a row shows blocks unthemed."""

    site = models.OneToOneField("wagtailcore.Site", verbose_name=_("site"), on_delete=models.CASCADE, related_name="+")
    theme = models.CharField(_("theme"), max_length=40, choices=theme_choices, blank=True)

    class Meta:
        verbose_name = _("referral theme")
        verbose_name_plural = _("referral themes")

    def __str__(self) -> str:
        return self.theme
