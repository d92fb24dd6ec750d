"""Filters that several lists share."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_filters.fields import DateRangeField
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from referral_blocks.programs.models import Program


def programs(request: HttpRequest | None) -> object:
    """The programmes to choose from, in the order of their names."""
    return Program.objects.all()


class ProgramFilterSet(WagtailFilterSet):
    """Rows of one programme."""

    program = django_filters.ModelChoiceFilter(label=_("Programme"), queryset=programs)


# Days beyond these overflow when they are converted between time zones.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
DAY_LIMITS = (MinValueValidator(EARLIEST), MaxValueValidator(LATEST))


class DayRangeField(DateRangeField):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in self.fields:
            day.validators += DAY_LIMITS


class DayRangeFilter(django_filters.DateFromToRangeFilter):
    field_class = DayRangeField


def date_range(field: str, label: Any) -> DayRangeFilter:
    """From and to, both days included, in the user's time zone."""
    return DayRangeFilter(field_name=field, label=label, widget=DateRangePickerWidget)
