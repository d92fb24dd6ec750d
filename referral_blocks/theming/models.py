"""Which theme a Site wears, and the site's own brand on top of it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.images import get_image_model_string

from .brand import SYSTEM_FONT, Brand, Scheme, palette_of
from .contrast import SHAPE, TEXT, contrast, nearest_legible, vanishes
from .theme import all_themes, get_theme, theme_choices

RADIUS_CHOICES = [("square", _("Square")), ("soft", _("Softly rounded")), ("round", _("Round"))]
COLOR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Write the colour as # and six digits, such as #0e4f3b."))


def font_choices() -> list[tuple[str, str | Promise]]:
    """The fonts that the installed themes bring, and the one of the visitor's own device."""
    own = (SYSTEM_FONT, _("The font of the visitor’s device (fastest)"))
    return [own, *((t.slug, t.fonts.label) for t in all_themes() if t.fonts)]


def _color(label: Any, help_text: Any = "") -> models.CharField:
    return models.CharField(label, max_length=7, blank=True, validators=[COLOR], help_text=help_text)


class SiteTheme(models.Model):
    """A site's choice; a site without a row shows blocks unthemed. What is left empty is the theme's."""

    site = models.OneToOneField("wagtailcore.Site", verbose_name=_("site"), on_delete=models.CASCADE, related_name="+")
    theme = models.CharField(
        _("theme"), max_length=40, choices=theme_choices, blank=True,
        help_text=_("The look of all referral pages of the site. A programme may choose another one for its own."),
    )  # fmt: skip
    logo = models.ForeignKey(
        get_image_model_string(), verbose_name=_("logo"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", help_text=_("Stands in the page’s head instead of the site’s name; a wide one works best."),
    )  # fmt: skip
    font = models.CharField(_("font"), max_length=40, choices=font_choices, blank=True)
    radius = models.CharField(_("corners"), max_length=10, choices=RADIUS_CHOICES, blank=True)

    accent = _color(_("buttons and links"), _("Your main colour. Links take the nearest shade that can be read."))
    on_accent = _color(_("words on buttons"), _("Empty: black or white, whichever reads better."))
    hero = _color(_("top of the page"), _("The background of the opening block."))
    on_hero = _color(_("words at the top"), _("Empty: black or white, whichever reads better."))
    accent_dark = _color(_("buttons and links, in the dark"), _("Empty: made from the one for the light."))
    on_accent_dark = _color(_("words on buttons, in the dark"))
    hero_dark = _color(_("top of the page, in the dark"), _("Empty: made from the one for the light."))
    on_hero_dark = _color(_("words at the top, in the dark"))

    class Meta:
        verbose_name = _("referral theme")
        verbose_name_plural = _("referral themes")

    def __str__(self) -> str:
        return str(self.get_theme_display() or _("Unthemed"))

    @property
    def brand(self) -> Brand:
        light = (self.accent, self.on_accent, self.hero, self.on_hero)
        dark = (self.accent_dark, self.on_accent_dark, self.hero_dark, self.on_hero_dark)
        # Only colours reach the stylesheet, whoever wrote the row.
        return Brand(
            light=Scheme(*(c.lower() if _is_color(c) else "" for c in light)),
            dark=Scheme(*(c.lower() if _is_color(c) else "" for c in dark)),
            font=self.font,
            radius=self.radius,
        )

    def clean(self) -> None:
        """Refuse words that cannot be read on their colour and buttons that cannot be seen on the page, and say which
        shades could be."""
        super().clean()
        wrong = {}
        for accent, dark in (("accent", False), ("accent_dark", True)):
            if problem := self._unseen(getattr(self, accent).lower(), dark=dark):
                wrong[accent] = problem
        for ground, words in (
            ("accent", "on_accent"),
            ("hero", "on_hero"),
            ("accent_dark", "on_accent_dark"),
            ("hero_dark", "on_hero_dark"),
        ):
            if problem := self._problem(ground, words):
                wrong[words] = problem
        if wrong:
            raise ValidationError(wrong)

    def _unseen(self, accent: str, *, dark: bool) -> ValidationError | None:
        grounds = palette_of(get_theme(self.theme), dark=dark).grounds
        if not _is_color(accent) or not vanishes(accent, grounds):
            return None
        return ValidationError(
            _("A button in %(accent)s cannot be told from the page below it. The nearest that can: %(nearest)s."),
            code="unseen",
            params={"accent": accent, "nearest": nearest_legible(accent, grounds, at_least=SHAPE)},
        )

    def _problem(self, ground: str, words: str) -> ValidationError | None:
        below, above = getattr(self, ground).lower(), getattr(self, words).lower()
        if not above or not _is_color(above) or (below and not _is_color(below)):
            return None  # the field's own validator has said so
        if not below:
            label = self._meta.get_field(ground).verbose_name  # type: ignore[union-attr]
            return ValidationError(
                _("Choose “%(below)s” as well: these words stand on it."), code="no_ground", params={"below": label}
            )
        ratio = contrast(above, below)
        if ratio >= TEXT:
            return None
        return ValidationError(
            _(
                "%(above)s on %(below)s has a contrast of %(ratio)s to 1; people with weak sight need 4.5. The nearest "
                "that works: write in %(words)s, or change what is below to %(ground)s."
            ),
            code="illegible",
            params={
                "above": above,
                "below": below,
                "ratio": f"{int(ratio * 10) / 10:.1f}",  # never rounded up to what would do
                "words": nearest_legible(above, (below,)),
                "ground": nearest_legible(below, (above,)),
            },
        )


def _is_color(text: str) -> bool:
    try:
        COLOR(text)
    except ValidationError:
        return False
    return True
