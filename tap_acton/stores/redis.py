"""Tokens and counts on a Redis server, or one that speaks as it does.

A count is one script, so that nobody comes between the look at the clock, the look at
the calls and the call. The lock round a login has an end, which its holder puts off as
long as it lives: where a machine dies with it, the others wait for seconds. What a
machine that lost the lock unknowingly brings is not written over what came meanwhile.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry

from tap_acton.api.auth import LOCK_POLL_SECONDS
from tap_acton.api.rate_limits import HOUR_MS, MINUTE_MS, LimitStorage
from tap_acton.errors import RunOverError
from tap_acton.stores.server import (
    ANSWER_SECONDS,
    BAD_CERTIFICATE,
    NO_CONNECTION,
    ServerTokenStore,
    unusable_server,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyrate_limiter import Rate
    from redis.commands.core import Script
    from redis.lock import Lock

    from tap_acton.api.rate_limits import CallCount, Clock
    from tap_acton.settings.server_address import ServerAddress

LOCK_SECONDS = 20.0
"""After how long a lock is free whose holder has died."""

_REPETITIONS = 3

# A timestamp of the future is one of before the server's clock was set back.
_NOW = f"""
local key, interval, kept = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - kept - 1)
redis.call('ZREMRANGEBYSCORE', key, now + {MINUTE_MS}, '+inf')
"""

_TAKEN = f"""{_NOW}
return redis.call('ZCOUNT', key, now - interval, '+inf')
"""

# The call that stands in the way is the oldest of as many as are allowed.
_WAIT = f"""{_NOW}
local limit, call = tonumber(ARGV[3]), ARGV[4]
local oldest = redis.call('ZRANGE', key, -limit, -limit, 'WITHSCORES')[2]
local wait = oldest and oldest + interval + 1 - now or 0
if wait > 0 then return wait end
if call ~= '' then
  redis.call('ZADD', key, now, call)
  redis.call('PEXPIRE', key, kept + 1)
end
return 0
"""

_SWAP = """
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] and present ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


def connect(address: ServerAddress) -> redis.Redis:
    """Make a client; nothing is sent yet.

    Args:
        address: Where the server is.

    Returns:
        The client. Threads may share it.
    """
    secure = {"ssl": True, "ssl_ca_certs": address.ca_file} if address.is_secure else {}
    return redis.Redis(
        host=address.host,
        port=address.port,
        db=int(address.database),
        username=address.user,
        password=address.password,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        retry=Retry(ConstantBackoff(0.5), _REPETITIONS),
        client_name="tap-acton",
        **cast("dict[str, Any]", secure),
    )


@contextmanager
def _told_as_setting(address: ServerAddress) -> Iterator[None]:
    """Say in one sentence that the server is of no use now.

    Raises:
        SettingsError: In place of what the client raises.
    """
    try:
        yield
    except RedisError as error:
        raise unusable_server(address, _reason(error)) from None


def _reason(error: RedisError) -> str:
    if isinstance(error, AuthenticationError):
        return "it refuses the user or the password"
    if isinstance(error, ResponseError):
        # The text may repeat what was sent.
        return f"it answers with {type(error).__name__}"
    return BAD_CERTIFICATE if "CERTIFICATE" in str(error) else NO_CONNECTION


class RedisCount:
    """Counts calls by the clock of the server.

    Args:
        client: The server.
        key: Where the timestamps of the calls are.
        rate: The limit.
    """

    def __init__(self, client: redis.Redis, key: str, rate: Rate) -> None:
        self._key = key
        # Other runs may count for a longer time than this one.
        self._window = (rate.interval, max(rate.interval, HOUR_MS))
        self._limit = rate.limit
        self._wait = client.register_script(_WAIT)
        self._taken = client.register_script(_TAKEN)

    def add(self) -> int:
        """Count a call and return 0, or return in how many milliseconds it fits."""
        return self._run(self._wait, self._limit, uuid.uuid4().hex)

    def wait(self) -> int:
        """Tell in how many milliseconds a call fits, without counting one."""
        return self._run(self._wait, self._limit, "")

    def taken(self) -> int:
        """Tell how many calls count at present."""
        return self._run(self._taken)

    def _run(self, script: Script, *arguments: int | str) -> int:
        return cast("int", script(keys=[self._key], args=[*self._window, *arguments]))


class RedisLimitStorage(LimitStorage):
    """Keeps the counts on a server, for all runs of all machines.

    Args:
        address: Where the server is, for messages.
        client: The server.
        identity: The key of the account.
    """

    def __init__(self, address: ServerAddress, client: redis.Redis, identity: str) -> None:
        super().__init__()
        self._address = address
        self._client = client
        self._identity = identity
        self._is_closed = False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep the other threads away; other machines cannot come between a step.

        Raises:
            SettingsError: If the server cannot be used, or no longer.
        """
        with self._thread_lock, _told_as_setting(self._address):
            if self._is_closed:
                # A call of a thread that nobody waits for any more.
                raise RunOverError
            yield

    def count(self, name: str, rate: Rate, clock: Clock) -> CallCount:  # noqa: ARG002 - the server's
        """Open a count, with what all machines have counted."""
        return RedisCount(self._client, f"tap-acton:{self._identity}:{name}", rate)

    def close(self) -> None:
        """Close the connections, when no thread is at them."""
        with self._thread_lock:
            self._is_closed = True
            self._client.close()


class RedisTokenStore(ServerTokenStore):
    """Keeps the chain on a server, for all runs of all machines.

    Args:
        address: Where the server is, for messages.
        client: The server.
        identity: The key of the chain.
        pause: Waits the given seconds; raises when the run is to end.
        lock_seconds: After how long a lock is free whose holder has died.
    """

    def __init__(
        self,
        address: ServerAddress,
        client: redis.Redis,
        identity: str,
        pause: Callable[[float], None],
        *,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        super().__init__(address)
        self._client = client
        self._key = f"tap-acton:{identity}:token"
        self._pause = pause
        self._lock_seconds = lock_seconds
        self._swap_script = client.register_script(_SWAP)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all other runs from asking for a token meanwhile.

        Raises:
            SettingsError: If the server cannot be used.
        """
        lock = self._client.lock(
            f"{self._key}:lock", timeout=self._lock_seconds, thread_local=False
        )
        with _told_as_setting(self._address):
            while not lock.acquire(blocking=False):
                self._pause(LOCK_POLL_SECONDS)
        is_over = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(lock, is_over), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            is_over.set()
            keeper.join()
            # A lock that cannot be given back ends by itself.
            with suppress(RedisError):
                lock.release()

    def _keep(self, lock: Lock, is_over: threading.Event) -> None:
        """Put the end of the lock off; once it is lost, what is written is compared instead."""
        with suppress(RedisError):
            while not is_over.wait(self._lock_seconds / 4):
                lock.reacquire()

    def _fetch(self) -> str:
        with _told_as_setting(self._address):
            found = cast("bytes | None", self._client.get(self._key))
        return (found or b"").decode(errors="replace")

    def _swap(self, present: str, new: str) -> bool:
        with _told_as_setting(self._address):
            return bool(self._swap_script(keys=[self._key], args=[present, new]))
