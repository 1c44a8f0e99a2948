"""What `make run` prints of the rows that were emitted and that arrived."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import comparison, meltano, sandbox
from pipeline.warehouse import RowCount
from tap_acton.api.rate_limits import RateLimits
from tap_acton.api.responses import logins_spent
from tap_acton.errors import AllowanceSpentError, ThrottledError
from tap_acton.stores.call_counts import CountStore

SUMMARY = {
    "calls": 1_200,
    "logins": 0,
    "discovery": {"calls": 6, "logins": 1},
    "streams": {"lists": {"rows": 3, "calls": 1}, "messages": {"rows": 1_000, "calls": 1_199}},
}


def test_a_table_is_aligned_and_has_a_sum() -> None:
    counts = {"lists": RowCount(3, 3), "messages": RowCount(5_000, 1_000)}
    lines = comparison.compare(SUMMARY, {"streams": {"lists": {"calls": 2}}}, counts)
    assert comparison.table(lines).splitlines() == [
        "",
        "table         rows   sent  loaded  calls  calls before",
        "-----------  -----  -----  ------  -----  ------------",
        "lists            3      3       3      1             2",
        "messages     5,000  1,000   1,000  1,199             0",
        "(discovery)      0      0       0      5             0",
        "(logins)         0      0       0      1             0",
        "-----------  -----  -----  ------  -----  ------------",
        "total        5,003  1,003   1,003  1,206             2",
    ]
    assert comparison.mismatch(lines) is None


def test_lost_rows_are_named() -> None:
    counts = {"lists": RowCount(2, 2), "messages": RowCount(5_000, 1_000)}
    assert comparison.mismatch(comparison.compare(SUMMARY, None, counts)) == (
        "rows loaded differ from rows sent: lists (2 of 3)."
    )


def test_a_table_that_is_missing_has_lost_all_rows() -> None:
    sentence = comparison.mismatch(comparison.compare(SUMMARY, None, {"lists": RowCount(3, 3)}))
    assert sentence is not None
    assert "messages (0 of 1,000)" in sentence


def test_rows_that_nobody_emitted_are_named() -> None:
    counts = {
        "ghosts": RowCount(1, 1),
        "lists": RowCount(3, 3),
        "messages": RowCount(1_000, 1_000),
    }
    assert comparison.mismatch(comparison.compare(SUMMARY, None, counts)) == (
        "rows loaded differ from rows sent: ghosts (1 of 0)."
    )


def test_it_ends_with_a_query_to_begin_with() -> None:
    assert "duckdb.connect('output/acton.duckdb')" in comparison.first_query(
        Path("output/acton.duckdb")
    )


LOG = """\
2026-03-20T09:13:57Z [info     ] meltano      Running catalog discovery
2026-03-20T09:14:00Z [info     ] tap-acton    Discovery took 1,006 calls (logins: 1).
2026-03-20T09:14:09Z [warning  ] tap-acton    The clock was set back.
2026-03-20T09:14:11Z [info     ] tap-acton    Run summary: {"calls": 60, "streams": {}} more=1
2026-03-20T09:14:12Z [error    ] tap-acton    The 60 calls are used up: run again later.
2026-03-20T09:14:16Z [error    ] meltano      Extractor failed
"""


@pytest.mark.parametrize("is_colored", [False, True])
def test_the_log_of_a_run_says_what_it_took_and_why_it_ended(
    capsys: pytest.CaptureFixture[str], *, is_colored: bool
) -> None:
    log = LOG
    if is_colored:
        log = log.replace("[error    ]", "[\x1b[31m\x1b[1merror    \x1b[0m]")
        log = log.replace(" tap-acton ", " \x1b[0mtap-acton\x1b[0m ")
    summary, failure = meltano.follow(log.splitlines(keepends=True))
    assert summary == {
        "calls": 60,
        "streams": {},
        "discovery": {"calls": 1_006, "logins": 1},
    }
    assert failure == "The 60 calls are used up: run again later."
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_a_log_without_a_summary_has_none() -> None:
    assert meltano.follow(["one\n", "another\n"]) == (None, "")


def test_a_limit_of_act_on_is_no_failure() -> None:
    limits = RateLimits(
        store=CountStore(), requests_per_second=5, daily_request_limit=1, pause=lambda _: None
    )
    limits.wait_for_call()
    with pytest.raises(AllowanceSpentError) as spent:
        limits.wait_for_call()
    assert comparison.is_paused(spent.value.sentence)
    assert comparison.is_paused(logins_spent(ThrottledError("Login: HTTP 429.")).sentence)
    assert not comparison.is_paused("Not complete: forms. The reasons are above.")


LISTS = {"TAP_ACTON_LIST_STREAMS", "TAP_ACTON_ON24_CLIENT_IDS"}


@pytest.mark.parametrize(
    ("arguments", "names_lists"),
    [([], True), (["--seed", "7"], True), (["--size", "small"], False), (["--size=small"], False)],
)
def test_settings_for_the_sandbox_name_only_lists_that_its_account_has(
    tmp_path: Path, arguments: list[str], *, names_lists: bool
) -> None:
    sandbox.renew(tmp_path, arguments)
    assert LISTS.issubset(sandbox.settings(tmp_path, "http://127.0.0.1:9")) is names_lists


def test_settings_that_are_given_count_for_the_sandbox_but_not_whom_to_read(
    tmp_path: Path,
) -> None:
    given: dict[str, Any] = {
        "TAP_ACTON_DAILY_REQUEST_LIMIT": "60",
        "TAP_ACTON_REQUESTS_PER_SECOND": "5",
        "TAP_ACTON_LIST_STREAMS": json.dumps(["Wide"]),
        "TAP_ACTON_API_URL": "https://elsewhere.example.com",
        "TAP_ACTON_TOKEN_STORE": "/elsewhere",
    }
    settings = {**given, **sandbox.settings(tmp_path, "http://127.0.0.1:9", given)}
    changed = {name for name, value in given.items() if settings[name] != value}
    assert changed == {"TAP_ACTON_API_URL", "TAP_ACTON_TOKEN_STORE"}
