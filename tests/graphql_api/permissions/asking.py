"""What the fields that take arguments are asked for in the made-up world, and the ids that stand for its rows."""

from __future__ import annotations

import re

from django.db.models import Model
from strawberry.relay.utils import to_base64

from graphql_api.schema import schema
from referral_blocks.referrers.models import Referrer
from tests.graphql_api.permissions.callers import LISTED, SELF, Caller
from tests.graphql_api.permissions.markers import INSIDE, MODELS, OWNER
from tests.graphql_api.permissions.world import Story, World

# Rows that everybody may know. Others are their owner’s (graphql_api/signed_in.py), or are read as their table’s texts.
EVERYBODYS = {"Program", "Group", "Page"}
ID = re.compile(r'"([A-Za-z0-9+/]{8,}={0,2})"')


def gid(kind: str, row: Model) -> str:
    return to_base64(kind, getattr(row, "public_id", row.pk))


def arguments(world: World, story: Story) -> dict[str, str]:
    """For everybody who asks the site of this story: its own rows."""
    return {
        "Server.programActivity": f'(program: "neighbours", after: "{world.start}")',
        "Subscription.programActivity": f'(program: "neighbours", after: "{world.start}")',
        "Subscription.viewerStanding": f'(after: "{world.start}")',
        "Referrer.activity": f'(after: "{world.start}")',
        "Query.page": '(path: "/all/")',
        "Query.program": '(slug: "neighbours")',
        "Query.leaderboard": '(program: "neighbours")',
        "Query.validateCode": f'(program: "neighbours", code: "{story.code}")',
        "Query.group": f'(id: "{gid("Group", story.rows["group"])}")',
        "Query.node": f'(id: "{gid("Program", story.program)}")',
        "Query.nodes": f'(ids: ["{gid("Program", story.program)}"])',
        "Server.sale": f'(program: "neighbours", externalId: "{story.referrals[0].sales.get().external_id}")',
        "Server.saleImport": f'(id: "{gid("SaleImport", story.rows["import"])}")',
        "Server.payoutRun": f'(id: "{gid("PayoutRun", story.rows["run"])}")',
        "Server.statistics": '(program: "neighbours")',
        "Image.rendition": "(size: WIDTH_480, format: JPEG)",
    }


def node_models() -> dict[str, type[Model]]:
    """Types that have global ids → their tables."""
    found = {}
    for name, kind in schema._schema.type_map.items():
        definition = getattr(schema.schema_converter.type_map.get(name), "definition", None)
        origin = getattr(definition, "origin", None)
        django = getattr(origin, "__strawberry_django_definition__", None)
        if django is not None and any(face.name == "Node" for face in getattr(kind, "interfaces", ())):
            found[name] = django.model
    return found


def ids_of(world: World) -> dict[str, tuple[str, str]]:
    """Every global id of the world’s rows → whose it is, and who may read it."""
    found = {}
    for name, model in node_models().items():
        if name in EVERYBODYS:
            continue
        own = _is_own(name)
        what = OWNER if own else LISTED if name == "ProgramRecord" else _concept(model)
        for row in model._base_manager.all():
            found[gid(name, row)] = (world.owner_of(row), what)
    for referrer in Referrer._base_manager.all():
        found[gid("Referrer", referrer)] = (world.owner_of(referrer), SELF)
    return found


def public_ids(world: World) -> dict[str, str]:
    """Ids of what everybody may know → the site that tells them."""
    found = {}
    for story in world.stories:
        site = "far" if story is world.far else "site"
        found |= {gid("Program", story.program): site, gid("Group", story.rows["group"]): site}
    for name, page in world.pages.items():
        found[to_base64("Page", page.pk)] = name
    return found


def _is_own(name: str) -> bool:
    """Of a type that only its referrer sees (graphql_api/signed_in.py)."""
    origin = schema.schema_converter.type_map[name].definition.origin  # type: ignore[union-attr]
    return any(base.__name__ == "Own" for base in origin.__mro__)


def _concept(model: type[Model]) -> str:
    by_hand = {"Referrer": "ref", "ReferralLink": "ref", "PayoutItem": "pay"}
    return by_hand.get(model.__name__) or MODELS.get(model.__name__, INSIDE)


def foreign_ids(known: dict[str, tuple[str, str]], caller: Caller, text: str) -> set[str]:
    """Ids in an answer that this caller may not know."""
    shown = {found for found in ID.findall(text) if found in known}
    return {f"{found} of {known[found]}" for found in shown if not caller.may_know(*known[found])}
