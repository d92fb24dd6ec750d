from datetime import UTC, datetime

import pytest
import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema, get_named_type, parse, validate
from strawberry.schema.config import StrawberryConfig
from wagtail import blocks
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Site

from graphql_api.pages import registry
from graphql_api.pages.generated import Block, block_type
from graphql_api.pages.registry import page_block, register_block, shape_of
from graphql_api.pages.seen import Seen
from graphql_api.scalars import SCALARS
from graphql_api.schema import schema
from graphql_api.stranger import Stranger
from referral_blocks.blocks.stream import ReferralStreamBlock, referral_blocks
from referral_blocks.groups.models import GroupOffer
from tests.graphql_api.ask import data
from tests.make import RULES, make_link, make_program
from tests.make_pages import make_landing_page

pytestmark = pytest.mark.django_db


def blocks_asked(client, fragments, **variables):
    query = '{ page(path: "/landing/") { blocks { ... on Block { blockName } HERE } } }'.replace("HERE", fragments)
    return data(client, query, variables or None)["page"]["blocks"]


def make_image():
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    return get_image_model().objects.create(title="Panes", file=get_test_image_file(size=(1600, 900)))


def picture(image):
    return {"image": image.pk, "decorative": False, "alt_text": "A gleaming pane"}


def stored(*pieces):
    return [{"type": name, "value": value, "id": str(number)} for number, (name, value) in enumerate(pieces)]


def page_of(program, *pieces, **fields):
    return make_landing_page(program, body=ReferralStreamBlock().to_python(stored(*pieces)), **fields)


def everything(kind, depth=0):
    """A selection of all fields of a type, deep enough for what is nested in a block."""
    parts = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            if inner.name not in ("Program", "Offer", "Leaderboard", "Image") and depth < 3:
                parts.append(f"{name} {{ {everything(inner, depth + 1)} }}")
            else:
                parts.append(f"{name} {{ __typename }}")
        else:
            parts.append(name)
    return " ".join(parts)


def all_of(kind):
    return f"... on {kind.name} {{ {everything(kind)} }}"


def union():
    return schema._schema.type_map["PageBlock"].types


def test_every_block_has_a_type_with_its_editors_fields():
    types = {kind.name: kind for kind in union()}
    assert set(types) == {"OtherBlock", *(type(block).__name__ for _name, block in referral_blocks())}
    for _name, block in referral_blocks():
        told = {"".join(part.title() if i else part for i, part in enumerate(n.split("_"))) for n in block.child_blocks}
        missing = told - set(types[type(block).__name__].fields)
        assert missing == ({"content"} if type(block).__name__ == "MembersOnlyBlock" else set())


def test_all_fields_of_all_blocks_can_be_asked_in_one_document():
    fragments = " ".join(all_of(kind) for kind in union())
    query = '{ page(path: "/") { blocks { HERE } } }'.replace("HERE", fragments)
    assert validate(build_schema(schema.as_str()), parse(query)) == []


def test_every_block_answers_with_its_defaults_and_without_a_programme(client):
    make_landing_page(None, body=[(name, block.get_default()) for name, block in referral_blocks()])
    for kind in union():
        shown = [b for b in blocks_asked(client, all_of(kind)) if len(b) > 1]
        assert len(shown) == (kind.name != "OtherBlock")
    assert len(blocks_asked(client, "")) == len(referral_blocks())


def test_a_hero_shows_its_words_its_offers_and_its_button(client):
    make_program()
    page = page_of(None, ("hero", {"heading": "Come in", "speaks_to": "referrer", "show_offer": True,
                                   "action_text": "Go", "action_aim": "friend_form"}))  # fmt: skip
    [hero] = blocks_asked(
        client,
        "... on HeroBlock { id heading speaksTo actionAim program { slug } isShown action { text url } "
        "offers { title side trigger earned } }",
    )
    assert hero == {
        "blockName": "hero",
        "id": f"{page.pk}:body:0",
        "heading": "Come in",
        "speaksTo": "REFERRER",
        "actionAim": "FRIEND_FORM",
        "program": {"slug": "neighbours"},
        "isShown": True,
        "action": {"text": "Go", "url": "#friend-form"},
        "offers": [
            {"title": "£20 gift", "side": "REFERRER", "trigger": "SALE", "earned": "with your friend’s first purchase"},
            {"title": "£10 off", "side": "FRIEND", "trigger": "SALE", "earned": "with your first purchase"},
        ],
    }


def test_blocks_show_what_is_true_now(client):
    rules = (
        *RULES,
        {"side": "referrer", "title": "Third", "amount_minor": 900, "friend_from": 3, "friend_to": 3},
        {"side": "referrer", "title": "Cup", "amount_minor": 900, "trigger": "period", "rank_to": 3},
        {"side": "friend", "title": "Group price", "amount_minor": 500, "trigger": "group"},
    )
    program = make_program(rules=rules, ends_at=datetime(2100, 1, 1, tzinfo=UTC))
    GroupOffer.objects.create(program=program, title="Three together", size=3, hours=72)
    typed = {"figure": "typed", "typed": "4.9 ★", "label": "rated", "least": 1}
    small = {"figure": "friends", "typed": "", "label": "friends", "least": 10}
    page_of(
        program,
        ("milestone", {}),
        ("group_deal", {}),
        ("leaderboard", {"places": 5, "show_prizes": True}),
        ("stat_row", {"stats": [typed, small]}),
        ("countdown", {"heading": "Soon"}),
        ("terms", {"collapsed": True}),
        ("friend_form", {"fields": [{"type": "company", "value": {"label": "", "required": True}, "id": "a"}]}),
    )
    shown = blocks_asked(
        client,
        """
        ... on MilestoneBlock { milestones { title friends { first last } } }
        ... on GroupDealBlock { groupOffers { title size hours } prizes { title } }
        ... on LeaderboardBlock { leaderboard { period places { rank } prizes { title places { first last } } } }
        ... on StatRowBlock { shown { figure label } }
        ... on CountdownBlock { endsAt isOver }
        ... on TermsBlock { collapsed terms { number text isInForce } }
        ... on FriendFormBlock { fields { kind label required helpText } }
        """,
    )
    assert [{k: v for k, v in b.items() if k != "blockName"} for b in shown] == [
        {
            "milestones": [
                {"title": "£20 gift", "friends": {"first": 1, "last": None}},
                {"title": "Third", "friends": {"first": 3, "last": 3}},
            ]
        },
        {"groupOffers": [{"title": "Three together", "size": 3, "hours": 72}], "prizes": [{"title": "Group price"}]},
        {
            "leaderboard": {
                "period": "MONTH",
                "places": [],
                "prizes": [{"title": "Cup", "places": {"first": 1, "last": 3}}],
            }
        },
        {"shown": [{"figure": "4.9 ★", "label": "rated"}]},
        {"endsAt": "2100-01-01T00:00:00+00:00", "isOver": False},
        {"collapsed": True, "terms": {"number": 1, "text": "Be kind.", "isInForce": True}},
        {"fields": [{"kind": "COMPANY", "label": "Company", "required": True, "helpText": ""}]},
    ]


def test_what_only_members_read_is_nowhere(client):
    program = make_program()
    secret = [{"type": "code", "value": {"label": "Yours", "code": "SECRET-CODE"}, "id": "c"}]
    page_of(program, ("members_only", {"heading": "Thanks", "locked_text": "Join us", "content": secret}))
    assert "content" not in schema._schema.type_map["MembersOnlyBlock"].fields
    assert not [name for name in schema._schema.type_map if name.startswith("MembersOnlyBlock") and "Content" in name]
    shown = blocks_asked(client, all_of(schema._schema.type_map["MembersOnlyBlock"]))
    assert shown[0]["lockedText"] == "Join us"
    assert "SECRET" not in str(shown)


def test_who_asks_with_a_visits_token_or_a_session_is_a_stranger_all_the_same(client):
    from referral_blocks.flows.record_visit import cookie_name
    from referral_blocks.referrals.attribution import visit_token
    from referral_blocks.referrers.session import make_session, session_cookie

    program = make_program()
    link = make_link(program)
    page_of(program, ("share_panel", {}), ("hero", {"action_text": "Join", "action_aim": "join_form"}))
    query = "... on HeroBlock { action { text url } }"
    before = blocks_asked(client, query)
    client.cookies[session_cookie(program)] = make_session(link.referrer, verified=True)
    client.cookies[cookie_name(program)] = visit_token(code=link.code, program_id=program.pk, visit=None)
    assert blocks_asked(client, query) == before
    assert before[1]["action"] == {"text": "Join", "url": "#join-form"}


def test_a_drafts_programme_is_not_told_of(client):
    program = make_program(status="draft")
    page_of(program, ("offer_cards", {}))
    query = "... on OfferCardsBlock { program { name } isShown offers { title } }"
    assert blocks_asked(client, query) == [
        {"blockName": "offer_cards", "program": None, "isShown": False, "offers": []}
    ]


def test_a_picture_comes_in_the_sizes_of_the_list_and_in_no_other(client):
    page_of(make_program(), ("hero", {"image": picture(make_image())}))
    query = """... on HeroBlock { image {
      alt
      a: rendition { url width height }
      b: rendition(size: SQUARE_128, format: JPEG) { width height }
    } }"""
    [hero] = blocks_asked(client, query)
    root = Site.objects.get().root_url
    assert hero["image"]["alt"] == "A gleaming pane"
    assert hero["image"]["a"]["url"].startswith(root + "/media/") and hero["image"]["a"]["url"].endswith(".webp")
    assert (hero["image"]["a"]["width"], hero["image"]["a"]["height"]) == (800, 450)
    assert hero["image"]["b"] == {"width": 128, "height": 128}
    sizes = schema._schema.type_map["ImageSize"].values
    assert sorted(sizes) == ["SQUARE_128", "WIDTH_1280", "WIDTH_480", "WIDTH_800"]


def test_a_picture_whose_file_is_gone_has_no_rendition(client):
    image = make_image()
    page_of(make_program(), ("hero", {"image": picture(image)}))
    image.file.storage.delete(image.file.name)
    [hero] = blocks_asked(client, "... on HeroBlock { image { rendition { url } } }")
    assert hero["image"] == {"rendition": None}


class GalleryBlock(blocks.StructBlock):
    title = blocks.CharBlock(label="Title", help_text="One line.")
    layout = blocks.ChoiceBlock(choices=[("wide", "Wide"), ("tall", "Tall")], label="Layout")


class ColumnsBlock(blocks.StructBlock):
    left = ReferralStreamBlock()
    note = blocks.CharBlock()


@pytest.fixture
def _own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_HOSTS", {})


@pytest.mark.usefixtures("_own_registry")
def test_a_hosts_block_gets_the_type_that_it_was_registered_with():
    register_block("gallery", block_type(GalleryBlock(), name="GalleryBlock"))
    seen = Seen(
        "1", "gallery", GalleryBlock(), {"title": "Panes", "layout": "tall"}, None, Stranger(Site.objects.get())
    )
    union = page_block()

    @strawberry.type
    class Query:
        @strawberry.field
        def blocks(self) -> list[union]:
            return [shape_of("gallery", seen.block).of(seen)]

    own = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
    result = own.execute_sync("{ blocks { ... on Block { id blockName } ... on GalleryBlock { title layout } } }")
    assert result.errors is None
    assert result.data["blocks"] == [{"id": "1", "blockName": "gallery", "title": "Panes", "layout": "TALL"}]
    assert '"""Title – One line."""' in own.as_str()


@pytest.mark.usefixtures("_own_registry")
def test_a_hosts_resolver_may_make_anything_of_what_is_seen():
    @strawberry.type
    class Plain(Block):
        text: str

    register_block("plain", Plain, lambda seen: Plain(seen=seen, text=seen.value.upper()))
    seen = Seen("1", "plain", blocks.CharBlock(), "hello", None, Stranger(Site.objects.get()))
    assert shape_of("plain", seen.block).of(seen).text == "HELLO"


def test_our_blocks_inside_a_hosts_columns_stand_in_the_pages_order():
    from graphql_api.pages.content import Sheaf

    stream = blocks.StreamBlock([("columns", ColumnsBlock()), ("quote", blocks.CharBlock())])
    value = stream.to_python(
        [
            {"type": "columns", "value": {"left": stored(("faq", {}), ("steps", {})), "note": "x"}, "id": "c"},
            {"type": "quote", "value": "hm", "id": "q"},
        ]
    )
    sheaf = Sheaf([], stranger=Stranger(Site.objects.get()))
    told = [t for child in value for t in sheaf._told(None, child.block_type, child.block, child.value, child.id)]
    assert [(type(one).__name__, one.seen.id) for one in told] == [
        ("FaqBlock", "c:0:0"),
        ("StepsBlock", "c:0:1"),
        ("OtherBlock", "q"),
    ]
