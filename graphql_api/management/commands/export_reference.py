"""`manage.py export_reference`: write the schema as a document for people, the fields of the host's own blocks too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from graphql_api.reference import reference


class Command(BaseCommand):
    help = "Writes the reference of the GraphQL API as Markdown to --path, or prints it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--path", type=Path, help="The file to write.")

    def handle(self, *args: Any, path: Path | None = None, **options: Any) -> None:
        with translation.override("en"):
            text = reference()
        if path is None:
            self.stdout.write(text)
        else:
            path.write_text(text)
