"""Programmes and their terms. Uses modelcluster, so that Wagtail can edit a programme with its rules in one form, and
points at Wagtail's pages."""

from __future__ import annotations

import uuid
import zoneinfo

import swapper
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import currency_choices, validate_currency
from referral_blocks.core.states import StateChange
from referral_blocks.theming.theme import theme_choices


def check_currency(code: str) -> None:
    """A model validator; raises ValidationError."""
    try:
        validate_currency(code)
    except InvalidInput as error:
        raise ValidationError(str(error), code=error.code) from error


class ProgramStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class Phase(models.TextChoices):
    """What a programme is in now, by its status and its dates; docs/concepts/programme-states.md says what each
    allows."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Not started yet")
    OPEN = "open", _("Open")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class Touch(models.TextChoices):
    FIRST = "first", _("The first friend’s link that was opened")
    LAST = "last", _("The last friend’s link that was opened")


class Period(models.TextChoices):
    """A span of the calendar in the programme's time zone; weeks begin on Monday."""

    DAY = "day", _("a day")
    WEEK = "week", _("a week")
    MONTH = "month", _("a month")
    YEAR = "year", _("a year")
    EVER = "ever", _("the whole programme")


class PayoutMode(models.TextChoices):
    """When what is approved goes out."""

    AT_ONCE = "at_once", _("as soon as a reward is approved")
    RUNS = "runs", _("in runs that somebody confirms")


def time_zone_choices() -> list[tuple[str, str]]:
    """All time zones of the IANA database."""
    return [(name, name) for name in sorted(zoneinfo.available_timezones())]


class Program(ClusterableModel):
    """One referral offer on one site."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("wagtailcore.Site", verbose_name=_("site"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120, help_text=_("What visitors read, such as “Bring a neighbour”."))
    slug = models.SlugField(_("slug"), max_length=60, help_text=_("The programme’s name in the API and in exports."))
    currency = models.CharField(
        _("currency"), max_length=3, validators=[check_currency], choices=currency_choices,
        help_text=_("Sales and money rewards of this programme are in this currency."),
    )  # fmt: skip
    status = models.CharField(
        _("status"), max_length=10, choices=ProgramStatus.choices, default=ProgramStatus.DRAFT,
        help_text=_("Paused: links still lead to the page, but nobody joins and nothing is credited."),
    )  # fmt: skip
    starts_at = models.DateTimeField(
        _("starts"), null=True, blank=True, help_text=_("In the programme’s time zone. Empty: at once.")
    )
    ends_at = models.DateTimeField(
        _("ends"), null=True, blank=True, help_text=_("In the programme’s time zone. Empty: never.")
    )
    terms = models.TextField(
        _("terms"), blank=True,
        help_text=_("Each change makes a new version; people stay bound to the version that they accepted."),
    )  # fmt: skip
    attribution = models.CharField(
        _("credit goes to"), max_length=5, choices=Touch.choices, default=Touch.LAST,
        help_text=_("Which referrer is credited when a friend opened the links of several."),
    )  # fmt: skip
    visit_window_days = models.PositiveSmallIntegerField(
        _("visit window (days)"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("How long a visit through a link counts."),
    )  # fmt: skip
    credit_window_days = models.PositiveSmallIntegerField(
        _("credit window (days)"), default=90, validators=[MinValueValidator(1), MaxValueValidator(1095)],
        help_text=_("How long a friend has to buy after leaving their details."),
    )  # fmt: skip
    time_zone = models.CharField(
        _("time zone"), max_length=64, choices=time_zone_choices, default=timezone.get_default_timezone_name,
        help_text=_("Where the programme’s clock hangs: start and end, and where a day, week or month begins."),
    )  # fmt: skip
    budget_minor = models.BigIntegerField(
        _("budget"), null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("Rewards beyond it wait until the budget grows. Empty: no limit."),
    )  # fmt: skip
    referrer_cap_minor = models.BigIntegerField(
        _("most that one referrer earns"), null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("Rewards beyond it wait for the next period. Empty: no limit."),
    )  # fmt: skip
    referrer_cap_period = models.CharField(_("… within"), max_length=5, choices=Period.choices, default=Period.EVER)
    leaderboard_period = models.CharField(
        _("leaderboard runs over"), max_length=5, choices=Period.choices, default=Period.MONTH
    )
    payout_mode = models.CharField(
        _("payouts go out"), max_length=10, choices=PayoutMode.choices, default=PayoutMode.AT_ONCE,
        help_text=_("In a run, somebody looks at all of them before they are sent."),
    )  # fmt: skip
    theme = models.CharField(
        _("theme"), max_length=40, blank=True, choices=theme_choices,
        help_text=_("The look of this programme’s pages. Empty: the site’s."),
    )  # fmt: skip
    landing_page = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"), verbose_name=_("landing page"), null=True, blank=True,
        on_delete=models.SET_NULL, related_name="+",
        help_text=_("Where links lead. Filled in when a landing page of this programme is first published."),
    )  # fmt: skip
    share_page = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"), verbose_name=_("share page"), null=True, blank=True,
        on_delete=models.SET_NULL, related_name="+",
        help_text=_("Where referrers find their link. Filled in when a share page is first published."),
    )  # fmt: skip
    portal_page = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"), verbose_name=_("referrers’ own page"), null=True, blank=True,
        on_delete=models.SET_NULL, related_name="+",
        help_text=_(
            "Where referrers see friends and rewards; where there is none, the share page. Filled in when a referrers’ "
            "page is first published."
        ),
    )  # fmt: skip
    terms_page = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"), verbose_name=_("terms page"), null=True, blank=True,
        on_delete=models.SET_NULL, related_name="+",
        help_text=_("Where the terms stand by themselves. Filled in when a terms page is first published."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["site", "slug"], name="rb_program_slug_once_per_site")]
        permissions = [("view_referral_report", _("Can see referral reports"))]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("The end has to be after the start.")})

    @property
    def phase(self) -> Phase:
        """A live programme whose time has not come, or is over, is not open."""
        if self.status != ProgramStatus.LIVE:
            return Phase(self.status)
        now = timezone.now()
        if self.ends_at is not None and self.ends_at <= now:
            return Phase.ENDED
        if self.starts_at is not None and self.starts_at > now:
            return Phase.SCHEDULED
        return Phase.OPEN

    @property
    def is_open(self) -> bool:
        """Whether people can join, be credited and be rewarded now."""
        return self.phase == Phase.OPEN


class ProgramChange(StateChange):
    """One step of a programme: its status, or a date of its schedule."""

    subject = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="changes")


class TermsVersion(models.Model):
    """A frozen text of a programme's terms."""

    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="terms_versions")
    number = models.PositiveIntegerField(editable=False)
    text = models.TextField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("terms version")
        verbose_name_plural = _("terms versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="rb_terms_number_once"),
            models.UniqueConstraint(fields=["program", "sha256"], name="rb_terms_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.program} – {self.number}"
