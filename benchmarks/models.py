"""Builds the models of a large account; a script for the Python in ``.venv-dbt``.

Usage: ``models.py FOLDER``. Fills a DuckDB file in the folder with 200,000 contacts, who are in a
list, and 1,000,000 events of 1,000 messages. Runs dbt on it, once from nothing and once after two
of the messages have got 1,000 events more, and prints what each run took.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import duckdb

TRANSFORM = Path(__file__).parents[1] / "transform"
CONTACTS, EVENTS, MESSAGES, NEW_EVENTS = 200_000, 1_000_000, 1_000, 1_000

TABLES = f"""
CREATE TABLE account AS SELECT '1' AS id, '1' AS account_id, 'US/Pacific' AS time_zone,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at;
CREATE TABLE contacts AS SELECT 'c' || n AS id, 'person' || n || '@example.com' AS email,
    'l-1:' || n AS legacy_record_id, TIMESTAMP '2024-01-01' + INTERVAL (n) MINUTE AS created_at,
    TIMESTAMP '2026-01-01' AS updated_at, (n % 100)::DOUBLE AS acton_primary_score,
    CASE WHEN n % 3 = 0 THEN '00Q' || lpad(n::VARCHAR, 15, '0') END AS external_id,
    CASE WHEN n % 3 = 0 THEN 'Lead' END AS object_type,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at FROM range({CONTACTS}) AS t(n);
CREATE TABLE lists AS SELECT 'contact_list' AS listing_type, 'l-1' AS id, 'Everybody' AS name,
    {CONTACTS} AS size, TIMESTAMP '2026-01-01' AS _sdc_extracted_at;
CREATE TABLE list_members AS SELECT 'l-1' AS list_id, 'l-1:' || n AS contact_id,
    'person' || n || '@example.com' AS email, TIMESTAMP '2024-01-01' + INTERVAL (n) MINUTE
    AS created_at, TIMESTAMP '2026-01-01' AS modified_at, JSON '{{"Company": "Example"}}' AS fields,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at FROM range({CONTACTS}) AS t(n);
CREATE TABLE messages AS SELECT 's-' || n AS id, 'Message ' || n AS name, 'SENT' AS message_type,
    TIMESTAMP '2025-01-01' + INTERVAL (n * 8) HOUR AS sent_at, 'news@example.com' AS sender_email,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at FROM range({MESSAGES}) AS t(n);
CREATE TABLE message_events AS SELECT 'e' || n AS id, 's-' || (n % {MESSAGES}) AS message_id,
    CASE WHEN kind < 6 THEN 'SENT' WHEN kind < 9 THEN 'OPENED' ELSE 'CLICKED' END AS event_type,
    TIMESTAMP '2025-01-01' + INTERVAL (n % {MESSAGES} * 8 + kind) HOUR AS event_at,
    'person' || person || '@example.com' AS email, 'l-1:' || person AS contact_id, 'l-1' AS list_id,
    'https://www.example.com/' || person % 7 AS link_url,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at
    FROM (SELECT n, n // {MESSAGES} % 10 AS kind,
        (n % {MESSAGES} * 100 + n // {MESSAGES} // 10) % {CONTACTS} AS person
        FROM range({EVENTS}) AS t(n)) AS drawn;
CREATE TABLE message_reports AS SELECT message_id, max('Subject ' || message_id) AS subject,
    count(*) FILTER (event_type = 'SENT') AS sent, 0 AS delivered, 0 AS bounced, 0 AS hard_bounced,
    0 AS soft_bounced, count(DISTINCT email) FILTER (event_type = 'OPENED') AS opened_unique,
    count(*) FILTER (event_type = 'OPENED') AS opened_total,
    TIMESTAMP '2026-01-01' AS _sdc_extracted_at FROM message_events GROUP BY message_id;
"""  # noqa: S608 - numbers of our own

MORE = f"""
INSERT INTO message_events SELECT 'more' || n, 's-' || (n % 2), 'OPENED', TIMESTAMP '2026-01-02',
    'person' || n || '@example.com', 'l-1:' || n, 'l-1', NULL, TIMESTAMP '2026-01-02'
    FROM range({NEW_EVENTS}) AS t(n);
"""  # noqa: S608 - numbers of our own


def main() -> None:
    """Fill the file, run dbt twice, and print what it took."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "acton.duckdb"
    file.unlink(missing_ok=True)
    limits = {"threads": 2, "settings": {"memory_limit": "4GB", "threads": 2}}
    output = {"type": "duckdb", "path": str(file), "schema": "main", **limits}
    profiles = {"acton": {"target": "large", "outputs": {"large": output}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles))
    for name, statements in (("everything", TABLES), ("1,000 more events", MORE)):
        with duckdb.connect(str(file)) as connection:
            connection.execute(statements)
        run(name, folder)


def run(name: str, folder: Path) -> None:
    """Run dbt, and print the seconds and the largest memory so far."""
    begin = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", "run", "--project-dir", TRANSFORM],
        env={
            **os.environ,
            "DBT_PROFILES_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder),
        },
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    slowest = sorted(results, key=lambda one: -one["execution_time"])[:5]
    print(f"{name}: {time.monotonic() - begin:.0f} s, {processor:.0f} processor seconds,", end=" ")
    print(f"at most {after.ru_maxrss / 1024:.0f} MB")
    for one in slowest:
        print(f"  {one['unique_id'].rpartition('.')[2]}: {one['execution_time']:.1f} s")


if __name__ == "__main__":
    main()
