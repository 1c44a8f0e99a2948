"""The API's endpoints, one module per family.

A further family is a module with a `ROUTES` list, named in `FAMILIES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import compile_path

from acton_sandbox.answers import Call, unrouted
from acton_sandbox.routes import (
    account,
    content,
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
)


class Router:
    """Finds the endpoint of a path. A literal path goes before one with ids in it."""

    def __init__(self) -> None:
        self._literal: dict[str, Callable[[Call], Answer]] = {}
        self._patterns: list[tuple[re.Pattern[str], Callable[[Call], Answer]]] = []
        for family in FAMILIES:
            for route in family.ROUTES:
                if "{" in route.path:
                    self._patterns.append((compile_path(route.path)[0], route.handle))
                else:
                    self._literal[route.path] = route.handle

    def answer(self, view: View, path: str, query: Mapping[str, str]) -> Answer:
        """Answer a call for data."""
        handle = self._literal.get(path)
        if handle is not None:
            return handle(Call(view, {}, query))
        for pattern, handle in self._patterns:
            found = pattern.match(path)
            if found:
                return handle(Call(view, found.groupdict(), query))
        return unrouted()
