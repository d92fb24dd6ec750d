"""The how-to does what it says."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from graphql import parse, validate
from wagtail.models import Site

from graphql_api.pages import registry
from graphql_api.pages.seen import Seen
from graphql_api.schema import schema
from graphql_api.stranger import Stranger
from tests.graphql_api.ask import data
from tests.make import make_program
from tests.make_pages import make_landing_page

pytestmark = pytest.mark.django_db
HOW_TO = (Path(__file__).parents[3] / "docs/how-to/show-pages-in-your-own-front-end.md").read_text()


def test_the_query_is_valid_and_answers(client):
    make_landing_page(make_program())
    query = re.search(r"```graphql\n(.*?)```", HOW_TO, re.DOTALL).group(1)
    assert validate(schema._schema, parse(query)) == []
    blocks = data(client, query, {"path": "/landing/"})["page"]["blocks"]
    assert [block["__typename"] for block in blocks] == ["HeroBlock", "StepsBlock", "FriendFormBlock", "TermsBlock"]


def test_the_hosts_blocks_are_registered_as_written(monkeypatch):
    monkeypatch.setattr(registry, "_HOSTS", {})
    source = re.search(r"# gallery/graphql\.py\n(.*?)```", HOW_TO, re.DOTALL).group(1)
    module = ModuleType("gallery_graphql")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, "gallery/graphql.py", "exec"), module.__dict__)
    stranger = Stranger(Site.objects.get())
    seen = Seen("1", "article", module.blocks.RichTextBlock(), "<p>Hello</p>", None, stranger)
    assert registry.shape_of("article", seen.block).of(seen).html == "<p>Hello</p>"
    assert registry.shape_of("gallery", module.GalleryBlock()).type.__name__ == "GalleryBlock"
