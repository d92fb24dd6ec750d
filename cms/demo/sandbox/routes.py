"""Which function answers a path, and under what name the request is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .wire import Answer, Request

Endpoint = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Found:
    """The template that fits, its endpoint, and what stands in the path."""

    template: str
    endpoint: Endpoint
    parts: dict[str, str]


class Routes:
    """Templates such as ``POST /v1/transfers/{id}`` and their endpoints; plain paths are looked up at once."""

    def __init__(self, routes: Iterable[tuple[str, Endpoint]]) -> None:
        self._plain: dict[str, Endpoint] = {}
        self._patterns: list[tuple[re.Pattern[str], str, Endpoint]] = []
        for template, endpoint in routes:
            if "{" in template:
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
                self._patterns.append((re.compile(pattern + r"\Z"), template, endpoint))
            else:
                self._plain[template] = endpoint

    def find(self, request: Request) -> Found | None:
        """What answers this request."""
        asked = f"{request.method} {request.path}"
        if endpoint := self._plain.get(asked):
            return Found(asked, endpoint, {})
        for pattern, template, endpoint in self._patterns:
            if match := pattern.match(asked):
                return Found(template, endpoint, match.groupdict())
        return None
