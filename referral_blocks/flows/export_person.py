"""All that is kept about a person, as one JSON file: made while it is handed out, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from referral_blocks.people.data_page import file_url
from referral_blocks.people.models import Person

from .export_sections import sections

FORMAT, VERSION = "referral-blocks/person", 1


@dataclass(frozen=True, slots=True)
class PersonFile:
    """Where the file is handed out, to whoever has the address, until ``expires_at``."""

    url: str
    expires_at: datetime


def export_person(*, person: Person, site: Any) -> PersonFile:
    """An address on this Wagtail site that hands out the file for some minutes. The caller has made sure that it is
    this person who asks, or somebody with the right to."""
    return PersonFile(*file_url(person=person, site=site))


def write_person(*, person: Person) -> Iterator[str]:
    """The file, piece by piece: a fixed number of queries and little memory, whatever the history. Its shape is
    documented in docs/how-to/a-persons-data.md and grows without a change of what is there."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": timezone.now(),
        "about": _("All that this site keeps about you. Names under “labels” say what each entry is."),
    }
    listed = sections(person)
    labels = {section.name: {"": str(section.label), **section.labels()} for section in listed}
    yield _json({**head, "labels": labels})[:-1]
    for section in listed:
        yield f',\n"{section.name}": ['
        for number, row in enumerate(section.rows()):
            yield (",\n" if number else "\n") + _json(row)
        yield "]"
    yield "}\n"


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
