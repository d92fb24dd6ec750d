"""Pages of the host site, each a mixin of the plugin and Wagtail's page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from referral_blocks.pages import (
    LandingPageMixin,
    PortalPageMixin,
    ReferralPageMixin,
    SharePageMixin,
    TermsPageMixin,
)


class HomePage(ReferralPageMixin, Page):
    """The front page."""

    template = "pages/home_page.html"
    content_panels = [*Page.content_panels, *ReferralPageMixin.referral_panels]
    promote_panels = [*Page.promote_panels, *ReferralPageMixin.referral_promote_panels]
    page_description = _("The front of the site, with any referral blocks.")

    class Meta:
        verbose_name = _("home page")


class LandingPage(LandingPageMixin, Page):
    """Where invited friends arrive."""

    template = "pages/landing_page.html"
    content_panels = [*Page.content_panels, *ReferralPageMixin.referral_panels]
    promote_panels = [*Page.promote_panels, *ReferralPageMixin.referral_promote_panels]
    page_description = _("Greets invited friends and takes their details.")

    class Meta:
        verbose_name = _("landing page")


class SharePage(SharePageMixin, Page):
    """Where customers join and share."""

    template = "pages/share_page.html"
    content_panels = [*Page.content_panels, *ReferralPageMixin.referral_panels]
    promote_panels = [*Page.promote_panels, *ReferralPageMixin.referral_promote_panels]
    page_description = _("Customers join here, get their link and see their rewards.")

    class Meta:
        verbose_name = _("share page")


class PortalPage(PortalPageMixin, Page):
    """A referrer's own page."""

    template = "pages/portal_page.html"
    content_panels = [*Page.content_panels, *ReferralPageMixin.referral_panels]
    promote_panels = [*Page.promote_panels, *ReferralPageMixin.referral_promote_panels]
    page_description = _("Referrers see their friends and rewards here; the mails lead to it.")

    class Meta:
        verbose_name = _("referrers’ page")


class TermsPage(TermsPageMixin, Page):
    """The terms on a page of their own."""

    template = "pages/terms_page.html"
    content_panels = [*Page.content_panels, *ReferralPageMixin.referral_panels]
    promote_panels = [*Page.promote_panels, *ReferralPageMixin.referral_promote_panels]
    page_description = _("The programme’s terms; the forms lead to it.")

    class Meta:
        verbose_name = _("terms page")
