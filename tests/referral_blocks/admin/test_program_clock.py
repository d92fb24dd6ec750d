"""Start and end of a programme are typed and shown on its own clock."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from referral_blocks.programs.models import Program
from tests.make import make_program

from .test_programs import edit

pytestmark = pytest.mark.django_db


def test_the_start_is_read_and_shown_on_the_programmes_clock(admin_client):
    program = make_program(rules=(), time_zone="Pacific/Auckland")
    assert edit(admin_client, program, rules=[], starts_at="2026-06-01 00:00").status_code == 302
    assert Program.objects.get().starts_at == datetime(2026, 5, 31, 12, tzinfo=UTC)
    with timezone.override("America/New_York"):
        form = admin_client.get(reverse("referral_programs:edit", args=[program.pk])).context["form"]
        shown = form["starts_at"].value()
    assert f"{shown:%Y-%m-%d %H:%M}" == "2026-06-01 00:00"
    assert "Time zone: Pacific/Auckland." in str(form.fields["starts_at"].help_text)


def test_saving_without_a_change_moves_nothing(admin_client):
    start = datetime(2026, 5, 31, 12, tzinfo=UTC)
    program = make_program(rules=(), time_zone="Pacific/Auckland", starts_at=start)
    edit(admin_client, program, rules=[], starts_at="2026-06-01 00:00")
    assert Program.objects.get().starts_at == start
