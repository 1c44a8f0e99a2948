"""The file ``accounts.yml``: which accounts there are, and what their runs get.

docs/many-accounts.md describes it. It holds names of variables where a run needs a secret, never
the secret itself. A wrong file is refused with a sentence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DUCKDB, POSTGRESQL = TARGETS = ("target-duckdb", "target-postgres")
REGIONS = ("us", "eu")
SECRETS = ("client_id", "client_secret", "username", "password", "refresh_token")
RUNS_OWN = (*SECRETS, "region", "daily_request_limit", "token_store", "shard")
"""Settings of the tap that have a place of their own in the file."""

OF_ONE_ACCOUNT = {f"TAP_ACTON_{name.upper()}" for name in RUNS_OWN if name != "token_store"}
"""Variables that are never for all accounts."""

OF_MACHINE = {
    "HOME",
    "PATH",
    "ACTON_ACCOUNTS",
    "ACTON_MELTANO",
    "ACTON_PROJECT",
    "ACTON_WAREHOUSE_FOLDER",
    "ACTON_WORK_FOLDER",
}
"""Variables that say where things are on a machine."""

TOP = {"target", "variables", "night", "accounts"}
OF_ACCOUNT = {
    "key",
    "region",
    "schema",
    "daily_request_limit",
    "secrets",
    "select",
    "settings",
    "shards",
    "at",
}
OF_NIGHT = {"begins", "hours", "zone"}

KEY = re.compile(r"(?=.{1,48}\Z)[a-z0-9]+(-[a-z0-9]+)*")
"""A key is a partition, a folder, and part of a state id and of a name in Kubernetes."""

SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,47}")
"""As a database writes it without quotes, with room for the suffix of the models' schemas."""

SCHEMAS_OF_MODELS = ("staging", "marts")
SCHEMAS_OF_DATABASE = {"information_schema", "system", "temp"}

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
SETTING = re.compile(r"[a-z][a-z0-9_]*")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
MOST_HOURS, MOST_SHARDS = 24, 100
MINUTES_OF_DAY = 24 * 60

PROJECT = Path(__file__).parents[1]
"""The checkout."""

STATE_ELSEWHERE = ("MELTANO_DATABASE_URI", "MELTANO_STATE_BACKEND_URI")
"""The variables of which one says that the state is not on this machine."""

EVERYTHING = "*.*"


class AccountsError(Exception):
    """The file cannot be used; the sentence says where and what to do."""


@dataclass(frozen=True, slots=True)
class Night:
    """When the runs start.

    Attributes:
        begins: The first minute, counted from midnight.
        hours: Over how many hours the starts are spread.
        zone: The time zone of both.
    """

    begins: int = 22 * 60
    hours: int = 8
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Account:
    """What one run reads: an account, or a shard of one.

    Attributes:
        key: The partition: the account's key, with the shard behind a dot.
        name: The account's key.
        schema: The schema in the warehouse.
        secrets: The variable that holds each secret, by the name of the tap's setting.
        select: What to read, as Meltano's ``select`` has it.
        settings: Further settings of the tap.
        at: The minute of the day at which its run starts; None for one of the night.
    """

    key: str
    name: str
    schema: str
    region: str
    daily_request_limit: int
    secrets: Mapping[str, str]
    select: tuple[str, ...] = (EVERYTHING,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts.

    Attributes:
        target: The loader.
        variables: The variables that every run gets as they are.
        partitions: What the runs read, by the key of the partition.
    """

    target: str
    variables: tuple[str, ...]
    night: Night
    partitions: Mapping[str, Account]

    def parts_of(self, name: str) -> list[str]:
        """Return the partitions of an account: one, or one for each shard."""
        return [key for key, account in self.partitions.items() if account.name == name]


def accounts_path(given: Mapping[str, str]) -> Path:
    """Return where accounts.yml is."""
    return Path(given.get("ACTON_ACCOUNTS", PROJECT / "accounts.yml"))


def read_accounts(path: Path) -> Accounts:
    """Read the file.

    Raises:
        AccountsError: If it is missing or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise AccountsError(
            f"{path} cannot be read: create it as docs/many-accounts.md describes."
        ) from None
    try:
        data = yaml.load(text, _Loader)  # noqa: S506 - it makes what safe_load makes
    except _TwiceError as error:
        raise AccountsError(
            f"{path}, line {error}: this name is there twice; remove one."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise AccountsError(f"{path}{where}: this is not YAML; correct it.") from None
    return _File(path.name).read(data)


class _TwiceError(Exception):
    """A name that an entry has twice; holds the line."""


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        # YAML lets the last one count: whole accounts would be lost without a word.
        names: set[str] = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if name.value in names:
                    raise _TwiceError(name.start_mark.line + 1)
                names.add(name.value)
        return node


class _File:
    def __init__(self, name: str) -> None:
        self._where = name

    def read(self, data: Any) -> Accounts:
        top = self._object(data, TOP)
        target = top.get("target", DUCKDB)
        if target not in TARGETS:
            self._refuse("target", f"is one of {', '.join(TARGETS)}")
        variables = top.get("variables", [])
        if not _are_texts(variables) or not all(map(VARIABLE.fullmatch, variables)):
            self._refuse("variables", "is a list of names of environment variables")
        for name in sorted(OF_ONE_ACCOUNT.intersection(variables)):
            self._refuse("variables", f"has {name}, which each account names in its own entry")
        for name in sorted(OF_MACHINE.intersection(variables)):
            self._refuse("variables", f"has {name}, which belongs to the machine")
        entries = top.get("accounts")
        if not isinstance(entries, list) or not entries:
            self._refuse("accounts", "is a list of at least one account")
        night = self._night(top.get("night", {}))
        partitions: dict[str, Account] = {}
        keys: set[str] = set()
        schemas: dict[str, str] = {}
        logins: dict[str, str] = {}
        for number, entry in enumerate(entries, 1):
            account, shards = self._account(number, entry)
            if account.key in keys:
                self._refuse("key", "belongs to another account, too: each needs its own")
            keys.add(account.key)
            self._refuse_shared(account, schemas, logins)
            if shards > 1 and target == DUCKDB:
                self._refuse("shards", "needs target-postgres: only one run can write a DuckDB")
            for part in _shards_of(account, shards):
                partitions[part.key] = part
        return Accounts(target, tuple(variables), night, partitions)

    def _refuse_shared(
        self, account: Account, schemas: dict[str, str], logins: dict[str, str]
    ) -> None:
        for schema in _schemas_of(account):
            if (other := schemas.setdefault(schema, account.key)) != account.key:
                self._refuse("schema", f"writes into {schema}, as {other} does: change one")
        for login in filter(None, map(account.secrets.get, ("refresh_token", "username"))):
            if (other := logins.setdefault(login, account.key)) != account.key:
                self._refuse("secrets", f"has the login of {other}: each account needs its own")

    def _night(self, data: Any) -> Night:
        self._place = "night"
        night = self._object(data, OF_NIGHT)
        default = Night()
        hours, zone = night.get("hours", default.hours), night.get("zone", default.zone)
        if not _is_number(hours, MOST_HOURS):
            self._refuse("hours", f"is a whole number from 1 to {MOST_HOURS}")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, OSError, ValueError, TypeError, AttributeError):
            self._refuse("zone", "is the name of a time zone, such as America/New_York")
        begins = self._minute("begins", night["begins"]) if "begins" in night else default.begins
        return Night(begins, hours, zone)

    def _account(self, number: int, data: Any) -> tuple[Account, int]:
        self._place = f"account {number}"
        entry = self._object(data, OF_ACCOUNT)
        key = entry.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            self._refuse(
                "key", "is up to 48 lowercase letters and digits, with a single - between them"
            )
        self._place = f"account {key}"
        schema = entry.get("schema")
        if not isinstance(schema, str) or not SCHEMA.fullmatch(schema):
            self._refuse("schema", "is up to 48 lowercase letters, digits and _, no digit first")
        if schema in SCHEMAS_OF_DATABASE or schema.startswith("pg_"):
            self._refuse("schema", "is one of the database itself: choose another one")
        if entry.get("region") not in REGIONS:
            self._refuse("region", "is us or eu")
        limit = entry.get("daily_request_limit")
        if not _is_number(limit):
            self._refuse("daily_request_limit", "is the number of calls that a day allows")
        select = entry.get("select", [EVERYTHING])
        if not _are_texts(select) or not select or not all("." in one for one in select):
            self._refuse("select", 'is a list of patterns such as "messages.*"')
        shards = entry.get("shards", 1)
        if not _is_number(shards, MOST_SHARDS):
            self._refuse("shards", f"is a whole number from 1 to {MOST_SHARDS}")
        account = Account(
            key=key,
            name=key,
            schema=schema,
            region=entry["region"],
            daily_request_limit=limit,
            secrets=self._secrets(entry.get("secrets")),
            select=tuple(select),
            settings=self._settings(entry.get("settings", {})),
            at=self._minute("at", entry["at"]) if "at" in entry else None,
        )
        return account, shards

    def _secrets(self, secrets: Any) -> dict[str, str]:
        if not isinstance(secrets, dict) or not set(secrets) <= set(SECRETS):
            self._refuse("secrets", f"has the names of variables for some of {', '.join(SECRETS)}")
        for name, variable in secrets.items():
            if not isinstance(variable, str) or not VARIABLE.fullmatch(variable):
                self._refuse(
                    f"secrets.{name}",
                    "is the name of an environment variable in capitals, never the secret itself",
                )
        if not {"client_id", "client_secret"} <= set(secrets) or (
            "refresh_token" not in secrets and not {"username", "password"} <= set(secrets)
        ):
            self._refuse(
                "secrets",
                "needs client_id and client_secret, and username and password or refresh_token",
            )
        return dict(secrets)

    def _settings(self, settings: Any) -> dict[str, Any]:
        if not isinstance(settings, dict) or not all(
            isinstance(name, str) and SETTING.fullmatch(name) for name in settings
        ):
            self._refuse("settings", "has settings of the tap by their names")
        for number, name in enumerate(settings, 1):
            if name in RUNS_OWN:
                self._refuse(f"settings.{name}", "has a place elsewhere in the file")
            if name not in _settings_of_tap():
                self._refuse(f"settings, entry {number}", "is none of docs/settings.md")
        return {name: self._setting(name, value) for name, value in settings.items()}

    def _setting(self, name: str, value: Any) -> Any:
        if isinstance(value, date):
            # YAML makes one of a date without quotes.
            return value.isoformat()
        try:
            # A variable holds it, which can be neither half a character nor a zero.
            is_fit = "\0" not in as_variable(value).encode().decode()
        except (TypeError, ValueError, RecursionError):
            is_fit = False
        if value is None or not is_fit:
            self._refuse(f"settings.{name}", "has no value that the tap takes")
        return value

    def _minute(self, name: str, value: Any) -> int:
        match = CLOCK.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self._refuse(name, 'is a time of day in quotes, such as "22:30"')
        return int(match[1]) * 60 + int(match[2])

    def _object(self, data: Any, names: set[str]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._refuse("", f"needs entries named {', '.join(sorted(names))}")
        for number, name in enumerate(data, 1):
            if name not in names:
                self._refuse(f"entry {number}", f"is unknown: known are {', '.join(sorted(names))}")
        return data

    _place = ""

    def _refuse(self, name: str, words: str) -> Never:
        # Never the value: it may be a secret that is in the wrong place.
        parts = [self._where, *filter(None, [self._place, name])]
        raise AccountsError(f"{': '.join(parts)} {words}.")


def _schemas_of(account: Account) -> list[str]:
    return [account.schema, *(f"{account.schema}_{models}" for models in SCHEMAS_OF_MODELS)]


def _shards_of(account: Account, shards: int) -> Iterator[Account]:
    if shards == 1:
        yield account
        return
    for number in range(1, shards + 1):
        yield replace(
            account,
            key=f"{account.key}.{number}-of-{shards}",
            settings={**account.settings, "shard": f"{number}/{shards}"},
        )


@cache
def _settings_of_tap() -> frozenset[str]:
    text = (PROJECT / "meltano-plugin.yml").read_text(encoding="utf-8")
    return frozenset(setting["name"] for setting in yaml.safe_load(text)["settings"])


def _is_number(value: Any, most: float = float("inf")) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def minute_of(account: Account, night: Night) -> int:
    """Return the minute of the day at which an account's run starts.

    It follows from the key alone, so that another account changes nothing for this one.
    """
    if account.at is not None:
        return account.at
    digest = hashlib.sha256(account.key.encode()).digest()
    later = int.from_bytes(digest[:8], "big") % (night.hours * 60)
    return (night.begins + later) % MINUTES_OF_DAY


def as_variable(value: Any) -> str:
    """Spell the value of a setting as an environment variable."""
    return value if isinstance(value, str) else json.dumps(value)


def main() -> int:
    """Check the file of the environment, or of the command line; return the exit code."""
    path = Path(sys.argv[1]) if sys.argv[1:] else accounts_path(os.environ)
    try:
        accounts = read_accounts(path)
    except AccountsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path} is right, and has {len(accounts.partitions)} accounts or shards.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
