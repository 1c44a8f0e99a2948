"""Writes the manifests of all accounts: ``python -m orchestrate.kubernetes IMAGE``.

A CronJob for each partition of accounts.yml, and the ConfigMap with that file. Secrets are never
read: a variable that the file names is a key of the Secret ``acton``.
"""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestrate.accounts import (
    POSTGRESQL,
    STATE_ELSEWHERE,
    AccountsError,
    accounts_path,
    minute_of,
    read_accounts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrate.accounts import Account, Accounts

NAME = "acton"
"""The Secret and the ConfigMap."""

LOGIN = "TAP_ACTON_TOKEN_STORE"
"""The variable that names where the login and the call counts are kept."""

MOST_OF_NAME = 52
"""Kubernetes puts eleven characters behind the name of a CronJob, of at most 63."""

TEMPLATE = Path(__file__).with_name("cronjob.yaml")


def manifests(accounts: Accounts, text: str, image: str) -> Iterator[dict[str, Any]]:
    """Yield the manifests.

    Args:
        accounts: What accounts.yml holds.
        text: The file itself.
        image: The image to run.

    Raises:
        AccountsError: If a run would lose what it has to keep, or a key is too long, or gives the
            name of another job.
    """
    given = {*accounts.variables}
    if accounts.target != POSTGRESQL or LOGIN not in given or given.isdisjoint(STATE_ELSEWHERE):
        raise AccountsError(
            f"accounts.yml: a pod keeps nothing, so Kubernetes needs target: {POSTGRESQL}, and "
            f"{LOGIN} and {' or '.join(STATE_ELSEWHERE)} among the variables."
        )
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME},
        "data": {"accounts.yml": text},
    }
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    keys: dict[str, str] = {}
    for account in accounts.partitions.values():
        job = _cron_job(template, account, accounts, image)
        other = keys.setdefault(job["metadata"]["name"], account.key)
        if other != account.key:
            raise AccountsError(
                f"The keys {other} and {account.key} would be one job for Kubernetes: change one."
            )
        yield job


def _cron_job(
    template: dict[str, Any], account: Account, accounts: Accounts, image: str
) -> dict[str, Any]:
    job = copy.deepcopy(template)
    name = f"{NAME}-{account.key.replace('.', '-')}"
    if len(name) > MOST_OF_NAME:
        raise AccountsError(
            f"The key {account.key} is too long for Kubernetes, which allows {MOST_OF_NAME} "
            f"characters in {name}: shorten it."
        )
    hour, minute = divmod(minute_of(account, accounts.night), 60)
    job["metadata"]["name"] = name
    job["spec"] |= {"schedule": f"{minute} {hour} * * *", "timeZone": accounts.night.zone}
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container |= {"image": image, "args": [account.key]}
    container["env"] += [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": NAME, "key": variable}}}
        for variable in sorted({*account.secrets.values(), *accounts.variables})
    ]
    return job


def main() -> int:
    """Write the manifests to standard output; return the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the image
        sys.stderr.write("Usage: python -m orchestrate.kubernetes IMAGE\n")
        return 2
    path = accounts_path(os.environ)
    try:
        accounts = read_accounts(path)
        found = list(manifests(accounts, path.read_text(encoding="utf-8"), sys.argv[1]))
    except AccountsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    yaml.safe_dump_all(found, sys.stdout, sort_keys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
