"""Random faults between the tap and the sandbox, the same ones whenever the seed is.

What happens to a request is decided by the seed, its path and how often that has been asked,
so that it does not matter which of several threads comes first.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
)

from acton_sandbox import Fault
from acton_sandbox.faults import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from acton_sandbox import Sandbox

PROXY_PAGE = "<html><head><title>{0}</title></head><body>squid: {0}</body></html>"
THROTTLE = '{"httpCode": "429", "httpMessage": "Too Many Requests", "moreInformation": ""}'

MAY_BE_HTML = ("/api/1/page/*", "/api/1/message/*")
"""Paths whose good answer may be a page of HTML, so that another one cannot be told from it."""

ANSWERED: dict[str, Fault] = {
    "408": Fault("status", status=408),
    "429": Fault("status", status=429, body=THROTTLE),
    "429 for a while": Fault("status", status=429, body="", headers={"Retry-After": "20"}),
    "500": Fault("status", status=500),
    "502": Fault("status", status=502),
    "503": Fault("status", status=503),
    "503 without a body": Fault("status", status=503, body=""),
    "504": Fault("status", status=504),
    "407 of a proxy": Fault("status", status=407, body=PROXY_PAGE.format("Access denied")),
    "502 of a proxy": Fault("status", status=502, body=PROXY_PAGE.format("Bad Gateway")),
    "503 of a proxy": Fault("status", status=503, body=PROXY_PAGE.format("No server")),
    "200 of a proxy": Fault("html", body=PROXY_PAGE.format("Please log in")),
    "403 that throttles": Fault("status", status=403, body="Rate limit exceeded"),
    "400 that throttles": Fault(
        "status", status=400, body='{"error": "throttled", "error_description": "quota"}'
    ),
    "401": Fault("unauthorized"),
    "401 under 200": Fault("garbage", body='{"errorCode": 900904, "message": "Expired"}'),
    "revoked tokens": Fault("revoke"),
    "HTML": Fault("html"),
    "garbage": Fault("garbage"),
    "another shape": Fault("garbage", body='"surprise"'),
    "half of the JSON": Fault("garbage", body='{"result": [{"id": "1", "na'),
    "nothing": Fault("empty"),
    "stray braces": Fault("stray_braces"),
    "reset": Fault("reset"),
    "half an answer": Fault("truncated"),
    "slow answer": Fault("trickle", delay=0.001),
    "away for two minutes": Fault("away", duration=120),
    "away for ten minutes": Fault("away", duration=600),
}
"""What the sandbox does."""

UNANSWERED = ("refused", "connect timeout", "read timeout")
"""What happens before anything is sent, and an answer that comes too late."""

KINDS = (*ANSWERED, *UNANSWERED)
HARMLESS = {"stray braces", "slow answer"}
"""The kinds that nothing is repeated for."""

RARE = {"401", "401 under 200", "revoked tokens", "away for two minutes"}
"""The kinds of which a run bears few: each costs logins, or minutes of one retry_policy."""

ONCE = {"401", "401 under 200"}
"""The kinds that are met once a path: one that stays is a path that the user may not read."""

IN_FAMILY = re.compile(r"[^/]*\d[^/]*(?<!^/api/1)(?=/|$)")
"""The parts of a path that are ids."""

PATTERNS = ("*", "*", "/api/*", "/ucl/*", "/custom-objects/*", "/token", "*/report*", "*/list*")
STREAKS = (1, 1, 1, 2, 3, 6, 12, 10**6)


def may_meet(kind: str, path: str) -> bool:
    """Tell whether a path can be answered so without a good answer being mistaken.

    Args:
        kind: One of ``KINDS``.
        path: The path.

    Returns:
        Whether the fault can be told from a good answer.
    """
    is_page = kind in ANSWERED and ANSWERED[kind].kind == "html"
    return not (is_page and any(fnmatchcase(path, pattern) for pattern in MAY_BE_HTML))


class Disturbances:
    """Faults that all calls to a sandbox may meet."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self._lock = Lock()

    def choose(self, path: str, kinds: Collection[str]) -> str | None:
        """Decide what happens to a request.

        Args:
            path: Its path.
            kinds: The kinds that may happen now.

        Returns:
            The kind of fault, if it meets one.
        """
        raise NotImplementedError

    @contextmanager
    def of(self, sandbox: Sandbox) -> Iterator[None]:
        """Disturb all calls to a sandbox.

        Args:
            sandbox: The sandbox.

        Yields:
            Once.
        """
        send = HTTPAdapter.send

        def disturbed(
            adapter: HTTPAdapter, request: requests.PreparedRequest, **keywords: Any
        ) -> requests.Response:
            kind = self.chosen(urlsplit(str(request.url)).path, UNANSWERED)
            if kind is None:
                return send(adapter, request, **keywords)
            if kind == "read timeout":
                # Act-On has heard it, and its answer is lost.
                send(adapter, request, **keywords).close()
            raise _failure(kind, request)

        with (
            patch.object(HTTPAdapter, "send", disturbed),
            patch.object(sandbox, "faults", _Plan(self)),
        ):
            yield

    def chosen(self, path: str, kinds: Collection[str]) -> str | None:
        """Decide as :meth:`choose` does, one thread at a time, and count it."""
        with self._lock:
            kind = self.choose(path, kinds)
            if kind is not None:
                self.met[kind] += 1
            return kind


@dataclass(frozen=True)
class Rule:
    """A fault that some paths meet.

    Attributes:
        kind: One of ``KINDS``.
        pattern: Which paths may meet it.
        share: With which probability each of them does.
        streak: How many requests in a row.
    """

    kind: str
    pattern: str
    share: float
    streak: int

    def strikes(self, dice: random.Random, path: str, number: int) -> bool:
        """Tell whether a request meets the fault.

        Args:
            dice: Always the same for the same path.
            path: The path.
            number: How often it was asked before.
        """
        if not (fnmatchcase(path, self.pattern) and may_meet(self.kind, path)):
            return False
        if dice.random() >= self.share:
            return False
        first = dice.choice((0, 0, 1, 2))
        return first <= number < first + self.streak


class RandomFaults(Disturbances):
    """Faults that a seed makes up.

    Args:
        seed: Decides about everything.

    Attributes:
        rules: The faults, those that come first before the others.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self._asked: Counter[tuple[bool, str]] = Counter()
        dice = random.Random(seed)  # noqa: S311 - the same faults for the same seed
        self.rules = [
            Rule(
                dice.choice(KINDS),
                dice.choice(PATTERNS),
                dice.choice((0.01, 0.05, 0.3, 1.0)),
                dice.choice(STREAKS),
            )
            for _ in range(dice.choice((1, 2, 3, 5)))
        ]
        self.rules = [replace(rule, streak=1) if rule.kind in ONCE else rule for rule in self.rules]

    def choose(self, path: str, kinds: Collection[str]) -> str | None:
        """Decide by the seed, the path, and how often it has been asked."""
        place = kinds is UNANSWERED, path
        number = self._asked[place]
        self._asked[place] += 1
        for index, rule in enumerate(self.rules):
            dice = random.Random(f"{self._seed} {index} {path}")  # noqa: S311 - as above
            if rule.kind in kinds and rule.strikes(dice, path, number):
                return rule.kind
        return None


class SingleFaults(Disturbances):
    """A fault that certain requests meet once.

    Args:
        kind: The kind of fault.
        targets: Each the path of a request, and how often that was asked before in a run
            without faults.

    Attributes:
        left: The targets that have not been met yet.
    """

    def __init__(self, kind: str, targets: set[tuple[str, int]]) -> None:
        super().__init__()
        self.left = targets
        self._kind = kind
        self._asked: Counter[str] = Counter()

    @classmethod
    def among(cls, kind: str, paths: Sequence[str]) -> SingleFaults:
        """Choose the first, the middle and the last request of each family of paths.

        Args:
            kind: The kind of fault.
            paths: The paths of a run without faults, in their order.

        Returns:
            The faults; only two in all of a kind that is rare.
        """
        families: dict[str, list[tuple[str, int]]] = defaultdict(list)
        before: Counter[str] = Counter()
        for path in paths:
            if path != "/token" and may_meet(kind, path):
                family = "all" if kind in RARE else IN_FAMILY.sub("*", path)
                families[family].append((path, before[path]))
            before[path] += 1
        return cls(
            kind,
            {
                requests[place]
                for requests in families.values()
                for place in ((0, -1) if kind in RARE else (0, len(requests) // 2, -1))
            },
        )

    def choose(self, path: str, kinds: Collection[str]) -> str | None:
        """Decide by how often the path was asked, repetitions left out."""
        if self._kind not in kinds:
            return None
        target = path, self._asked[path]
        if target in self.left:
            self.left.remove(target)
            self._asked[path] += self._kind in HARMLESS
            return self._kind
        self._asked[path] += 1
        return None


class _Plan(FaultPlan):
    """Lets the disturbances decide in place of faults that were switched on."""

    def __init__(self, disturbances: Disturbances) -> None:
        super().__init__()
        self._disturbances = disturbances

    def choose(
        self, path: str, now: float = 0.0, query: Mapping[str, str] | None = None
    ) -> Fault | None:
        fault = super().choose(path, now, query)
        if fault is not None or (kind := self._disturbances.chosen(path, ANSWERED)) is None:
            return fault
        self.add(replace(ANSWERED[kind], path_pattern="*"))
        return super().choose(path, now, query)


def _failure(kind: str, request: requests.PreparedRequest) -> requests.RequestException:
    """Make the exception that ``requests`` raises where the network fails so."""
    url = str(request.url)
    pool = HTTPConnectionPool("127.0.0.1")
    if kind == "refused":
        reason = NewConnectionError(pool, "Connection refused")  # type: ignore[arg-type]
        return requests.ConnectionError(MaxRetryError(pool, url, reason), request=request)
    if kind == "connect timeout":
        late = ConnectTimeoutError(pool, "timed out")
        return requests.ConnectTimeout(MaxRetryError(pool, url, late), request=request)
    return requests.ReadTimeout(ReadTimeoutError(pool, url, "Read timed out."), request=request)
