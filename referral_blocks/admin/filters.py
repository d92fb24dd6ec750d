"""Filters that several lists share."""

from __future__ import annotations

import django_filters
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from referral_blocks.programs.models import Program


def programs(request: HttpRequest | None) -> object:
    """The programmes to choose from, in the order of their names."""
    return Program.objects.all()


class ProgramFilterSet(WagtailFilterSet):
    """Rows of one programme."""

    program = django_filters.ModelChoiceFilter(label=_("Programme"), queryset=programs)


def date_range(field: str, label: str) -> django_filters.DateFromToRangeFilter:
    """From and to, both days included, in the site's time zone."""
    return django_filters.DateFromToRangeFilter(field_name=field, label=label, widget=DateRangePickerWidget)
