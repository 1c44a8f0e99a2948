"""The sandbox's own pages: the controls under `/_sandbox/` and the page at `/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from acton_sandbox.faults import Fault
from acton_sandbox.home import home_page
from acton_sandbox.truth import counts_of, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from acton_sandbox.service import Service

ACCOUNTS_PATH = "/_sandbox/accounts"
"""Where many accounts are listed; the controls of each are below it, under its user."""


def own_pages(service: Service, hosts: Sequence[str]) -> Starlette:
    """Return the application that shows and turns a service.

    A page of another origin in the same browser gets nowhere: it cannot read what it does not
    share, a name that it lets point here is not among the hosts, and what it sends has its origin.

    Args:
        service: The service.
        hosts: The names under which the pages may be called; ``*`` for any.
    """
    application = _guarded(_ROUTES, hosts)
    application.state.service = service
    return application


def pages_of_accounts(
    counts_of_each: Callable[[], list[dict[str, Any]]], hosts: Sequence[str]
) -> Starlette:
    """Return the application that shows what many accounts have seen, as guarded as the other."""

    async def counts(_: Request) -> Response:
        return JSONResponse(counts_of_each())

    async def home(_: Request) -> Response:
        return RedirectResponse(ACCOUNTS_PATH)

    return _guarded([Route("/", home), Route(ACCOUNTS_PATH, counts)], hosts)


def _guarded(routes: Sequence[Route], hosts: Sequence[str]) -> Starlette:
    return Starlette(
        routes=routes,
        exception_handlers={_RequestError: _refused},
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(_OwnOrigin),
        ],
    )


class _OwnOrigin:
    """Refuses what a page of another origin sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or urlsplit(origin).netloc == headers.get("host"):
            await self._app(scope, receive, send)
        else:
            await Response("the sandbox takes no orders from other pages\n", 403)(
                scope, receive, send
            )


class _RequestError(Exception):
    """The body of a request is not what the control takes."""


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _values(request: Request) -> dict[str, Any]:
    try:
        values = await request.json()
    except json.JSONDecodeError as error:
        raise _RequestError(error) from error
    if not isinstance(values, dict):
        raise _RequestError("send a JSON object")
    return values


def _done(request: Request, values: dict[str, Any]) -> Response:
    # The buttons of the home page come back to it.
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/", 303)
    return JSONResponse(values)


async def _home(request: Request) -> Response:
    return HTMLResponse(home_page(_service(request), str(request.base_url).rstrip("/")))


async def _state(request: Request) -> Response:
    service = _service(request)
    return JSONResponse(
        {
            "now": service.account.now.isoformat(),
            "edition": service.edition,
            "counts": counts_of(service.account),
            "limits": asdict(service.limits),
            "used": service.allowance_used,
            "faults": service.faults.state(),
        }
    )


async def _truth(request: Request) -> Response:
    return JSONResponse(truth_of(_service(request).account))


async def _requests(request: Request) -> Response:
    service = _service(request)
    if request.method == "DELETE":
        service.requests.clear()
    return JSONResponse([asdict(seen) for seen in service.requests])


async def _faults(request: Request) -> Response:
    faults = _service(request).faults
    if request.method == "DELETE":
        faults.clear()
    elif request.method == "POST":
        try:
            faults.add(Fault.of_mapping(await _values(request)))
        except (TypeError, ValueError) as error:
            raise _RequestError(error) from error
    return JSONResponse(faults.state())


async def _next_day(request: Request) -> Response:
    return _done(request, {"now": _service(request).next_day().now.isoformat()})


async def _revoke_tokens(request: Request) -> Response:
    _service(request).revoke_tokens()
    return _done(request, {"revoked": True})


async def _clock(request: Request) -> Response:
    clock = _service(request).clock
    seconds = (await _values(request)).get("seconds")
    if not isinstance(seconds, int | float):
        raise _RequestError('send {"seconds": a number}')
    clock.advance(seconds)
    return JSONResponse({"now": clock.now()})


async def _edition(request: Request) -> Response:
    service = _service(request)
    try:
        service.edition = (await _values(request)).get("edition", "")
    except ValueError as error:
        raise _RequestError(error) from error
    return JSONResponse({"edition": service.edition})


_ROUTES = [
    Route("/", _home),
    Route("/_sandbox/state", _state),
    Route("/_sandbox/truth", _truth),
    Route("/_sandbox/requests", _requests, methods=["GET", "DELETE"]),
    Route("/_sandbox/faults", _faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sandbox/next-day", _next_day, methods=["POST"]),
    Route("/_sandbox/revoke-tokens", _revoke_tokens, methods=["POST"]),
    Route("/_sandbox/clock", _clock, methods=["POST"]),
    Route("/_sandbox/edition", _edition, methods=["POST"]),
]
