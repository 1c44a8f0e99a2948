"""One run of one account, as a process: its command, its environment, and how it ended."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrate.accounts import (
    DUCKDB,
    PROJECT,
    STATE_ELSEWHERE,
    Account,
    Accounts,
    AccountsError,
    accounts_path,
    as_variable,
    read_accounts,
)
from pipeline.meltano import SUMMARY, TAP, remove_configurations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

NO_INSTALL = "--no-install"
"""Meltano's option; its setting ``auto_install`` has no effect on these commands (4.4)."""

ENVIRONMENT = "production"
"""Meltano's environment: a state id starts with it."""

KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)
"""Variables of the machine that a run gets, besides those that accounts.yml names."""

PLUGINS = ("extractors", "loaders", "utilities")
OF_TAP = re.compile(r"^\s*(export\s+)?TAP_ACTON_", re.MULTILINE)
ERRORS_KEPT, LINES_KEPT = 5, 10
EXIT_FAILED, EXIT_ALLOWANCE_SPENT, EXIT_SIGNAL_BASE = 1, 3, 128
CANCELED = (EXIT_SIGNAL_BASE + signal.SIGINT, EXIT_SIGNAL_BASE + signal.SIGTERM)
"""How a run ends that somebody stopped; any other signal is a failure, such as of memory."""

RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"
SHORTEST_SECRET = 4

PAUSE = timedelta(hours=1)
"""Where the tap does not say how long."""

COUNTED = {"rows", "calls", "saved", "skipped", "refused", "waited", "full_refresh", "outcome"}
"""What the tap's summary has of each stream."""

NO_SUMMARY = (
    "The log has no summary, so nobody knows what was read: remove what lowers the level of the "
    "log, such as TAP_ACTON_LOGLEVEL, from accounts.yml."
)
"""Why a run has failed that says of itself that it ended well."""

MINUTES = re.compile(r"run again in ([\d,]+) minutes?")


class NotStartedError(Exception):
    """A run cannot start; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Attributes:
        project: The Meltano project, which has the models in ``transform``.
        work: Where the runs keep what they need between runs on one machine.
        warehouse: Where the DuckDB files are.
        meltano: The program.
    """

    project: Path
    work: Path
    warehouse: Path
    meltano: Path

    def database(self, account: Account) -> Path:
        """Return the account's DuckDB file."""
        # DuckDB names the catalog after the file. With a hyphen it is never the name of a schema,
        # which would be ambiguous.
        return self.warehouse / f"acton-{account.name}.duckdb"

    def system(self, account: Account) -> Path:
        """Return the folder that is ``.meltano`` to the runs of this partition."""
        return self.work / "meltano" / account.key


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        exit_code: That of the tap where it failed, otherwise that of Meltano.
        summary: The tap's summary, or None without one.
        errors: The last lines about what failed.
        is_loaded: Whether the target ended well, so that the rows of complete streams are in the
            warehouse.
    """

    exit_code: int
    summary: Mapping[str, Any] | None = None
    errors: Sequence[str] = ()
    is_loaded: bool = True


def places_of(given: Mapping[str, str]) -> Places:
    """Return where things are, as variables say it, and otherwise within the checkout."""
    return Places(
        project=Path(given.get("ACTON_PROJECT", PROJECT)),
        work=Path(given.get("ACTON_WORK_FOLDER", PROJECT / ".dagster" / "accounts")),
        warehouse=Path(given.get("ACTON_WAREHOUSE_FOLDER", PROJECT / "output" / "accounts")),
        meltano=Path(given.get("ACTON_MELTANO", PROJECT / ".venv-meltano" / "bin" / "meltano")),
    )


def selection(patterns: Iterable[str], streams: Iterable[str]) -> list[str]:
    """Narrow the account's selection to some streams: patterns that concern no other."""
    names = list(streams)
    narrow: dict[str, None] = {}
    for pattern in patterns:
        sign, bare = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        stream, _, rest = bare.partition(".")
        narrow.update((f"{sign}{name}.{rest}", None) for name in names if fnmatchcase(name, stream))
    return list(narrow)


def read_account(key: str, given: Mapping[str, str], log: Callable[[str], None]) -> Outcome:
    """Read an account of accounts.yml, or a shard of one, to the end of its run.

    Args:
        key: The key of the partition.
        given: The environment: the secrets, and where things are.
        log: Gets the log line by line, without secrets.

    Raises:
        AccountsError: If accounts.yml is wrong, or has no such key.
        NotStartedError: If a variable is not set.
    """
    path = accounts_path(given)
    accounts = read_accounts(path)
    account = accounts.partitions.get(key)
    if account is None:
        raise AccountsError(f"{path.name} has no account {key}: correct the key.")
    return read(account, accounts, places_of(given), given, log)


def read(
    account: Account,
    accounts: Accounts,
    places: Places,
    given: Mapping[str, str],
    log: Callable[[str], None],
) -> Outcome:
    """Read an account to the end of its run.

    Args:
        account: What to read.
        accounts: What all accounts share.
        places: Where things are.
        given: The environment, which has the secrets.
        log: Gets the log line by line, without secrets.

    Raises:
        NotStartedError: If a variable is not set, or the state is of rows that are elsewhere.
        OSError: If a folder cannot be written.
    """
    variables = environment(account, accounts, places, given)
    prepare(account, places)
    refuse_state_of_other_rows(account, accounts, places)
    secrets = [given[name] for name in variables_of(account, accounts)]
    has_rows = True
    try:
        outcome = run(command(account, accounts, places), variables, places.project, log, secrets)
        streams = outcome.summary["streams"].values() if outcome.summary else ()
        has_rows = any(counts["rows"] for counts in streams)
    finally:
        if has_rows:
            remember_schema(account, accounts, places)
    return outcome


def remember_schema(account: Account, accounts: Accounts, places: Places) -> None:
    """Write down beside the state, if it is on this machine, in which schema its rows are."""
    path = places.system(account) / f"schema.{accounts.target}"
    if not _is_state_here(accounts) or _schema_in(path) == account.schema:
        return
    # How the run ended is worth more.
    with suppress(OSError):
        new = path.with_suffix(".new")
        new.write_text(account.schema, encoding="utf-8")
        new.replace(path)


def refuse_state_of_other_rows(account: Account, accounts: Accounts, places: Places) -> None:
    """Make sure that the rows are still there that the state, if it is here, takes for loaded.

    Raises:
        NotStartedError: If the schema is another one, or the file is gone.
    """
    system = places.system(account)
    before = _schema_in(system / f"schema.{accounts.target}")
    if not before or not _is_state_here(accounts):
        return
    why = ""
    if before != account.schema:
        why = f"its rows are in the schema {before}, and not in {account.schema}"
    elif accounts.target == DUCKDB and not places.database(account).exists():
        why = f"{places.database(account)} is gone"
    if why:
        raise NotStartedError(
            f"{account.key}: {why}, so its state would leave out what was read before. Remove "
            f"{system} to read everything again."
        )


def _schema_in(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _is_state_here(accounts: Accounts) -> bool:
    return set(STATE_ELSEWHERE).isdisjoint(accounts.variables)


def state_id(account: Account, accounts: Accounts) -> str:
    """Return the name of the account's state in Meltano."""
    return f"{ENVIRONMENT}:{TAP}-to-{accounts.target}:{account.key}"


def variables_of(account: Account, accounts: Accounts) -> list[str]:
    """Return the variables that accounts.yml names, whose values no log may show."""
    return [*account.secrets.values(), *accounts.variables]


def environment(
    account: Account, accounts: Accounts, places: Places, given: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of a run: what it needs, and nothing of other accounts.

    Args:
        account: What to read.
        accounts: What all accounts share.
        places: Where things are.
        given: The environment, which has the secrets.

    Raises:
        NotStartedError: If a variable is not set, or ``.env`` would mix with those of the account.
    """
    missing = [name for name in variables_of(account, accounts) if not given.get(name)]
    if missing:
        raise NotStartedError(
            f"{account.key}: set {', '.join(missing)}, which accounts.yml names, where its runs "
            "start."
        )
    dotenv = places.project / ".env"
    if dotenv.exists() and OF_TAP.search(dotenv.read_text(encoding="utf-8", errors="replace")):
        raise NotStartedError(
            f"{account.key}: {dotenv} has settings of the tap, which would count for every "
            "account: move them to accounts.yml."
        )
    system = places.system(account)
    return {
        **{name: given[name] for name in KEPT if name in given},
        "TAP_ACTON_TOKEN_STORE": str(places.work / "tokens"),
        **{name: given[name] for name in accounts.variables},
        **{
            f"TAP_ACTON_{name.upper()}": as_variable(value)
            for name, value in account.settings.items()
        },
        **{
            f"TAP_ACTON_{name.upper()}": given[variable]
            for name, variable in account.secrets.items()
        },
        "TAP_ACTON_REGION": account.region,
        "TAP_ACTON_DAILY_REQUEST_LIMIT": str(account.daily_request_limit),
        "TAP_ACTON__SELECT": json.dumps(account.select),
        "TARGET_DUCKDB_FILEPATH": str(places.database(account)),
        "TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA": account.schema,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": account.schema,
        "MELTANO_PROJECT_ROOT": str(places.project),
        # Meltano keeps the catalog of a run in this folder, under the same name for all runs of a
        # project: two at once would overwrite each other's.
        "MELTANO_SYS_DIR_ROOT": str(system),
        "NO_COLOR": "1",
        # Spans and metrics say whose they are.
        RESOURCE: ",".join(
            [
                *(given[RESOURCE] for one in accounts.variables if one == RESOURCE),
                f"tap_acton.account={account.key}",
            ]
        ),
    }


def prepare(account: Account, places: Places) -> None:
    """Make the folders of a run, in which Meltano finds the plugins of the project."""
    places.warehouse.mkdir(parents=True, exist_ok=True)
    system = places.system(account)
    system.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in PLUGINS:
        link = system / name
        if not link.is_symlink():
            link.symlink_to(places.project / ".meltano" / name)
    remove_configurations(system)


def command(account: Account, accounts: Accounts, places: Places) -> list[str]:
    """Return the command of a run."""
    return [
        str(places.meltano),
        f"--environment={ENVIRONMENT}",
        "--log-format=json",
        "run",
        # What is installed is shared by all runs, so none of them may change it.
        NO_INSTALL,
        f"--state-id-suffix={account.key}",
        TAP,
        accounts.target,
    ]


def start(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    errors: int = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a command that ends once its standard input is closed, or this process has died.

    Args:
        arguments: The command.
        variables: All of its environment.
        folder: Where it runs.
        errors: Where its standard error goes, as ``subprocess`` has it.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrate.supervisor", *arguments],
        env={**variables, "PYTHONPATH": str(PROJECT)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        # So that no signal to the group of Dagster reaches it.
        start_new_session=True,
    )


def run(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    log: Callable[[str], None],
    secrets: Iterable[str] = (),
) -> Outcome:
    """Run Meltano to its end; an exception, such as that of a canceled run, stops it in order.

    Args:
        arguments: The command.
        variables: All of its environment.
        folder: Where it runs.
        log: Gets what a person should see of the log, line by line.
        secrets: What is replaced in these lines.
    """
    with start(arguments, variables, folder) as process:
        # A map, since a generator would end with the exception, and the last lines with it.
        lines = map(partial(str, encoding="utf-8", errors="replace"), process.stdout or ())
        try:
            reader = Log(log, secrets)
            for line in lines:
                reader.read(line)
        except BaseException:
            if process.stdin:
                process.stdin.close()
            for line in lines:
                reader.read(line)
            raise
        code = process.wait()
    return reader.outcome(code)


def paused_until(errors: Sequence[str], now: datetime) -> datetime:
    """Return when calls are left again, as far as the tap says."""
    found = [match for line in errors if (match := MINUTES.search(line))]
    return now + (timedelta(minutes=int(found[-1][1].replace(",", ""))) if found else PAUSE)


class Log:
    """What Meltano's log says about a run, in lines of JSON.

    Args:
        log: Gets what a person should see, line by line.
        secrets: What is replaced in these lines, and in the errors.
    """

    def __init__(self, log: Callable[[str], None], secrets: Iterable[str] = ()) -> None:
        self._log = log
        # The longest first: one may be the beginning of another.
        self._secrets = sorted(
            (one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True
        )
        self._summary: dict[str, Any] | None = None
        self._codes: dict[str, int] = {}
        self._errors: deque[str] = deque(maxlen=ERRORS_KEPT)
        self._last: deque[str] = deque(maxlen=LINES_KEPT)

    def read(self, line: str) -> None:
        """Take in a line."""
        try:
            entry = json.loads(line)
            event = str(entry["event"])
        except (ValueError, KeyError, TypeError, RecursionError):
            entry, event = {}, line.rstrip()
        if isinstance(entry.get("exit_codes"), dict):
            self._codes = entry["exit_codes"]
        if "metric_info" in entry:
            return
        if summary := _summary_in(event):
            self._summary = summary
            return
        if not event:
            return
        for secret in self._secrets:
            event = event.replace(secret, "***")
        name = entry.get("string_id") or entry.get("name") or "meltano"
        words = f"{name}: {event}"
        self._log(words)
        # What is indented is a traceback's; its last line says what happened.
        if not event[:1].isspace():
            self._last.append(words)
        if entry.get("level") in {"error", "critical"} and name != "meltano":
            self._errors.append(event)

    def outcome(self, code: int) -> Outcome:
        """Return how the run ended, by its exit code and its log."""
        tap = self._codes.get("extractors", 0)
        is_loaded = "loaders" not in self._codes and (code == 0 or bool(self._codes))
        if code and tap and is_loaded:
            code = tap if tap > 0 else EXIT_SIGNAL_BASE - tap
        if code == 0 and self._summary is None:
            return Outcome(EXIT_FAILED, None, (*self._errors, NO_SUMMARY), is_loaded)
        return Outcome(
            code, self._summary, tuple(self._errors or (self._last if code else ())), is_loaded
        )


def _summary_in(event: str) -> dict[str, Any] | None:
    _, _, text = event.partition(SUMMARY)
    try:
        summary = json.loads(text)
        streams = summary["streams"].values()
        is_whole = isinstance(summary["calls"], int) and all(set(one) >= COUNTED for one in streams)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return summary if is_whole else None
