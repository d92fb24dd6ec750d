"""What makes a Wagtail page a referral page: abstract mixins, because Wagtail lets a site swap its page model."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.images import get_image_model_string

from referral_blocks.blocks.preview import PREVIEW_MODES, preview_audience
from referral_blocks.blocks.stream import ReferralStreamField
from referral_blocks.blocks.walk import blocks_of
from referral_blocks.programs.services import leave_page, set_page_once


class ReferralPageMixin(models.Model):
    """A programme and a body of referral blocks; a host writes ``class OfferPage(ReferralPageMixin, Page)`` and adds
    ``referral_panels`` to its content panels."""

    # The field of Program that points at the first published page of this kind.
    program_page_field: ClassVar[str] = ""

    program = models.ForeignKey(
        "referral_blocks.Program", verbose_name=_("programme"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", help_text=_("What the blocks of this page speak of. Empty: the site’s only live programme."),
    )  # fmt: skip
    body = ReferralStreamField(verbose_name=_("blocks"), blank=True)
    share_image = models.ForeignKey(
        get_image_model_string(), verbose_name=_("share image"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", help_text=_(
            "What messengers and social networks show beside the link; 1200 by 630 pixels is best. Empty: one is drawn "
            "from the programme, the theme and the brand."
        ),
    )  # fmt: skip

    referral_panels: ClassVar[list[Any]] = [FieldPanel("program"), FieldPanel("body")]
    referral_promote_panels: ClassVar[list[Any]] = [FieldPanel("share_image")]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> Any:
        # Autosave writes a few columns of a page that may hold a draft's values; an alias follows its source.
        is_shown = self.live and self.alias_of_id is None and kwargs.get("update_fields") is None  # type: ignore[attr-defined]
        before = self._program_before() if is_shown else None
        saved = super().save(*args, **kwargs)
        if is_shown and self.program_page_field:
            self._become_the_programs_page(before)
        return saved

    def _program_before(self) -> int | None:
        found = type(self)._default_manager.filter(pk=self.pk).values_list("program_id", flat=True)
        return found.first() if self.pk and self.program_page_field else None

    def _become_the_programs_page(self, before: int | None) -> None:
        if before is not None and before != self.program_id:  # type: ignore[attr-defined]
            leave_page(program_id=before, field=self.program_page_field, page_id=self.pk)
        program = self.program
        site = self.get_site() if program is not None else None  # type: ignore[attr-defined]
        if program is not None and site is not None and site.pk == program.site_id:
            set_page_once(program=program, field=self.program_page_field, page_id=self.pk)

    @property
    def needs_title(self) -> bool:
        """Whether no block heads the page: its title is shown then, so that every page has one main heading."""
        return not any(block.heads_page for block, _value in blocks_of(self))

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """Whom an editor can look at the page as; the first is whom Wagtail shows it to unasked."""
        return PREVIEW_MODES

    def serve_preview(self, request: HttpRequest, mode_name: str | None) -> HttpResponse:
        """The page as an imagined visitor sees it: nothing is read of the editor's own cookies, nothing is written."""
        request.referral_audience = preview_audience(request, mode_name)  # type: ignore[attr-defined]
        return super().serve_preview(request, mode_name)  # type: ignore[misc,no-any-return]


class LandingPageMixin(ReferralPageMixin):
    """Where a referrer's link leads. Of translations, the first that is published stands for all."""

    program_page_field = "landing_page"

    class Meta:
        abstract = True


class SharePageMixin(ReferralPageMixin):
    """Where customers join and find their link."""

    program_page_field = "share_page"

    class Meta:
        abstract = True


class PortalPageMixin(ReferralPageMixin):
    """The referrer's own page: standing, rewards, friends, points and settings. Mails lead here."""

    program_page_field = "portal_page"

    class Meta:
        abstract = True


class TermsPageMixin(ReferralPageMixin):
    """The terms on a page of their own, to which the forms lead."""

    program_page_field = "terms_page"

    class Meta:
        abstract = True
