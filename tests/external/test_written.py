"""What the fuzzer goes by would see a fault: a write that stays, and an answer that hides one."""

import importlib
import json
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.http import HttpResponse
from wagtail.models import Site

from referral_blocks.people.models import Person

from .written import HEADER, ToldWrites


def write():
    Person.objects.create(email="a@example.com", email_key="a@example.com", mailbox_key="a@example.com")


def write_and_take_back():
    with transaction.atomic():
        write()
        transaction.set_rollback(True)


def write_harmlessly_and_take_back():
    """As a refused call with a key: when it was used stays, and nothing else."""
    Site.objects.update(port=81)
    write_and_take_back()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("work", "told"),
    [
        (write, "referral_blocks_person"),
        (write_and_take_back, ""),
        (Person.objects.count, ""),
        (write_harmlessly_and_take_back, "wagtailcore_site"),
    ],
)
def test_only_what_stays_written_is_told(work, told):
    def answer(_request):
        work()
        return HttpResponse()

    assert ToldWrites(answer)(None)[HEADER] == told


@pytest.fixture
def hooks(monkeypatch, tmp_path):
    """The fuzzer's own module, counting into a file of this test."""
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"programs": ["p"], "codes": ["c"], "emails": ["e@x.y"], "paths": ["/"], "ids": ["i"]}))
    monkeypatch.setenv("FUZZ_WORLD", str(world))
    monkeypatch.setenv("FUZZ_TALLY", str(tmp_path / "tally"))
    module = importlib.import_module("tests.external.fuzz_hooks")
    monkeypatch.setattr(module, "TALLY", tmp_path / "tally")
    return module


REFUSED = {"data": {"joinProgram": {"errors": [{"code": "BLANK"}]}}}
FAULT = {"data": None, "errors": [{"message": "Sorry", "extensions": {"code": "INTERNAL"}}]}
TOLD = {"data": None, "errors": [{"message": "at views.py line 3", "extensions": {"code": "BAD_USER_INPUT"}}]}
DONE = {"data": {"joinProgram": {"errors": []}}}


@pytest.mark.parametrize(
    ("name", "answer", "written", "said"),
    [
        ("Mutation.joinProgram", (200, REFUSED), "referral_blocks_person", "refused, and written to"),
        ("Mutation.joinProgram", (500, DONE), "", "status 500"),
        ("Mutation.joinProgram", (200, FAULT), "", "nobody foresaw this"),
        ("Mutation.joinProgram", (200, TOLD), "", "an inside shows"),
        ("Query.program", (200, {"data": {"program": {}}}), "referral_blocks_person", "a query wrote"),
        ("Mutation.joinProgram", (200, REFUSED), "referral_blocks_apikey", ""),
        ("Mutation.joinProgram", (200, DONE), "referral_blocks_person", ""),
    ],
)
def test_the_fuzzer_complains_of_each_fault_and_of_nothing_else(hooks, name, answer, written, said):
    status, body = answer
    response = SimpleNamespace(status_code=status, json=lambda: body, headers={HEADER.lower(): [written]})
    case = SimpleNamespace(operation=SimpleNamespace(label=name))
    if said:
        with pytest.raises(AssertionError, match=said):
            hooks.nothing_gives_way(None, response, case)
    else:
        hooks.nothing_gives_way(None, response, case)
    assert len(hooks.TALLY.read_text().splitlines()) == 1
