"""The Nu HTML checker over documents, by its own jar from npm and the machine's Java."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from tests.browser import missing

from .node import packages

# Advice that we know better than: Safari drops the role of a list that shows no bullets, and untranslated words in a
# test of right to left are English.
KNOWN = re.compile("The “list” role is unnecessary for element “[uo]l”|This document appears to be written in English")


def nu_messages(documents: dict[str, str], folder: Path) -> list[tuple[str, str, str]]:
    """Errors and warnings, as (document, message, extract); the documents are left in ``folder`` to be looked at."""
    java = shutil.which("java")
    if java is None:
        missing("no Java on this machine: install the package default-jre-headless")
    for name, html in documents.items():
        (folder / f"{name}.html").write_text(html)
    jar = packages() / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [str(java), "-Xss4m", "-jar", str(jar), "--format", "json", "--exit-zero-always", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    said = json.loads(done.stderr or done.stdout)["messages"]
    return [
        (Path(m.get("url", "")).stem, m["message"], m.get("extract", "")) for m in said if not KNOWN.match(m["message"])
    ]


def as_document(fragment: str) -> str:
    """A piece of somebody else's page, to be judged by itself."""
    return f'<!doctype html>\n<html lang="en"><head><title>Piece</title></head><body>\n{fragment}\n</body></html>'
