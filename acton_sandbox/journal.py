"""The requests that the sandbox has seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request and how it was answered.

    Attributes:
        method: The HTTP method.
        path: The path, without the query.
        query: The query parameters; secrets that do not belong there are blotted out.
        status: The status answered, 0 if the connection was reset instead.
        at: Seconds since the epoch by the sandbox's clock, when the request came in.
        body: What was sent along, except to log in.
        client: Address and port of the other end, one per connection.
        fault: The kind of the fault that fired, if one did.
    """

    method: str
    path: str
    query: dict[str, str]
    status: int
    at: float
    client: str
    body: str = ""
    fault: str = ""


class Journal(Sequence[SeenRequest]):
    """The latest requests, oldest first; safe to read while the server writes."""

    def __init__(self) -> None:
        self._seen: deque[SeenRequest] = deque(maxlen=_KEPT)
        self._lock = Lock()

    def append(self, request: SeenRequest) -> None:
        """Add a request."""
        with self._lock:
            self._seen.append(request)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._seen.clear()

    def snapshot(self) -> list[SeenRequest]:
        """Return the requests as they are now."""
        with self._lock:
            return list(self._seen)

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[SeenRequest]:
        return iter(self.snapshot())

    @overload
    def __getitem__(self, index: int) -> SeenRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[SeenRequest]: ...
    def __getitem__(self, index: int | slice) -> SeenRequest | list[SeenRequest]:
        return self.snapshot()[index]

    def __repr__(self) -> str:
        # A failing assertion shows this.
        return f"Journal({self.snapshot()!r})"
