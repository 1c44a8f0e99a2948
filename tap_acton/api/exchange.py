"""One call and its answer, as they went over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer.

    It holds the values of the account, so it is only ever kept in memory.

    Attributes:
        stream: For which stream the call was made; empty for none.
        method: GET or POST.
        path: As it was requested: with the real ids, each escaped as one part of a path.
        parameters: Of the query, before they were escaped.
        body: What was sent as JSON; None for a GET.
        headers: Of the answer.
        content: The answer's body as received, but unpacked: in the charset of its
            ``Content-Type``.
    """

    stream: str
    method: str
    path: str
    parameters: Mapping[str, str | int]
    body: Any
    status: int
    headers: Mapping[str, str]
    content: bytes
