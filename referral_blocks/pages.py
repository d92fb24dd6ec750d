"""What makes a Wagtail page a referral page: abstract mixins, because Wagtail lets a site swap its page model."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.images import get_image_model_string

from referral_blocks.blocks.stream import ReferralStreamField
from referral_blocks.programs.services import set_page_once


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
        saved = super().save(*args, **kwargs)
        # Drafts and autosave leave ``live`` as it is, and an alias follows its source.
        if self.live and self.program_page_field and self.program is not None and self.alias_of_id is None:  # type: ignore[attr-defined]
            set_page_once(program=self.program, field=self.program_page_field, page_id=self.pk)
        return saved


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
