"""Documents lead where they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if "node_modules" not in p.parts)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(document):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    relative = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    missing = [t for t in relative if not (document.parent / t).exists()]
    assert missing == []


def test_every_decision_record_is_short_and_listed():
    records = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert records
    for record in records:
        assert len(record.read_text().splitlines()) <= 40, record.name
        assert record.name in index


def test_the_map_names_every_package():
    text = (ROOT / "docs" / "map.md").read_text()
    packages = [p.parent.name for p in (ROOT / "referral_blocks").glob("*/__init__.py")]
    assert [name for name in packages if f"`{name}/`" not in text] == []
