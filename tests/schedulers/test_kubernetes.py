"""The manifests are valid, and each CronJob runs one account with the secrets of that account."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from orchestrate.accounts import AccountsError, minute_of, read_accounts
from orchestrate.kubernetes.__main__ import TEMPLATE, manifests
from tests.schedulers.accounts import KEYS, PROJECT, environment

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "registry.example.com/acton:1.2.3"
VALIDATE = PROJECT / ".venv-schedulers" / "bin" / "kubernetes-validate"
VERSIONS = ("1.31.0", "1.37.0")
"""The first one in which podFailurePolicy is stable, and the latest that is known."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kubernetes")


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    """The manifests as the command writes them."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestrate.kubernetes", IMAGE],
        env={"PATH": os.environ["PATH"], **environment(folder)},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    path = folder / "manifests.yaml"
    path.write_bytes(done.stdout)
    return path


@pytest.fixture(scope="module")
def jobs(written: Path) -> dict[str, Any]:
    _, *found = yaml.safe_load_all(written.read_text())
    return {job["metadata"]["name"]: job["spec"] for job in found}


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    (container,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_them(written: Path, version: str) -> None:
    done = subprocess.run(
        [VALIDATE, "--strict", "--kubernetes-version", version, written, TEMPLATE],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_account_and_each_shard_has_a_job_at_its_own_time(
    written: Path, folder: Path, jobs: dict[str, Any]
) -> None:
    accounts = read_accounts(folder / "accounts.yml")
    names = {f"acton-{key}" for key in (*KEYS, "shared-1-of-2", "shared-2-of-2")}
    assert jobs.keys() == names
    for account in accounts.partitions.values():
        job = jobs[f"acton-{account.key.replace('.', '-')}"]
        minute, hour, *_ = job["schedule"].split()
        assert int(hour) * 60 + int(minute) == minute_of(account, accounts.night)
        assert job["timeZone"] == "America/New_York"
        assert container_of(job)["args"] == [account.key]
        assert container_of(job)["image"] == IMAGE
    config, *_ = yaml.safe_load_all(written.read_text())
    assert config["data"]["accounts.yml"] == (folder / "accounts.yml").read_text()


def test_a_job_gets_the_secrets_of_its_account_alone_and_by_name(
    written: Path, jobs: dict[str, Any]
) -> None:
    env = {entry["name"]: entry for entry in container_of(jobs["acton-good"])["env"]}
    secrets = {name for name, entry in env.items() if "valueFrom" in entry}
    assert secrets == {
        "CLIENT_ID",
        "CLIENT_SECRET",
        "GOOD_PASSWORD",
        "GOOD_USERNAME",
        "MELTANO_DATABASE_URI",
        "TAP_ACTON_TOKEN_STORE",
    }
    for name in secrets:
        assert env[name]["valueFrom"] == {"secretKeyRef": {"name": "acton", "key": name}}
    text = written.read_text()
    assert "password-of" not in text
    assert "db.example.com" not in text


def test_one_run_at_a_time_and_no_needless_second_try(jobs: dict[str, Any]) -> None:
    for job in jobs.values():
        assert job["concurrencyPolicy"] == "Forbid"
        policy = job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
        codes = {
            code: rule["action"]
            for rule in policy
            if "onExitCodes" in rule
            for code in rule["onExitCodes"]["values"]
        }
        assert codes == {1: "FailJob", 2: "FailJob", 3: "FailJob"}
        assert all(
            rule["onExitCodes"]["containerName"] == container_of(job)["name"]
            for rule in policy
            if "onExitCodes" in rule
        )


def test_the_container_may_write_to_its_temporary_folder_alone(jobs: dict[str, Any]) -> None:
    for job in jobs.values():
        container = container_of(job)
        assert container["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        writable = [
            one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")
        ]
        values = {one["name"]: one.get("value", "") for one in container["env"]}
        for name in ("ACTON_WORK_FOLDER", "ACTON_WAREHOUSE_FOLDER", "HOME"):
            assert any(values[name].startswith(path) for path in writable), name
    pod = jobs["acton-good"]["jobTemplate"]["spec"]["template"]["spec"]
    user = f"USER {pod['securityContext']['runAsUser']}"
    assert user in TEMPLATE.with_name("Dockerfile").read_text().splitlines()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("target-postgres", "target-duckdb", "needs target: target-postgres"),
        ("MELTANO_DATABASE_URI, ", "", "TAP_ACTON_TOKEN_STORE and MELTANO_DATABASE_URI or"),
        ("key: good,", f"key: {'g' * 48},", "is too long for Kubernetes"),
        ("key: good,", "key: shared-1-of-2,", "shared-1-of-2 and shared.1-of-2 would be one job"),
    ],
)
def test_what_a_pod_would_lose_is_refused(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    environment(tmp_path)
    path = tmp_path / "accounts.yml"
    text = path.read_text().replace(before, after)
    if after == "target-duckdb":
        text = text.replace(", shards: 2", "")
    path.write_text(text)
    with pytest.raises(AccountsError, match=words):
        list(manifests(read_accounts(path), text, IMAGE))
