"""Opens the stores of one account: in a folder, in memory, or on a PostgreSQL server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from tap_acton.errors import SettingsError
from tap_acton.settings.postgresql_address import PostgresqlAddress
from tap_acton.stores.call_counts import CountStore, FileCountStore
from tap_acton.stores.files import store_folder
from tap_acton.stores.tokens import FileTokenStore, TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable


class Stores(NamedTuple):
    """What the runs for one account share."""

    counts: CountStore
    tokens: TokenStore


def open_stores(
    setting: str | PostgresqlAddress | None,
    identity: str,
    pause: Callable[[float], None] = time.sleep,
) -> Stores:
    """Open what the runs for one account share.

    Args:
        setting: The setting ``token_store``: a folder, ``memory``, None for the user's cache
            folder, or the address of a server.
        identity: The key of the account, fit for a file name.
        pause: Waits some seconds; raises when the run is to end.

    Raises:
        SettingsError: If the folder or the server cannot be used.
    """
    if isinstance(setting, PostgresqlAddress):
        return _on_server(setting, identity, pause)
    folder = store_folder(setting)
    if folder is None:
        return Stores(CountStore(), TokenStore())
    return Stores(
        FileCountStore(folder / f"limits-{identity}.sqlite"),
        FileTokenStore(folder / f"token-{identity}.json", pause),
    )


def _on_server(address: PostgresqlAddress, identity: str, pause: Callable[[float], None]) -> Stores:
    try:
        from tap_acton.stores.postgresql import (  # noqa: PLC0415 - an extra
            PostgresqlCountStore,
            PostgresqlTokenStore,
        )
    except ImportError:
        raise SettingsError(
            "The setting token_store names a PostgreSQL server: install tap-acton[postgresql] to "
            "use it."
        ) from None
    return Stores(
        PostgresqlCountStore(address, identity), PostgresqlTokenStore(address, identity, pause)
    )
