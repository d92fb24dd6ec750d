"""Every block of friends and of everybody, as each kind of visitor, in each phase of a programme."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.programs.models import Program, ProgramStatus
from tests.make import make_program

from .looking import LOOKERS, editor, show
from .test_blocks import render

pytestmark = pytest.mark.django_db

NAMES = [
    "hero", "offer_cards", "steps", "join_form", "friend_form", "code_entry", "refer_by_name", "post_purchase",
    "members_only", "stat_row", "testimonials", "countdown", "faq", "cta_bar", "terms",
]  # fmt: skip
FORMS = ["join_form", "friend_form", "code_entry", "refer_by_name", "post_purchase"]
DAY = timedelta(days=1)


def phases():
    now = timezone.now()
    return {
        "open": {},
        "draft": {"status": ProgramStatus.DRAFT},
        "scheduled": {"starts_at": now + DAY, "ends_at": now + 9 * DAY},
        "paused": {"status": ProgramStatus.PAUSED},
        "ended": {"status": ProgramStatus.ENDED},
        "over": {"ends_at": now - DAY},
    }


PHASES = list(phases())


def in_phase(phase):
    """The programme as it is now, after people joined while it was open."""
    program = make_program(ends_at=timezone.now() + 9 * DAY)
    looks = {name: look(program) for name, look in LOOKERS.items()}
    for field, value in phases()[phase].items():
        setattr(program, field, value)
    program.save()
    return Program.objects.get(), looks


# One programme a phase serves all blocks: making one for each would take most of the time.


@pytest.mark.parametrize("phase", PHASES)
def test_nobody_sees_anything_broken_in_any_phase(phase):
    program, looks = in_phase(phase)
    for name, (who, look) in product(NAMES, looks.items()):
        html = show(name, {"program": program.pk}, **look)
        assert "None" not in html, (name, who)
        assert ("rb-editor-note" in html) <= (who == "editor"), (name, who)
        assert html.count("<section") == html.count("</section>"), (name, who)


@pytest.mark.parametrize("phase", ["scheduled", "paused", "ended", "over"])
def test_no_form_is_offered_while_the_programme_is_not_open(phase):
    program, looks = in_phase(phase)
    said = {"scheduled": "starts on", "paused": "taking a break", "ended": "has ended", "over": "has ended"}
    for name in FORMS:
        html = show(name, {"program": program.pk}, **looks["visitor"])
        assert "<form" not in html, name
        assert said[phase] in html, name


def test_every_form_is_offered_while_it_is_open():
    program, looks = in_phase("open")
    assert [n for n in FORMS if "<form" not in show(n, {"program": program.pk}, **looks["visitor"])] == []


@pytest.mark.parametrize("phase", ["draft", "paused", "ended", "over", "scheduled"])
def test_an_editor_is_told_in_the_preview_why_the_block_is_not_at_work(phase):
    program, looks = in_phase(phase)
    said = {
        "draft": "is a draft. Visitors see nothing of it",
        "paused": "is paused. Visitors read here",
        "ended": "has ended. Visitors read that here",
        "over": "has ended. Visitors read that here",
        "scheduled": "has not started yet",
    }
    for name in [*FORMS, "offer_cards", "cta_bar", "hero"]:
        assert said[phase] in show(name, {"program": program.pk}, **looks["editor"]), name


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("hero", "steps", "testimonials", "faq")])
def test_a_deleted_programme_leaves_nothing_for_visitors_and_a_hint_for_editors(name):
    visitor, preview = show(name, {"program": 987654}), show(name, {"program": 987654}, **editor(None))
    assert "<section" not in visitor
    assert "was deleted, or belongs to another site" in preview


def test_a_hero_without_its_programme_still_stands_and_the_editor_reads_why():
    html = show("hero", {"program": 987654}, is_preview=True)
    assert "<h1" in html
    assert "was deleted, or belongs to another site" in html


HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(2)>"><svg onload=alert(3)></style>"""


def fill(block):
    """A value with hostile text in every field that takes text."""
    children = getattr(block, "child_blocks", None)
    if children is None:
        child = getattr(block, "child_block", None)
        if child is not None:
            return [{"type": "item", "value": fill(child), "id": "item"}]
        return HOSTILE if type(block).__name__ in ("CharBlock", "TextBlock", "URLBlock") else None
    if hasattr(block, "get_block_by_content_path") and type(block).__name__.endswith(("FieldsBlock", "ContentBlock")):
        return [{"type": name, "value": fill(child), "id": name} for name, child in children.items()]
    filled = {name: fill(child) for name, child in children.items()}
    return {name: value for name, value in filled.items() if value is not None}


def test_what_a_marketer_types_is_text_wherever_it_stands():
    program = make_program(
        name=HOSTILE, terms=HOSTILE, ends_at=timezone.now() + 9 * DAY,
        rules=({"side": "friend", "title": HOSTILE[:110], "amount_minor": 100},),
    )  # fmt: skip
    looks = {who: look(program) for who, look in LOOKERS.items()}
    for name in NAMES:
        value = {**fill(ReferralStreamBlock().child_blocks[name]), "program": program.pk}
        if name == "stat_row":
            value["stats"][0]["value"] |= {"figure": "typed", "least": 1}
        for who, look in looks.items():
            html = show(name, value, **look)
            for part in ("<script>alert", "<img src=x", "<svg onload", "</style>"):
                assert part not in html, (name, who)
        assert "&lt;script&gt;" in html, name


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", " JavaScript:alert(1)", ""]
)
def test_a_members_link_that_is_no_web_address_is_left_out(url):
    program, looks = in_phase("open")
    content = [{"type": "link", "value": {"text": "Go", "url": url}, "id": "l"}]
    html = show("members_only", {"program": program.pk, "content": content}, **looks["referrer"])
    assert "rb-members--open" in html
    assert "<a " not in html


@pytest.mark.parametrize("who", list(LOOKERS))
def test_more_blocks_cost_no_more_queries(who):
    program = make_program(ends_at=timezone.now() + 9 * DAY)
    look = LOOKERS[who](program)

    def count(times):
        with CaptureQueriesContext(connection) as queries:
            render(*NAMES * times, **look)
        return len(queries)

    count(1)  # Wagtail keeps the sites, the cache keeps the figures
    assert count(3) == count(1)
    assert count(1) <= 13
