"""Where the runs of several machines keep one token chain, and count their calls together.

On one machine that is a folder. Several machines share a server: the same lock is round a
login, whichever of them asks, and calls are counted by the clock of the server, since the
clocks of machines differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tap_acton.errors import SettingsError
from tap_acton.settings.postgresql_address import PostgresqlAddress
from tap_acton.stores.call_counts import LimitStorage, open_limit_storage
from tap_acton.stores.tokens import TokenStore, open_token_store

if TYPE_CHECKING:
    from collections.abc import Callable


class Stores(NamedTuple):
    """What runs leave for one another.

    Attributes:
        limits: The counts of calls and logins.
        tokens: The token chain.
    """

    limits: LimitStorage
    tokens: TokenStore


def open_stores(
    setting: str | PostgresqlAddress | None, identity: str, pause: Callable[[float], None]
) -> Stores:
    """Open what is kept for one account.

    Args:
        setting: The setting ``token_store``: a folder, ``memory``, None for the cache folder
            of the user, or a server.
        identity: The key of the chain, from :meth:`Credentials.identity`.
        pause: Waits the given seconds; raises when the run is to end.

    Returns:
        The stores.

    Raises:
        SettingsError: If the folder or the server cannot be used.
    """
    if not isinstance(setting, PostgresqlAddress):
        return Stores(
            open_limit_storage(setting, identity), open_token_store(setting, identity, pause)
        )
    try:
        from tap_acton.stores.postgresql import (  # noqa: PLC0415 - an extra
            PostgresqlLimitStorage,
            PostgresqlTokenStore,
        )
    except ImportError:
        raise SettingsError(
            "The setting token_store names a PostgreSQL server: install tap-acton[postgresql] to "
            "use one."
        ) from None
    return Stores(
        PostgresqlLimitStorage(setting, identity), PostgresqlTokenStore(setting, identity, pause)
    )
