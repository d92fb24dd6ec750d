"""Those who ask: what each sends to show who they are, and which marked texts they may be shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client

from graphql_api.stream.asking import open_stream
from referral_blocks.access.models import Scope
from tests.graphql_api.ask import JSON, URL, bearer_of, show_cookie
from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.markers import ADDRESS, OWNER, PUBLIC, SCOPES, TITLE
from tests.graphql_api.permissions.world import FAR_HOST, World

SITE = frozenset({"own", "ownkin", "peer", "peerkin", "next", "nextkin", "site"})  # kin: their friends
CODE = "code"  # ZZ-OWN-CODE-1: a link’s code
LISTED = "programs"  # the id of a programme in the list of systems and staff
SELF = "self"  # the id of whoever asks, also while they have only typed their address
# What a key is told of what it has just done, without a scope for reading.
TOLD = {
    Scope.SALES_WRITE: {"sal", TITLE}, Scope.REWARDS_WRITE: {TITLE}, Scope.PAYOUTS_WRITE: {"pay"},
    Scope.WEBHOOKS_WRITE: {"hook"}, Scope.HANDOVERS_WRITE: {"pay"},
}  # fmt: skip
# The ids in it, to go on with; the row behind one is read with a scope for reading alone.
TOLD_IDS = {
    Scope.SALES_WRITE: {"rew"}, Scope.REWARDS_WRITE: {"rew"},
    Scope.REVIEWS_WRITE: {"ref"}, Scope.REFERRALS_WRITE: {"ref"},
}  # fmt: skip
# Without one, a request is no visit.
AGENT = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass
class Caller:
    """``kind`` is the column in rules.txt; ``scopes`` are a key’s, ``rights`` are those of staff."""

    name: str
    kind: str
    client: Client
    headers: dict[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()
    site: frozenset[str] = SITE
    who: str = ""

    def post(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        body = json.dumps({"query": query, "variables": variables or {}})
        return self.client.post(URL, body, content_type=JSON, headers={**AGENT, **self.headers, **headers})

    def stream(self, query: str, *, method: str = "POST") -> tuple[str, dict[str, Any]]:
        """The whole first answer to a subscription, and its body, as the ASGI process would send it."""
        body = json.dumps({"query": query}).encode()
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.client.cookies.items())
        headers = {"Host": "localhost", **AGENT, "Accept": "text/event-stream", "Content-Type": JSON, **self.headers}
        scope = {
            "type": "http", "method": method, "path": f"{URL}stream/", "scheme": "http", "server": ("localhost", 80),
            "query_string": urlencode({"query": query}).encode() if method == "GET" else b"",
            "headers": [(n.lower().encode(), v.encode()) for n, v in {**headers, "Cookie": cookies}.items() if v],
        }  # fmt: skip
        opened = open_stream(scope, body if method == "POST" else b"")
        if isinstance(opened, HttpResponse):
            return opened.content.decode(), json.loads(opened.content)
        text = opened.first.frame.decode()
        return f"{text} {opened.headers}", json.loads(text.partition("data: ")[2])

    def outcome(self, rule: table.Rule) -> str:
        """What this caller gets where the rule holds."""
        if rule.scope and self.kind == "key":
            return "value" if rule.scope in self.scopes else "FORBIDDEN"
        if rule.rights and self.kind == "staff":
            return "value" if rule.rights <= self.rights else "FORBIDDEN"
        return table.rules()["scope" if rule.scope else rule.name][self.kind]

    def may_see(self, who: str, what: str, *, told: bool = True) -> bool:
        """Whether a text of ``who``’s that is marked ``what`` may be in an answer to this caller; ``told``: also in one
        to what they have just done."""
        if what == PUBLIC:
            return who == ("site" if self.site is SITE else "far")
        if self.kind in ("own", "peer", "next") or self.who:
            return who == self.who and what in (TITLE, ADDRESS, OWNER, CODE, SELF)
        if self.kind == "typed":
            return who == "own" and what in (CODE, SELF)
        return who in self.site and what in self._readable(told=told)

    def may_know(self, who: str, what: str) -> bool:
        """Whether the id of a row may be: who follows what happens is told ids of everything on the site."""
        follows = "activity:read" in self.scopes or (
            self.kind == "staff" and self.rights >= set(table.RIGHTS["activity:read"].split())
        )
        ids = {one for scope in self._allowed() for one in TOLD_IDS.get(scope, ())}
        return self.may_see(who, what) or (who in self.site and (follows or what in ids))

    def _allowed(self) -> frozenset[str]:
        if self.kind == "staff":
            return frozenset(s for s, rights in table.RIGHTS.items() if set(rights.split()) <= self.rights)
        return self.scopes

    def _readable(self, *, told: bool) -> set[str]:
        scopes = self._allowed()
        found = {what for what, scope in SCOPES.items() if scope in scopes}
        found |= {CODE} if Scope.REFERRALS_READ in scopes else set()
        found |= {LISTED} if self.kind == "key" or "view_program" in self.rights else set()
        return found.union(*(what for scope, what in TOLD.items() if told and scope in scopes))


def client() -> Client:
    return Client(enforce_csrf_checks=True)


def referrers(world: World) -> list[Caller]:
    """Those without a key: from nobody to a referrer of another site."""
    typed = client()
    show_cookie(typed, world.own.referrer, verified=False, code=world.own.link.code)
    found = [Caller("nobody", "nobody", client()), Caller("typed", "typed", typed, {"Sec-Fetch-Site": "same-origin"})]
    for story in (world.own, world.peer, world.next):
        bearer = {"Authorization": f"Bearer {bearer_of(story.referrer)}"}
        found.append(Caller(story.who, story.who, client(), bearer, who=story.who))
    far = {"Authorization": f"Bearer {bearer_of(world.far.referrer)}"}
    found.append(Caller("stray", "stray", client(), far))
    return found


def at_far_site(world: World) -> list[Caller]:
    """The other site’s referrer and key, where they belong."""
    bearer = {"Authorization": f"Bearer {bearer_of(world.far.referrer)}", "Host": FAR_HOST}
    far = frozenset({"far", "farkin"})
    return [
        Caller("far", "own", client(), bearer, site=far, who="far"),
        Caller(
            "far key", "key", client(), {"Authorization": f"Bearer {world.keys['far']}", "Host": FAR_HOST},
            scopes=frozenset(Scope.values), site=far,
        ),
    ]  # fmt: skip


def keys(world: World) -> list[Caller]:
    """A key with every scope, one without each, one with each alone, and one of another site."""
    found = [Caller("far-key", "far-key", client(), {"Authorization": f"Bearer {world.keys['far']}"})]
    for name, text in world.keys.items():
        if name == "far":
            continue
        scopes = frozenset(world.key_rows[name].scopes)
        bearer = {"Authorization": f"Bearer {text}"}
        found.append(Caller(f"key {name}", "key", client(), bearer, scopes=scopes))
    return found


def field_rights() -> set[str]:
    """Every right that the table names for a field."""
    return {right for line in table.types().values() for rule in line.rules.values() for right in rule.rights}


def mutation_rights() -> set[str]:
    return {right for rule, _fields in table.mutations().values() for right in rule.rights}


def staff(without: Iterable[str] = ()) -> list[Caller]:
    """Staff with every right, with none, and with all but one of ``without``; and a cookie without its token."""
    every = field_rights() | mutation_rights()
    given = {"all": every, "none": set()} | {f"-{right}": every - {right} for right in sorted(without)}
    found = []
    for name, rights in given.items():
        user = get_user_model().objects.create_user(f"staff {name}")
        user.user_permissions.set(Permission.objects.filter(codename__in={"access_admin", *rights}))
        assert user.user_permissions.count() == len(rights) + 1
        signed_in = client()
        signed_in.force_login(user)
        signed_in.get(URL, headers={"Accept": "text/html"})  # GraphiQL’s page sets the CSRF cookie, as the admin’s do
        token = {"X-CSRFToken": signed_in.cookies["csrftoken"].value, "Sec-Fetch-Site": "same-origin"}
        found.append(Caller(f"staff {name}", "staff", signed_in, token, rights=frozenset(rights)))
        if name == "all":
            found.append(Caller("forged", "forged", signed_in, {"Sec-Fetch-Site": "same-origin"}))
    return found
