"""The command: from the marts of a warehouse to the file."""

from __future__ import annotations

import errno
import os
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import duckdb
import psycopg
import pytest

from report.__main__ import main
from report.database import opened
from report.marts import QUERIES, read
from report.page import page
from tests.report.accounts import DAY, duckdb_file, statements

if TYPE_CHECKING:
    from report.marts import Marts
    from tests.servers import Postgres

MARTS = {mart for query in QUERIES.values() for mart in query.reads}

ACCOUNT = {"source_relation": "acton"}
SENT = {
    **ACCOUNT,
    "message_id": "m-1",
    "message_type": "SENT",
    "sent_on": "2026-11-28",
    "message_name": "For jo@example.com, again",
    "subject": "Hello",
    "sent": 10,
    "delivered": 9,
    "bounced": 1,
    "opened_unique": 4,
    "average_minutes_to_open": 61.5,
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "acton__messages": [
        SENT,
        {**SENT, "source_relation": "south", "subject": SENT["message_name"], "sent": None},
        {**SENT, "message_id": "m-2", "message_type": "TRIGGERED"},
    ],
    "acton__message_daily": [
        {**ACCOUNT, "message_id": message, "days_since_sent": days, "opens": 2, "clicks": 1}
        for message in ("m-1", "m-2", "m-3")
        for days in (0, 4, 7, 31)
    ],
    "acton__account_daily": [{**ACCOUNT, "date_day": "2026-11-30", "opened": 4}],
    "acton__people": [
        {**ACCOUNT, "engagement": "lapsed", "is_mailable": mailable}
        for mailable in (True, False, None)
    ],
    "acton__contact_cohorts": [
        {**ACCOUNT, "cohort_month": month, "months_since": months}
        | {"contacts": 5, "active_contacts": 2}
        for month, months in (
            ("2025-10-01", 12), ("2025-11-01", 12), ("2025-11-01", 13), ("2026-11-01", 0)
        )
    ],
    "acton__form_sources": [
        {**ACCOUNT, "source": "E-mail", "views": views, "submits": submits}
        for views, submits in ((5, 2), (7, 1))
    ],
    "acton__lists": [{**ACCOUNT, "list_name": "jo@example.com", "member_count": 3}],
    "acton__deliverability_daily": [
        {**ACCOUNT, "domain": f"mail{n}.example.com", "date_day": "2026-11-28", "sent": 200 - n}
        | {"bounces": 1}
        for n in range(14)
    ] + [
        # Of old, without a bounce; then a month in which the mail of one account bounced.
        {"source_relation": account, "domain": "new.example.com", "date_day": day, "sent": sent}
        | {"bounces": bounces}
        for account, day, sent, bounces in (
            ("acton", "2026-09-28", 30, 0), ("south", "2026-11-27", 30, 0),
            ("south", "2026-11-28", 70, 6),
        )
    ] + [
        {**ACCOUNT, "domain": domain, "date_day": "2026-11-28", "sent": sent, "bounces": bounces}
        for domain, sent, bounces in (("few.example.com", 80, 80), ("good.example.com", 85, 4))
    ],
    "acton__suppressions": [
        {**ACCOUNT, "reason": "category_opt_out", "category_name": "News"}
        | {"first_on": "2026-11-02"},
        {**ACCOUNT, "reason": "opt_out"},
    ],
    "acton__webinar_attendance": [
        {**ACCOUNT, "registered_on": "2026-11-02", "has_attended": attended}
        for attended in (True, False, None)
    ],
    "acton__data_health": [
        {**ACCOUNT, "table_name": "lists", "is_loaded": loaded, "rows": 0}
        | {"newest_extracted_at": "2026-11-30 11:46:01"}
        for loaded in (True, False)
    ],
}  # fmt: skip


def check(of: Marts) -> None:
    tables = {name: table.columns for name, table in of.tables.items()}
    assert not any(table.missing for table in of.tables.values())
    assert of.accounts == ["acton", "south"]
    assert sorted(tables["messages"]["account"]) == [0, 0, 1]
    assert tables["messages"]["day"] == [DAY - 2] * 3
    assert {*tables["messages"]["name"]} == {"For (address), again"}
    assert sorted(tables["messages"]["subject"], key=str) == ["Hello", "Hello", None]
    assert {*tables["messages"]["minutes"]} == {62}
    # Of the message that was sent once, on days 0, 4 and 7: steps 0 and 4.
    assert [tables["steps"][name] for name in ("day", "step", "opens", "clicks")] == [
        [DAY - 2] * 2,
        [0, 4],
        [2, 4],
        [1, 2],
    ]
    assert (tables["people"]["people"], tables["people"]["mailable"]) == ([3], [1])
    # The latest 13 months, each with its first year.
    assert tables["cohorts"]["months"] == [12, 0]
    assert (tables["form_sources"]["views"], tables["form_sources"]["submits"]) == ([12], [3])
    assert tables["lists"]["name"] == ["(address)"]
    domains = tables["domains"]["domain"]
    alarm = [row for row, domain in enumerate(domains) if domain == "new.example.com"]
    assert [tables["domains"]["bounced"][row] for row in alarm] == [0, 0, 6]
    smaller = domains.index(None)
    assert {*domains} == {None, "new.example.com", *(f"mail{n}.example.com" for n in range(12))}
    assert tables["domains"]["sent"][smaller] == 188 + 187 + 80 + 85
    assert tables["domains"]["delivered"][smaller] == 187 + 186 + 0 + 81
    assert dict(
        zip(tables["suppressions"]["reason"], tables["suppressions"]["day"], strict=True)
    ) == {
        "category_opt_out": DAY - 28,
        "opt_out": None,
    }
    assert tables["categories"] == {"account": [0], "category": ["News"], "addresses": [1]}
    assert (tables["registrations"]["registrants"], tables["registrations"]["attendees"]) == (
        [3],
        [1],
    )
    assert sorted(tables["health"]["rows"], key=str) == [0, None]
    assert {*tables["health"]["newest"]} == {"2026-11-30T11:46:01"}


def test_the_marts_of_a_duckdb_file(tmp_path: Path) -> None:
    # DuckDB calls a database like its file.
    path = Path(duckdb_file(tmp_path, ROWS)).rename(tmp_path / "marts.duckdb")
    with opened(str(path), "marts") as database:
        check(read(database))


def test_the_marts_of_postgresql(postgres: Postgres) -> None:
    schema = f"marts_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.conninfo) as connection:
        for statement in statements(ROWS):
            connection.execute(statement.replace("marts", schema, 1).encode())
    user, password = quote(postgres.user, safe=""), quote(postgres.password, safe="")
    server = f"{postgres.host}:{postgres.port}/{postgres.database}"
    with opened(f"postgresql://{user}:{password}@{server}", schema) as database:
        check(read(database))


def test_each_account_has_its_largest_rows(tmp_path: Path) -> None:
    lists = [
        {"source_relation": account, "list_name": f"{n:03}", "member_count": members + n}
        for account, members, many in (("north", 1000, 103), ("south", 1, 2))
        for n in range(many)
    ]
    fields = [{**ACCOUNT, "table_name": "lists", "key": f"{n}", "rows": n} for n in range(140)]
    path = duckdb_file(tmp_path, {"acton__lists": lists, "acton__unnamed_fields": fields})
    with opened(path, "marts") as database:
        of = read(database)
    shown = of.tables["lists"].columns
    assert shown["name"] == [f"{n:03}" for n in range(102, 2, -1)] + ["001", "000"]
    assert shown["members"][-3:] == [1003, 2, 1]
    assert shown["among"] == [103] * 100 + [2] * 2
    text = page(of, datetime(2026, 11, 30, tzinfo=UTC))
    assert "The largest 102 of 105." in text
    assert "The largest 100 of 140." in text
    assert "140 fields of Act-On" in text


def test_most_marts_may_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "report.html"
    missing = MARTS - {"acton__messages"}
    path = duckdb_file(tmp_path, ROWS, without=[*missing])
    assert main([f"--database={path}", f"--output={output}"]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    text = output.read_text(encoding="utf-8")
    assert [mart for mart in missing if f"{mart} is not in the warehouse" not in text] == []


def test_messages_may_be_missing(tmp_path: Path) -> None:
    path = duckdb_file(tmp_path, ROWS, without=["acton__messages"])
    with opened(path, "marts") as database:
        of = read(database)
    missing = {name for name, table in of.tables.items() if table.missing == "acton__messages"}
    assert missing == {"messages", "steps"}
    assert of.tables["lists"].columns["members"] == [3]


def test_a_column_may_be_missing(tmp_path: Path) -> None:
    output = tmp_path / "new" / "report.html"
    path = duckdb_file(tmp_path, ROWS, without=["acton__lists.mailable_members"])
    assert main([f"--database={path}", f"--output={output}"]) == 0
    text = output.read_text(encoding="utf-8")
    assert "acton__lists.mailable_members is not in the warehouse" in text
    assert "jo@" not in text


def failure(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = printed.err.splitlines()
    return sentence


def test_what_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "none.duckdb"
    assert failure([f"--database={nowhere}"], capsys) == (
        f"There is no file {nowhere}: load it first with make run, or name another with --database."
    )
    long = tmp_path / ("a" * 300)
    assert (
        failure([f"--database={long}"], capsys) == f"{long} cannot be opened: File name too long."
    )
    nowhere.write_text("not a database " * 100)
    assert failure([f"--database={nowhere}"], capsys) == (
        f"{nowhere} is no DuckDB file: name another with --database."
    )
    nowhere.write_bytes(b"12345678DUCK" + b"cut off" * 10)
    sentence = failure([f"--database={nowhere}"], capsys)
    assert sentence.startswith(f"DuckDB cannot open {nowhere}: ")
    rows = tmp_path / "rows.duckdb"
    duckdb.connect(str(rows)).close()
    assert failure([f"--database={rows}"], capsys) == (
        f"{rows} has no marts in its schema marts: build the models first, with make run or dbt, "
        "or name another schema with --schema."
    )
    secret = "postgresql://reader:secret@127.0.0.1:1/none"
    sentence = failure([f"--database={secret}"], capsys)
    assert sentence.startswith("PostgreSQL cannot be reached: ")
    assert "secret" not in sentence


@pytest.mark.parametrize(
    "address",
    [
        "u:secret@[/x",
        "u:pa@secret@127.0.0.1/x",
        "u:secret/pa@127.0.0.1/x",
        "u:secret",
        "u:99887766",
        "u:secret%@127.0.0.1/x",
    ],
)
def test_an_address_that_is_not_valid_is_not_repeated(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = failure([f"--database=postgresql://{address}"], capsys)
    assert sentence.startswith("The address of PostgreSQL is not valid: ")
    assert not re.search("secret|99887766|pa@", sentence)


def test_numbers_that_are_none_and_times_with_a_zone_are_read(tmp_path: Path) -> None:
    path = duckdb_file(
        tmp_path,
        {
            "acton__messages": [
                {**SENT, "average_minutes_to_open": "nan"},
                {**SENT, "average_minutes_to_open": "inf"},
            ],
            "acton__webinars": [{**ACCOUNT, "average_live_minutes": "-inf"}],
            "acton__data_health": [
                {**ACCOUNT, "newest_extracted_at": "2026-11-30 12:46:01+01"},
            ],
        },
        types={"newest_extracted_at": "timestamptz"},
    )
    with opened(path, "marts") as database:
        tables = {name: table.columns for name, table in read(database).tables.items()}
    assert tables["messages"]["minutes"] == [None, None]
    assert tables["webinars"]["minutes"] == [None]
    assert tables["health"]["newest"] == ["2026-11-30T11:46:01"]


def test_a_page_that_cannot_be_written_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = duckdb_file(tmp_path, ROWS)
    assert failure([f"--database={path}", f"--output={tmp_path}"], capsys) == (
        f"The report cannot be written to {tmp_path}: Is a directory."
    )


DAYS = ("0001-01-03", "1969-12-31", "2026-11-28", "2200-01-01", "10000-01-01")


@pytest.mark.parametrize("of_day", ["date", "timestamp", "varchar"])
def test_a_mistyped_year_or_another_type_is_no_error(of_day: str, tmp_path: Path) -> None:
    types = {
        "sent_on": of_day, "date_day": of_day, "cohort_month": of_day, "first_on": of_day,
        "registered_on": of_day, "last_registered_at": of_day, "newest_extracted_at": "timestamp",
        "last_run_ended_at": "timestamp", "list_name": "uuid", "form_name": "bigint",
        "kind": "blob", "webinar_name": "varchar[]",
    }  # fmt: skip
    rows = {
        mart: [
            {
                **ROWS.get(mart, [ACCOUNT])[0],
                **{column: day for column in types if column[-3:] in {"_at", "_on", "day", "nth"}},
            }
            for day in DAYS
        ]
        for mart in MARTS
    }
    rows["acton__lists"] = [{**ACCOUNT, "list_name": str(uuid.UUID(int=1)), "member_count": 3}]
    rows["acton__forms"] = [{**ACCOUNT, "form_name": 7, "views": 3}]
    rows["acton__media"] = [{**ACCOUNT, "kind": "image"}]
    rows["acton__webinars"] = [
        {**one, "webinar_name": "[a, jo@example.com]"} for one in rows["acton__webinars"]
    ]
    path, output = duckdb_file(tmp_path, rows, types=types), tmp_path / "report.html"
    with opened(path, "marts") as database:
        tables = read(database).tables
    assert tables["messages"].columns["day"].count(DAY - 2) == 1
    assert tables["messages"].columns["day"].count(None) == len(DAYS) - 1
    assert {*tables["health"].columns["newest"]} == {None, "2026-11-28T00:00:00"}
    assert tables["lists"].columns["name"] == [str(uuid.UUID(int=1))]
    assert main([f"--database={path}", f"--output={output}"]) == 0
    assert "jo@" not in output.read_text(encoding="utf-8")


def test_rows_without_an_account_have_one_of_their_own(tmp_path: Path) -> None:
    path = duckdb_file(tmp_path, {"acton__lists": [ACCOUNT, {"list_name": "Lost"}]})
    with opened(path, "marts") as database:
        of = read(database)
    assert of.accounts == ["(none)", "acton"]


def test_a_text_in_place_of_a_number_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"acton__messages": [{**SENT, "sent": "jo@example.com"}]}
    path = duckdb_file(tmp_path, rows, types={"sent": "varchar"})
    assert failure([f"--database={path}", f"--output={tmp_path / 'report.html'}"], capsys) == (
        "What the report reads as sent from acton__messages is no number: build the models anew, "
        "or correct what was changed in them."
    )


def test_a_warehouse_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = duckdb_file(tmp_path, ROWS)
    other = tmp_path / "other.duckdb"
    other.symlink_to(path)
    before = Path(path).read_bytes()
    for output in (path, other):
        assert failure([f"--database={path}", f"--output={output}"], capsys) == (
            f"{output} is a DuckDB file, which the report would overwrite: name another file with "
            "--output."
        )
    assert Path(path).read_bytes() == before


def test_a_full_disk_leaves_the_page_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = duckdb_file(tmp_path, ROWS)
    output = tmp_path / "report.html"
    output.write_text("of last week")
    write = Path.write_text

    def write_half(self: Path, text: str, **given: Any) -> int:
        write(self, text[:100], **given)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", write_half)
        assert failure([f"--database={path}", f"--output={output}"], capsys) == (
            f"The report cannot be written to {output}: No space left on device."
        )
    assert output.read_text() == "of last week"
    assert {one.name for one in tmp_path.iterdir()} == {"account.duckdb", "report.html"}


def test_the_file_that_make_run_has_loaded_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACTON_DUCKDB", raising=False)
    assert "There is no file output/acton.duckdb" in failure([], capsys)
    (tmp_path / "output").mkdir()
    path = tmp_path / "output" / "sandbox.duckdb"
    (tmp_path / "marts").mkdir()
    made = duckdb_file(tmp_path / "marts", ROWS)
    Path(made).rename(path)
    assert main([]) == 0
    assert (tmp_path / "output" / "report.html").exists()
    assert capsys.readouterr().out == "output/report.html\n"
    monkeypatch.setenv("ACTON_DUCKDB", made)
    assert f"There is no file {made}" in failure([], capsys)
