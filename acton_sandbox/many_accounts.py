"""Many accounts behind one API: the user who logs in decides the account, as at Act-On."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from secrets import token_urlsafe
from threading import Lock
from typing import TYPE_CHECKING, Any

from acton_sandbox.gateway import OWN_PREFIX, TOKEN_PATH, Gateway, body_of, form_in
from acton_sandbox.host import Host
from acton_sandbox.oauth import Credentials, user_of
from acton_sandbox.pages import ACCOUNTS_PATH, own_pages, pages_of_accounts
from acton_sandbox.service import Service
from acton_sandbox.truth import counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from acton_sandbox.account import Account


class ManyAccounts(Host):
    """Accounts that listen on one socket, each with limits, faults and a journal of its own.

    The users are `user-001@example.com` and so on, all with the same client and password. An
    account is generated when its user first logs in.

    Args:
        number: How many accounts there are.
        generate: Makes the account of a number, the first being 1; its id and its user are set
            here.
        credentials: The client and the password.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        **kwargs: What else each `Service` takes.

    Attributes:
        users: The users, one for each account.
        credentials: Those of the first account.
    """

    def __init__(
        self,
        number: int,
        generate: Callable[[int], Account],
        *,
        credentials: Credentials | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(host, port)
        self.users = [f"user-{place:03}@example.com" for place in range(1, number + 1)]
        self.credentials = replace(credentials or Credentials(), username=self.users[0])
        self._numbers = {user: place for place, user in enumerate(self.users, 1)}
        self._generate = generate
        self._kwargs = kwargs
        self._services: dict[str, Service] = {}
        self._lock = Lock()

    def service(self, user: str) -> Service:
        """Return the account of a user, generated on first use.

        Raises:
            KeyError: There is no such user.
        """
        number = self._numbers[user]
        with self._lock:
            if user not in self._services:
                account = self._generate(number)
                account = replace(
                    account, account_id=account.account_id + number - 1, user_email=user
                )
                known = replace(self.credentials, username=user)
                # Counting works everything out, so that the first answers are as fast as others.
                counts_of(account)
                self._services[user] = Service(account, credentials=known, **self._kwargs)
            return self._services[user]

    def counts(self) -> list[dict[str, Any]]:
        """Return what each account has seen: its calls, the logins among them, and its answers."""
        return [_counts(user, self._services.get(user)) for user in self.users]

    def _application(self, hosts: Sequence[str]) -> ASGIApp:
        return _Accounts(self, hosts)


def _counts(user: str, service: Service | None) -> dict[str, Any]:
    seen = service.requests.snapshot() if service else []
    return {
        "user": user,
        "account_id": service.account.account_id if service else None,
        "calls": len(seen),
        "logins": sum(request.path == TOKEN_PATH for request in seen),
        "statuses": Counter(str(request.status) for request in seen),
    }


class _Accounts:
    """Hands each request to the account whose user it names.

    Args:
        accounts: The accounts.
        hosts: The names under which the own pages may be called.
    """

    def __init__(self, accounts: ManyAccounts, hosts: Sequence[str]) -> None:
        self._accounts = accounts
        self._hosts = hosts
        self._own_pages = pages_of_accounts(accounts.counts, hosts)
        self._gateways: dict[str, Gateway] = {}
        # Refuses whatever names no user: nobody can know its password.
        nobody = Credentials(username="", password=token_urlsafe())
        self._nobody = Gateway(Service(credentials=nobody), self._own_pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        path: str = scope["path"]
        if path.startswith(f"{ACCOUNTS_PATH}/"):
            user, _, control = path.removeprefix(f"{ACCOUNTS_PATH}/").partition("/")
            if user in self._accounts.users:
                scope = {**scope, "path": f"{OWN_PREFIX}{control}"}
        elif path == "/" or path.startswith(OWN_PREFIX):
            user = ""
        elif path == TOKEN_PATH:
            body = await body_of(receive)
            receive = _received_again(body, receive)
            form = form_in(headers, body)
            user = form.get("username") or user_of(form.get("refresh_token", ""))
        else:
            authorization = headers.get(b"authorization", b"").decode("latin-1")
            user = user_of(authorization.partition(" ")[2].strip())
        await (await self._gateway(user))(scope, receive, send)

    async def _gateway(self, user: str) -> Gateway:
        if user not in self._accounts.users:
            return self._nobody
        if user not in self._gateways:
            # In a thread, so that the other accounts are answered in the meantime.
            service = await asyncio.to_thread(self._accounts.service, user)
            pages = own_pages(service, self._hosts)
            self._gateways.setdefault(user, Gateway(service, pages))
        return self._gateways[user]


def _received_again(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body that has been read, and then whatever comes after it."""
    events = iter([{"type": "http.request", "body": body}])

    async def again() -> Any:
        return next(events, None) or await receive()

    return again
