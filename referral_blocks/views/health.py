"""Whether the process lives, and whether the site can do its work."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from referral_blocks.core import heartbeat

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and a worker's heartbeat is younger than a minute; else 503 that names the part."""
    parts = {"database": _database()}
    parts["worker"] = _worker() if parts["database"] == "ok" else "unknown"
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "down", **parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("readyz: the database does not answer")
        return "down"
    return "ok"


def _worker() -> str:
    age = heartbeat.age()
    return "ok" if age is not None and age < heartbeat.MAX_AGE else "down"
