"""Pages that another version of the blocks has stored, or that were written by hand."""

import json
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone
from wagtail import blocks

from cms.pages.models import LandingPage
from referral_blocks.blocks.stream import ReferralStreamBlock, ReferralStreamField
from tests.make import make_program
from tests.make_pages import make_landing_page

from .looking import LOOKERS, editor, show

pytestmark = pytest.mark.django_db

NAMES = list(ReferralStreamBlock().child_blocks)
WRONG = [None, "x", 7, -1.5, True, [], ["x"], [None], {}, {"gone": 1}, [{"type": "gone", "value": 1, "id": "x"}]]


def holding(block, wrong):
    """A value of this block with the wrong thing in every one of its fields, or in every field of each of its items."""
    if isinstance(block, blocks.ListBlock):
        return [{"type": "item", "value": holding(block.child_block, wrong), "id": "i"}, wrong]
    if isinstance(block, blocks.StreamBlock):
        return [{"type": n, "value": holding(b, wrong), "id": n} for n, b in block.child_blocks.items()]
    if isinstance(block, blocks.StructBlock):
        return {name: holding(child, wrong) for name, child in block.child_blocks.items()}
    return wrong


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_what_a_block_cannot_read_counts_as_left_out(wrong):
    program = make_program(ends_at=timezone.now() + timedelta(days=9))
    looks = {name: LOOKERS[name](program) for name in ("visitor", "referrer", "editor")}
    for name, (who, look) in product(NAMES, looks.items()):
        block = ReferralStreamBlock().child_blocks[name]
        flat = dict.fromkeys(block.child_blocks, wrong)
        for value in (flat, holding(block, wrong)):
            html = show(name, {**value, "program": program.pk}, **look)
            assert html.count("<section") == html.count("</section>"), (name, who)
            assert "None<" not in html and "[None]" not in html and "{&#x27;" not in html, (name, who)


@pytest.mark.parametrize("value", [None, "x", 7, True, ["x"], {"gone": 1}], ids=repr)
def test_a_block_that_holds_nothing_it_knows_is_a_fresh_one(value):
    for name in NAMES:
        block = ReferralStreamBlock().child_blocks[name]
        stream = ReferralStreamBlock().to_python([{"type": name, "value": value, "id": "one"}])
        fresh = block.get_default()
        assert stream[0].value.keys() == fresh.keys(), name
        plain = [n for n, child in block.child_blocks.items() if isinstance(child, blocks.FieldBlock)]
        assert {n: stream[0].value[n] for n in plain} == {n: fresh[n] for n in plain}, name


@pytest.mark.parametrize("chosen", ["x", ["x"], {"a": 1}, True, 987654])
def test_a_programme_that_cannot_be_read_is_not_replaced_by_the_only_one(chosen):
    make_program()
    assert show("join_form", {"program": chosen}).endswith('"></div>')
    assert "was deleted, or belongs to another site" in show("join_form", {"program": chosen}, **editor(None))


def test_a_programmes_number_may_be_text():
    program = make_program()
    make_program(slug="other")
    assert "<form" in show("join_form", {"program": str(program.pk)})


def test_a_choice_of_another_version_is_the_fresh_blocks():
    make_program()
    assert 'href="#friend-form"' in show("cta_bar", {"action_aim": "of_another_version"})
    assert "rb-hero--friend" in show("hero", {"speaks_to": "of_another_version"})


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        ([{"type": "steps", "value": {}}, {"type": "of_another_version", "value": {}}], ["steps"]),
        ([{"type": "steps"}, {"value": {}}, {"type": 7, "value": 1}, None, "x"], []),
        ({"type": "steps", "value": {}}, []),
        (7, []), ("no JSON", []), ("null", []), ("7", []), ("", []), (None, []),
    ],
)  # fmt: skip
def test_a_stream_keeps_what_can_be_a_block(stored, names):
    field = ReferralStreamField(blank=True)
    for given in (stored, stored if isinstance(stored, str) else json.dumps(stored)):
        assert [child.block_type for child in field.to_python(given)] == names


@pytest.mark.parametrize("wrong", [None, "x", 7, ["x"], {"gone": 1}], ids=repr)
def test_a_page_of_another_version_is_served_previewed_and_edited(client, admin_client, wrong):
    """Given a live page whose body was written by hand, then visitors and editors can open it."""
    page = make_landing_page(make_program())
    block_types = ReferralStreamBlock().child_blocks
    pieces = [
        *({"type": name, "value": holding(block, wrong), "id": name} for name, block in block_types.items()),
        {"type": "of_another_version", "value": wrong, "id": "gone"},
        {"type": "faq"},
    ]
    LandingPage.objects.filter(pk=page.pk).update(body=json.dumps(pieces))
    assert client.get(page.url).status_code == 200
    assert admin_client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
    assert LandingPage.objects.get().make_preview_request(preview_mode="referrer").status_code == 200
