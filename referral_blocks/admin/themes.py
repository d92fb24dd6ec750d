"""Which theme a site's referral blocks wear, and the site's own colours, font, corners and logo on top of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.models import Site

from referral_blocks.theming.models import SiteTheme

from .theme_sample import FIELDS, SamplePageView, SampleStylesView, ThemeSampleView


def _color(name: str) -> FieldPanel:
    attrs = {"placeholder": "#000000", "maxlength": 7, "spellcheck": "false", "data-rb-color": ""}
    return FieldPanel(name, widget=forms.TextInput(attrs=attrs))


LOOK = [FieldPanel("site"), FieldPanel("theme")]
BRAND = [FieldPanel("logo"), FieldPanel("font"), FieldPanel("radius")]
LIGHT = [
    FieldRowPanel([_color("accent"), _color("on_accent")]),
    FieldRowPanel([_color("hero"), _color("on_hero")]),
]
NIGHT = [
    FieldRowPanel([_color("accent_dark"), _color("on_accent_dark")]),
    FieldRowPanel([_color("hero_dark"), _color("on_hero_dark")]),
]


class _WithSample:
    """Puts the sample of what is stored beside the form."""

    template_name = "referral_blocks/admin/theme_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        form = context["form"]
        start = {name: form[name].value() for name in FIELDS if name in form.fields and form[name].value()}
        context["sample_url"] = reverse("referral_themes:sample")
        context["sample_start"] = urlencode(start)
        return context


class ThemeCreateView(_WithSample, generic.CreateView):
    def get_initial(self) -> dict[str, Any]:
        """The site is chosen already where only one has no theme yet."""
        themed = SiteTheme.objects.values("site_id")
        waiting = list(Site.objects.exclude(pk__in=themed)[:2])
        return {**super().get_initial(), **({"site": waiting[0]} if len(waiting) == 1 else {})}


class ThemeEditView(_WithSample, generic.EditView):
    pass


class SiteThemeViewSet(ModelViewSet):
    model = SiteTheme
    name = "referral_themes"
    url_prefix = "referrals/themes"
    icon = "view"
    menu_label = _("Themes")
    add_view_class = ThemeCreateView
    edit_view_class = ThemeEditView
    list_display = ["site", Column("theme", label=_("Theme"), accessor="get_theme_display")]
    copy_view_enabled = False
    add_to_reference_index = False
    edit_handler = ObjectList(
        [
            MultiFieldPanel(LOOK, heading=_("Theme")),
            MultiFieldPanel(BRAND, heading=_("Brand")),
            MultiFieldPanel(LIGHT, heading=_("Colours")),
            MultiFieldPanel(
                NIGHT, heading=_("Colours in the dark"), classname="collapsed",
                help_text=_("For devices that ask for dark pages. Left empty, these follow from the ones above."),
            ),
        ]
    )  # fmt: skip

    @cached_property
    def sample_urls(self) -> list[Any]:
        return [
            path("sample/", ThemeSampleView.as_view(), name="sample"),
            path("sample/page/", SamplePageView.as_view(), name="sample_page"),
            path("sample/styles.css", SampleStylesView.as_view(), name="sample_styles"),
        ]

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), *self.sample_urls]
