"""Where a code leads, kept in the process, so that a visit through a known code is one statement.

Nothing here has to be forgotten in time: the INSERT itself asks the database whether everything that a route remembers
still holds, and writes nothing where it does not. See docs/adr/0008-a-visit-is-one-insert.md.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from django.db import connection
from django.utils import timezone

from referral_blocks.programs.models import Program, ProgramStatus

from .models import ReferralLink, Visit

SECONDS = 60  # how long what the INSERT cannot see may be old: a site that takes a host name over from another
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Route:
    """A code, its live landing page in one language, and all that its answer is made of."""

    code: str
    link_id: int
    program_id: int
    attribution: str
    visit_window_days: int
    landing_page_id: int  # of the programme
    page_id: int  # the same in the visitor's language
    page_path: str
    site_id: int
    site_hostname: str
    site_port: int
    address: str
    cookie: str


class Routes:
    """The routes that were used last, by request: at most ``most``, each for ``seconds``."""

    def __init__(self, *, most: int = MOST, seconds: float = SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Route]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...]) -> Route | None:
        with self._lock:
            until, route = self._kept.get(key, (0.0, None))
            if route is None or until <= time.monotonic():
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return route

    def keep(self, key: tuple[str, ...], route: Route) -> None:
        with self._lock:
            self._kept[key] = (time.monotonic() + self._seconds, route)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, key: tuple[str, ...]) -> None:
        with self._lock:
            self._kept.pop(key, None)


def add_visit_through(*, route: Route, ip_hash: str) -> Visit | None:
    """One human visit in one INSERT; None, and nothing written, when the route holds no more: the link is gone or has
    expired, the programme is not open, or its landing page, site or windows were changed."""
    now = timezone.now()
    visit = Visit(id=uuid.uuid4(), link_id=route.link_id, program_id=route.program_id, ip_hash=ip_hash, created_at=now)
    moment = connection.ops.adapt_datetimefield_value(now)
    given = [
        *(visit.id if connection.features.has_native_uuid_field else visit.id.hex,),
        *(route.link_id, route.program_id, ip_hash, moment),
        *(route.link_id, route.code, moment),
        *(route.program_id, ProgramStatus.LIVE.value, moment, moment),
        *(route.landing_page_id, route.attribution, route.visit_window_days, route.site_id),
        *(route.site_id, route.site_hostname, route.site_port),
        *(route.page_id, route.page_path),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(), given)
        return visit if cursor.rowcount == 1 else None


@cache
def _statement() -> str:
    """Four look-ups by primary key and one INSERT. No join: the planner would weigh the tables' orders each time."""
    link, program = _table(ReferralLink), _table(Program)
    page, site = (_table(Program._meta.get_field(name).related_model) for name in ("landing_page", "site"))
    # Only table names of this site's own models are put in; every value is a parameter.
    return f"""
        INSERT INTO {_table(Visit)} (id, link_id, program_id, ip_hash, created_at)
        SELECT %s, %s, %s, %s, %s
        WHERE 1 = (SELECT 1 FROM {link} WHERE id = %s AND code = %s AND (expires_at IS NULL OR expires_at > %s))
          AND 1 = (SELECT 1 FROM {program} WHERE id = %s AND status = %s
                   AND (starts_at IS NULL OR starts_at <= %s) AND (ends_at IS NULL OR ends_at > %s)
                   AND landing_page_id = %s AND attribution = %s AND visit_window_days = %s AND site_id = %s)
          AND 1 = (SELECT 1 FROM {site} WHERE id = %s AND hostname = %s AND port = %s)
          AND 1 = (SELECT 1 FROM {page} WHERE id = %s AND live AND url_path = %s)
    """  # noqa: S608


def _table(model: Any) -> str:
    return connection.ops.quote_name(model._meta.db_table)
