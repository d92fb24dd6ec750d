"""No field is forgotten: each column of text is planted or has its reason, and each kind of hole is seen."""

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.create_link import create_link
from referral_blocks.programs.models import Program
from tests.make import make_link, make_program
from tests.security import payloads
from tests.security.world import CHANGE_WORDS, KEPT_OUT, make_world, own_models, plant, plantable


@pytest.mark.django_db
@pytest.mark.parametrize("texts", payloads.ROUNDS.values(), ids=payloads.ROUNDS)
def test_every_column_that_people_can_fill_is_planted(texts):
    make_world()
    all_of_them = {f"{m.__name__}.{f.name}" for m in own_models() for f in plantable(m)}
    assert all_of_them - plant(texts) == {"HomePage.body"} & all_of_them
    assert len(all_of_them) > 60


def test_every_reason_is_of_a_column_that_there_is():
    texts = (models.CharField, models.TextField, models.JSONField)
    there = {
        f"{m.__name__}.{f.name}" for m in own_models() for f in m._meta.concrete_fields
        if isinstance(f, texts) and not f.choices
    }  # fmt: skip
    assert set(KEPT_OUT) - there == set()
    assert {n for n in there if n.split(".")[0].endswith("Change") and n.split(".")[1] in CHANGE_WORDS} >= {
        "ProgramChange.reason"
    }


@pytest.mark.parametrize("text", [*payloads.MARKUP, *payloads.CODE])
def test_a_slug_refuses_them(text):
    with pytest.raises(ValidationError):
        Program._meta.get_field("slug").clean(text, None)


@pytest.mark.django_db
@pytest.mark.parametrize("text", [*payloads.MARKUP, *payloads.CODE, "A\r\nB", 'A"B', "A\u202eB"])
def test_a_code_refuses_them(text):
    referrer = make_link(make_program()).referrer
    with pytest.raises(DomainError):
        create_link(referrer=referrer, code=text)
    assert referrer.links.count() == 1


@pytest.mark.parametrize("kind", payloads.proofs())
def test_the_reader_sees_each_kind_of_hole(reader, kind):
    found = reader(payloads.proofs()[kind])
    assert any(hole.startswith(kind) for hole in found), found
    assert reader('<p title="&quot;><xss-probe>">&lt;xss-probe&gt; javascript:__xss()</p>') == []
