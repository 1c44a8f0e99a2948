"""The ASGI application: what happens to a request on its way to an endpoint and back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from acton_sandbox import transport
from acton_sandbox.answers import NOTHING, unauthorized, unrouted
from acton_sandbox.journal import SeenRequest
from acton_sandbox.repaging import PAGE_KINDS, Request, repaged
from acton_sandbox.spoiling import spoilt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from acton_sandbox.answers import Answer
    from acton_sandbox.faults import Fault
    from acton_sandbox.service import Service
    from acton_sandbox.view import View

OWN_PREFIX = "/_sandbox/"
TOKEN_PATH = "/token"  # noqa: S105 - a path
_SECRETS = frozenset({"password", "client_secret", "refresh_token", "access_token", "code"})
_FORM = "application/x-www-form-urlencoded"
_WITHOUT_ANSWER = frozenset({"reset", "away"})
_MOST_KEPT = 50_000
"""The most answers kept: a view never changes, so each is made once."""


class Gateway:
    """Checks allowance and token, finds the endpoint, applies faults, keeps the journal.

    Args:
        service: What answers.
        own_pages: Answers `/` and everything under `/_sandbox/`, which is never counted.
    """

    def __init__(self, service: Service, own_pages: ASGIApp) -> None:
        self._service = service
        self._own_pages = own_pages
        self._router = service.answers
        self._kept: tuple[View, dict[tuple[str, bytes], Answer]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/" or path.startswith(OWN_PREFIX):
            await self._own_pages(scope, receive, send)
            return
        service = self._service
        at = service.clock.now()
        body = await body_of(receive) if scope["method"] == "POST" else None
        query = _query(scope)
        fault = service.faults.choose(path, at, query)
        if fault is not None and fault.kind == "revoke":
            service.revoke_tokens()
        is_reset = fault is not None and fault.kind in _WITHOUT_ANSWER
        # A host that is away does nothing; what is reset otherwise has had its effect.
        is_away = fault is not None and fault.kind == "away"
        answer = NOTHING if is_away else self._answer(scope, body)
        if fault is not None:
            answer = self._spoilt(fault, scope, body, answer)
            if fault.kind != "trickle":
                await transport.wait(fault.delay, receive)
        service.requests.append(
            SeenRequest(
                method=scope["method"],
                path=path,
                body="" if body is None or path == TOKEN_PATH else body.decode("utf-8", "replace"),
                query={k: "***" if k in _SECRETS else v for k, v in query.items()},
                status=0 if is_reset else answer.status,
                at=at,
                client=":".join(map(str, scope["client"] or ())),
                fault=fault.kind if fault else "",
            )
        )
        if is_reset:
            await transport.reset(scope, receive)
        elif fault is not None and fault.kind == "truncated":
            await transport.send_half(answer, scope, receive, send)
        elif fault is not None and fault.kind == "trickle":
            await transport.send_slowly(answer, fault.delay, receive, send)
        else:
            await transport.send(answer, send)

    def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        service = self._service
        headers = dict(scope["headers"])
        if scope["path"] == TOKEN_PATH:
            form = form_in(headers, body or b"")
            refusal = service.refusal(form.get("grant_type", ""))
            if scope["method"] != "POST":
                return refusal or unrouted()
            return refusal or service.tokens.grant(form)
        refusal = service.refusal()
        if refusal is not None:
            return refusal
        if not service.tokens.accepts(headers.get(b"authorization", b"").decode("latin-1")):
            return unauthorized()
        if scope["method"] not in {"GET", "POST"}:
            return unrouted()
        return self._data(scope["path"], scope["query_string"], body)

    def _data(self, path: str, query: bytes, body: bytes | None) -> Answer:
        view = self._service.view
        if self._kept is None or self._kept[0] is not view:
            self._kept = (view, {})
        _, kept = self._kept
        answer = kept.get((path, query)) if body is None else None
        if answer is None:
            parsed = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
            answer = self._router.answer(view, path, parsed, body)
            if body is None:
                if len(kept) >= _MOST_KEPT:
                    kept.clear()
                kept[path, query] = answer
        return answer

    def _spoilt(self, fault: Fault, scope: Scope, body: bytes | None, answer: Answer) -> Answer:
        if fault.kind not in PAGE_KINDS or answer.status != 200:  # noqa: PLR2004
            return spoilt(fault, scope["path"], answer)
        call = self._service.faults.fired[scope["path"]]
        view, path, query = self._service.view, scope["path"], _query(scope)

        def ask(query: Mapping[str, str], body: bytes | None = None) -> Answer:
            return self._router.answer(view, path, query, body)

        return repaged(fault, Request(query, body, call, ask), answer)


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def form_in(headers: Mapping[bytes, bytes], body: bytes) -> dict[str, str]:
    """Return the form that a request sends; an empty one if it sends something else."""
    if not headers.get(b"content-type", b"").decode("latin-1").startswith(_FORM):
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


async def body_of(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)
