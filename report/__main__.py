"""Writes the report: ``python -m report --database FILE.duckdb --output report.html``."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from report.database import is_duckdb, opened
from report.errors import ReportError
from report.marts import read
from report.page import page

FILES = (Path("output/acton.duckdb"), Path("output/sandbox.duckdb"))
"""What `make run` fills: for an account, and for the sandbox."""


def main(arguments: list[str] | None = None) -> int:
    """Write the page, and print its path.

    Returns:
        0, or 1 if it cannot be made.
    """
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    parser.add_argument(
        "--database",
        default=_database(),
        help="a DuckDB file, or postgresql://... without a password, which PGPASSWORD has",
    )
    parser.add_argument("--schema", default="marts", help="the schema with the marts")
    parser.add_argument("--output", type=Path, default=Path("output/report.html"))
    given = parser.parse_args(arguments)
    try:
        with opened(given.database, given.schema) as database:
            marts = read(database)
        text = page(marts, datetime.now(UTC))
        try:
            _write(given.output, text)
        except OSError as error:
            raise ReportError(
                f"The report cannot be written to {given.output}: {error.strerror}."
            ) from None
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    print(given.output)
    return 0


def _write(output: Path, text: str) -> None:
    """Write the page beside its place first: a full disk leaves the page that was there."""
    if is_duckdb(output):
        raise ReportError(
            f"{output} is a DuckDB file, which the report would overwrite: name another file with "
            "--output."
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.exists() and not output.is_file():
        output.write_text(text, encoding="utf-8")  # Such as /dev/stdout.
        return
    place = output.resolve()
    made = place.with_name(f".{place.name[:100]}.{os.getpid()}")
    try:
        made.write_text(text, encoding="utf-8")
        made.replace(place)
    finally:
        made.unlink(missing_ok=True)


def _database() -> str:
    file = next((one for one in FILES if one.exists()), FILES[0])
    return os.environ.get("ACTON_DUCKDB") or str(file)


if __name__ == "__main__":
    sys.exit(main())
