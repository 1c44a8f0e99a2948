"""What one run shares: settings, client, counts, and what has been asked already.

Building a run makes no call and opens no file; the first call does.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from tap_acton.api.auth import Credentials, TokenChain
from tap_acton.api.client import ActOnClient
from tap_acton.api.rate_limits import RateLimits
from tap_acton.api.transport import RetryPolicy, new_session, without_netrc
from tap_acton.stores.opening import open_stores
from tap_acton.sync.account import Account
from tap_acton.sync.stop import StopSignal
from tap_acton.sync.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    import requests

    from tap_acton.errors import ActOnError
    from tap_acton.settings.settings import Settings

Parent: TypeAlias = Mapping[str, Any]
"""The columns of a parent's record that its children need."""

Shared = TypeVar("Shared")

HASTY_SECONDS = 5.0
"""How long discovery waits for a response."""


class Run:
    """One run of the tap.

    Args:
        settings: The settings, resolved for this run.
        started_at: When the run began.
        retry_policy: How long Act-On is waited for; as the settings say if not given.
        stop: The wish to end the run, where it is shared with another one.

    Attributes:
        summary: What the run counted.
    """

    def __init__(
        self,
        settings: Settings,
        started_at: datetime,
        *,
        retry_policy: RetryPolicy | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self.settings = settings
        self.started_at = started_at
        self.stop = stop or StopSignal()
        self._retry_policy = retry_policy or RetryPolicy(
            settings.request_timeout, settings.max_retries
        )
        self.summary = RunSummary()
        self._limits: RateLimits | None = None
        self._session: requests.Session | None = None
        self._told: set[ActOnError] = set()
        self._shared: dict[Callable[[Run], Any], Any] = {}
        self._lock = threading.RLock()

    @cached_property
    def client(self) -> ActOnClient:
        """The client; its token store and limits are opened on first use."""
        settings = self.settings
        credentials = Credentials(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            username=settings.username,
            password=settings.password,
            refresh_token=settings.refresh_token,
        )
        identity = credentials.identity(settings.base_url)
        stores = open_stores(settings.token_store, identity, self.stop.pause)
        # What is read again is read while the next calls are under way.
        connections = 2 * settings.max_concurrency
        self._session = session = new_session(settings.user_agent, connections)
        self._limits = limits = RateLimits(
            store=stores.counts,
            requests_per_second=settings.requests_per_second,
            daily_request_limit=settings.daily_request_limit,
            pause=self.stop.pause,
        )

        def post(form: Mapping[str, str]) -> requests.Response:
            self.summary.count_login()
            return session.post(
                f"{settings.base_url}/token",
                data=form,
                auth=without_netrc,
                timeout=self._retry_policy.timeouts,
                allow_redirects=False,
                stream=True,
            )

        tokens = TokenChain(
            credentials=credentials,
            store=stores.tokens,
            limits=limits,
            post=post,
            host=urlsplit(settings.base_url).netloc,
            retry_policy=self._retry_policy,
        )
        return ActOnClient(
            base_url=settings.base_url,
            session=session,
            tokens=tokens,
            limits=limits,
            counter=self.summary,
            pause=self.stop.pause,
            retry_policy=self._retry_policy,
        )

    @property
    def calls_left_today(self) -> int:
        """How many calls the last 24 hours leave, by the counts of all runs that share them."""
        _ = self.client
        return self._limits.calls_left_today() if self._limits else 0

    @cached_property
    def account(self) -> Account:
        """The account that the credentials lead to."""
        return Account(self.client, self.summary, self.settings.account_id)

    @property
    def zone(self) -> tzinfo | None:
        """The account's time zone; None if it is unknown."""
        return self.account.zone

    @contextmanager
    def in_haste(self) -> Iterator[Run]:
        """Yield another run that waits seconds for Act-On; what fails in it is forgotten."""
        usual = self._retry_policy
        policy = RetryPolicy(
            timeout=min(HASTY_SECONDS, usual.timeout),
            max_retries=min(1, usual.max_retries),
            max_throttles=0,
            repeats_login=False,
        )
        hasty = Run(self.settings, self.started_at, retry_policy=policy, stop=self.stop)
        try:
            yield hasty
        finally:
            hasty.close_files()

    def shared(self, kind: Callable[[Run], Shared]) -> Shared:
        """Return the one thing of a kind that this run shares, made when it is first asked for.

        Args:
            kind: Makes it of the run; a class, as a rule.
        """
        with self._lock:
            if kind not in self._shared:
                self._shared[kind] = kind(self)
            found: Shared = self._shared[kind]
            return found

    def is_news(self, error: ActOnError) -> bool:
        """Tell whether an error is met for the first time, and keep it.

        Args:
            error: The error.

        Returns:
            Whether no other stream has met it.
        """
        is_new = error not in self._told
        self._told.add(error)
        return is_new

    def close(self) -> None:
        """Let calls that are still under way end without a repetition."""
        self.stop.request(0)
        self.close_files()

    def close_files(self) -> None:
        """Close files and connections."""
        if self._limits is not None:
            self._limits.close()
        if self._session is not None:
            self._session.close()
