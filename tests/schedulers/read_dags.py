"""Loads the DAGs as Airflow does and runs their task.

A script for the Python in ``.venv-schedulers``.

Usage: ``read_dags.py FOLDER KEY...``, with the variables that the DAGs take. Prints an object: the
``dags`` by id, the ``errors`` of loading them, and how the task ended for each ``KEY``: its
exception, sentence, and the seconds until it is to run again.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def main() -> None:
    """Load the DAGs, and run the task."""
    folder, *keys = sys.argv[1:]
    bag = DagBag(folder)
    dags = {
        name: {
            "cron": dag.timetable.expression,
            "zone": str(dag.timetable.timezone),
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "tasks": {
                one.task_id: {"pool": one.pool, "retries": one.retries, "key": one.op_args}
                for one in dag.tasks
            },
        }
        for name, dag in bag.dags.items()
    }
    ended = {key: _end_of(bag, key) for key in keys}
    json.dump({"dags": dags, "errors": bag.import_errors, "ended": ended}, sys.stdout)


def _end_of(bag: DagBag, key: str) -> dict[str, Any]:
    task = bag.dags[f"acton_{key}"].get_task("read")
    now = datetime.now(UTC)
    try:
        task.python_callable(*task.op_args)
    except Exception as error:  # noqa: BLE001 - which one it is, is what the test wants to know
        until = getattr(error, "reschedule_date", None)
        return {
            "class": type(error).__name__,
            "sentence": str(error),
            "seconds": until and (until - now).total_seconds(),
        }
    return {"class": "", "sentence": "", "seconds": None}


if __name__ == "__main__":
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    main()
