"""Which stores the setting token_store opens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tap_acton.errors import SettingsError
from tap_acton.settings.postgresql_address import PostgresqlAddress
from tap_acton.stores.call_counts import CountStore
from tap_acton.stores.opening import open_stores
from tap_acton.stores.tokens import TokenStore

if TYPE_CHECKING:
    from pathlib import Path


def test_memory_writes_no_file() -> None:
    opened = open_stores("memory", "key")

    assert (type(opened.counts), type(opened.tokens)) == (CountStore, TokenStore)


def test_each_account_has_files_of_its_own(tmp_path: Path) -> None:
    for identity in ("one", "other"):
        opened = open_stores(str(tmp_path), identity)
        opened.tokens.prepare()
        opened.counts.close()

    names = {path.name.partition(".")[0] for path in tmp_path.iterdir()}
    assert names == {"limits-one", "limits-other", "token-one", "token-other"}


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "tap_acton.stores.postgresql", raising=False)

    with pytest.raises(SettingsError, match=r"install tap-acton\[postgresql\]"):
        open_stores(PostgresqlAddress.parse("postgresql://localhost/base"), "key")
