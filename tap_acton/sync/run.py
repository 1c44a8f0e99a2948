"""What one run shares: settings, client, counts, and whatever several streams need.

Creating a run makes no call and opens no file; its first call does.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from tap_acton.api.auth import Credentials, TokenChain
from tap_acton.api.client import ActOnClient
from tap_acton.api.rate_limits import RateLimits
from tap_acton.api.transport import RetryPolicy, connections_of, new_session, without_netrc
from tap_acton.stores.opening import open_stores
from tap_acton.sync.account import Account
from tap_acton.sync.stop import StopSignal
from tap_acton.sync.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, tzinfo

    import requests

    from tap_acton.api.exchange import Exchange
    from tap_acton.errors import ActOnError
    from tap_acton.settings.settings import Settings
    from tap_acton.stores.opening import Stores

Shared = TypeVar("Shared")

LOGIN_PATH = "/token"

HASTY_SECONDS = 5.0
"""How long discovery waits for a response."""


class Run:
    """One run of the tap.

    Args:
        settings: Relative dates in them are resolved for this run.
        started_at: When the run began.
        retry_policy: How long to wait for Act-On; by default what the settings say.
        stop: What ends the run, if that ends another run too.
        recorder: Gets every answer that arrives whole; without one, nothing is kept.

    Attributes:
        summary: What the run counts.
        id: What tells this run from all others.
        is_foreseeing: Whether what streams decide now is only for a forecast, and counts later.
    """

    def __init__(
        self,
        settings: Settings,
        started_at: datetime,
        *,
        retry_policy: RetryPolicy | None = None,
        stop: StopSignal | None = None,
        recorder: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.settings = settings
        self.started_at = started_at
        self.stop = stop or StopSignal()
        self._retry_policy = retry_policy or RetryPolicy(
            settings.request_timeout, settings.max_retries
        )
        self._recorder = recorder
        self.summary = RunSummary()
        self.id = uuid4().hex
        self.is_foreseeing = False
        self._open = ExitStack()
        self._logged: set[ActOnError] = set()
        self._shared: dict[Callable[[Run], Any], Any] = {}
        self._lock = threading.RLock()

    @cached_property
    def client(self) -> ActOnClient:
        """The client; its stores are opened on first use."""
        settings, policy = self.settings, self._retry_policy
        # What is read again is read while the next calls are under way.
        session = new_session(settings.user_agent, connections=2 * settings.max_concurrency)
        self._open.callback(session.close)
        self.stop.at_request(connections_of(session).abort)
        # A stop does not break a login: its response may bring the only token that still works.
        logins = new_session(settings.user_agent, connections=1)
        self._open.callback(logins.close)

        def post(form: Mapping[str, str]) -> requests.Response:
            self.summary.count_login()
            response = logins.post(
                f"{settings.base_url}{LOGIN_PATH}",
                data=form,
                auth=without_netrc,
                timeout=policy.timeouts,
                allow_redirects=False,
                stream=True,
            )
            self.summary.count_response("logins", LOGIN_PATH, response.status_code)
            return response

        tokens = TokenChain(
            credentials=self._credentials,
            store=self._stores.tokens,
            limits=self._limits,
            post=post,
            host=urlsplit(settings.base_url).netloc,
            retry_policy=policy,
        )
        return ActOnClient(
            base_url=settings.base_url,
            session=session,
            tokens=tokens,
            limits=self._limits,
            counter=self.summary,
            pause=self.stop.pause,
            retry_policy=policy,
            recorder=self._recorder,
        )

    @cached_property
    def _credentials(self) -> Credentials:
        settings = self.settings
        return Credentials(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            username=settings.username,
            password=settings.password,
            refresh_token=settings.refresh_token,
        )

    @cached_property
    def _stores(self) -> Stores:
        identity = self._credentials.identity(self.settings.base_url)
        return open_stores(self.settings.token_store, identity, self.stop.pause)

    @cached_property
    def _limits(self) -> RateLimits:
        limits = RateLimits(
            store=self._stores.counts,
            requests_per_second=self.settings.requests_per_second,
            daily_request_limit=self.settings.daily_request_limit,
            pause=self.stop.pause,
        )
        self._open.callback(limits.close)
        return limits

    @property
    def held_back(self) -> float:
        """For how many seconds no call is made, since Act-On asks for fewer."""
        return self._limits.held_back

    @property
    def calls_left_today(self) -> int:
        """How many calls are left of the last 24 hours, counting all runs that share a store."""
        return self._limits.calls_left_today()

    def connect(self) -> None:
        """Log in, and make sure that the login leads to the account that the settings name.

        Raises:
            ActOnError: If it does not, or if Act-On refuses the login or does not respond.
        """
        self.client.connect()
        if self.settings.account_id is not None:
            _ = self.account.number

    @cached_property
    def account(self) -> Account:
        """The account that the credentials lead to."""
        return Account(self.client, self.settings.account_id)

    @property
    def zone(self) -> tzinfo | None:
        """The account's time zone; None if it is unknown."""
        return self.account.zone

    @contextmanager
    def in_haste(self) -> Iterator[Run]:
        """Yield another run that waits only seconds for Act-On; what fails there may work here."""
        usual = self._retry_policy
        policy = RetryPolicy(
            timeout=min(HASTY_SECONDS, usual.timeout),
            max_retries=min(1, usual.max_retries),
            max_throttles=0,
            repeats_login=False,
        )
        hasty = Run(
            self.settings,
            self.started_at,
            retry_policy=policy,
            stop=self.stop,
            recorder=self._recorder,
        )
        try:
            yield hasty
        finally:
            hasty._open.close()

    def shared(self, kind: Callable[[Run], Shared]) -> Shared:
        """Return what the streams of this run share of a kind, made of the run on first use.

        Args:
            kind: A class, as a rule.
        """
        with self._lock:
            if kind not in self._shared:
                self._shared[kind] = kind(self)
            found: Shared = self._shared[kind]
            return found

    @contextmanager
    def foreseeing(self) -> Iterator[None]:
        """Let streams say what they would read; what they count and log of it waits until then."""
        self.is_foreseeing = True
        try:
            yield
        finally:
            self.is_foreseeing = False

    def is_news(self, error: ActOnError) -> bool:
        """Return whether no other stream has logged an error, and note that one has now."""
        is_new = error not in self._logged
        self._logged.add(error)
        return is_new

    def close(self) -> None:
        """Let calls that are under way end without a retry, and close everything."""
        self.stop.request(0)
        self._open.close()
