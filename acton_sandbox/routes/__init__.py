"""The API's endpoints, one module per family.

A further family is a module with a `ROUTES` list, named in `FAMILIES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import compile_path

from acton_sandbox.answers import Call, unrouted
from acton_sandbox.routes import (
    account,
    all_contacts,
    audience_center,
    content,
    custom_objects,
    facts,
    lists,
    marketing,
    media,
    message_pages,
    message_reports,
    messages,
    subscriptions,
    system_lists,
    uploads,
    web,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from acton_sandbox.answers import Answer
    from acton_sandbox.view import View

FAMILIES = (
    account,
    content,
    media,
    web,
    messages,
    message_reports,
    message_pages,
    marketing,
    uploads,
    lists,
    facts,
    system_lists,
    subscriptions,
    audience_center,
    all_contacts,
    custom_objects,
)


class Router:
    """Finds the endpoint of a path. A literal path goes before one with ids in it."""

    def __init__(self) -> None:
        self._literal: dict[tuple[str, str], Callable[[Call], Answer]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Callable[[Call], Answer]]] = []
        for family in FAMILIES:
            for route in family.ROUTES:
                if "{" in route.path:
                    pattern = compile_path(route.path)[0]
                    self._patterns.append((route.method, pattern, route.handle))
                else:
                    self._literal[route.method, route.path] = route.handle

    def answer(
        self, view: View, path: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Answer a call for data; one with a body is a POST."""
        method = "GET" if body is None else "POST"
        handle = self._literal.get((method, path))
        if handle is not None:
            return handle(Call(view, {}, query, body or b""))
        for taken, pattern, handle in self._patterns:
            found = pattern.match(path) if taken == method else None
            if found:
                return handle(Call(view, found.groupdict(), query, body or b""))
        return unrouted()
