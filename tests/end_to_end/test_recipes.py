"""The recipes of the documentation: run where they can be, and their words checked elsewhere."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acton_sandbox import Account, Fault, Sandbox
from tap_acton.errors import EXIT_ALLOWANCE_SPENT
from tap_acton.settings.schema import CONFIG_SCHEMA
from tests.contract.conftest import NOW, bench_of
from tests.contract.harness import catalog, config_of
from tests.end_to_end.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "recipes.md"
FOLDER = ROOT / "docs" / "recipes"
SCRIPT = FOLDER / "load.sh"
TARGET = """#!/bin/sh
# A target: keeps what it gets, and prints the states.
exec tee -a rows.jsonl | sed -n 's/^{"type":"STATE","value":\\(.*\\)}$/\\1/p'
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with a small account."""
    with Sandbox(account=Account.generate(seed=7, size="small")) as sandbox:
        yield sandbox


@pytest.fixture
def place(sandbox: Sandbox, tmp_path: Path) -> Path:
    """A folder with the settings, a selection, and the programs that are not installed."""
    sandbox.faults.clear()
    settings = {**config_of(sandbox), "token_store": str(tmp_path / "store")}
    (tmp_path / ".env").write_text(
        "".join(f"TAP_ACTON_{name.upper()}={value}\n" for name, value in settings.items())
    )
    (tmp_path / "catalog.json").write_text(json.dumps(catalog(["lists", "list_members"])))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "tap-acton").symlink_to(Path(sys.executable).with_name("tap-acton"))
    (programs / "load.sh").symlink_to(SCRIPT)
    (programs / "target-postgres").write_text(TARGET)
    (programs / "target-postgres").chmod(0o755)
    return tmp_path


def started(place: Path, *command: str, **variables: str) -> subprocess.Popen[str]:
    """Start a command in a folder, with its programs and hardly any environment."""
    path = f"{place / 'bin'}:/usr/bin:/bin"
    return subprocess.Popen(
        command,
        cwd=place,
        env={"PATH": path, "HOME": str(place), **variables},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def load(place: Path, **variables: str) -> int:
    """Load once, and return the exit code."""
    with started(place, "load.sh", ".", "target-postgres", **variables) as process:
        process.communicate()
        return process.returncode


def rows(place: Path) -> list[str]:
    """Take the rows that the target has got."""
    lines = (place / "rows.jsonl").read_text().splitlines()
    (place / "rows.jsonl").unlink()
    return [line for line in lines if '"RECORD"' in line]


def recipe(language: str) -> str:
    """Give the only example of a language on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def test_a_run_resumes_where_the_one_before_stopped(place: Path) -> None:
    assert load(place) == 0
    first = rows(place)
    assert load(place) == 0
    assert 0 < len(rows(place)) < len(first) / 2


def test_it_ends_with_the_exit_code_of_the_tap_and_keeps_the_state(place: Path) -> None:
    assert load(place, TAP_ACTON_DAILY_REQUEST_LIMIT="3") == EXIT_ALLOWANCE_SPENT
    assert json.loads((place / "state.json").read_text())["bookmarks"]
    assert not (place / "states.jsonl").exists()


def test_a_signal_ends_it_with_the_state_kept(place: Path, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("delay", "/api/1/list/*", delay=30, times=None))
    before = len(sandbox.requests)
    with started(place, "load.sh", ".", "target-postgres") as process:
        # The rows of lists come next, and would take as long as the delay.
        while "/api/1/list" not in [one.path for one in sandbox.requests[before:]]:
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"ended with {process.wait(0.05)}")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads((place / "state.json").read_text())["bookmarks"]


def test_what_the_target_has_confirmed_before_all_was_killed_counts(place: Path) -> None:
    assert load(place) == 0
    first = rows(place)
    state = (place / "state.json").read_text()
    cut_off = state[: state.index("}") + 1]
    (place / "states.jsonl").write_text(f"{{}}\n{state}{cut_off}")
    (place / "state.json").unlink()
    assert load(place) == 0
    assert len(rows(place)) < len(first) / 2


def test_the_line_for_cron_runs(place: Path) -> None:
    line = recipe("crontab")
    command = line.split(maxsplit=5)[5]
    for name, stands_for in {"/var/lib/acton": place, "/opt/acton/bin": place / "bin"}.items():
        command = command.replace(name, str(stands_for))
    # Cron takes an unescaped % for the end of the line.
    assert "%" not in line
    with started(place, "/bin/sh", "-c", command) as process:
        process.communicate()
    assert process.returncode == 0, (place / "load.log").read_text()
    assert rows(place)


def test_no_address_comes_out_with_the_maps_for_personal_data() -> None:
    settings = json.loads((FOLDER / "personal-data.json").read_text())
    account = Account.generate(seed=7, size="small", now=NOW)
    with bench_of(account) as bench:
        plain = bench.run(streams=["contacts", "opt_outs"])
        found = bench.discover(optional_streams=[], **settings)
        output = bench.run(discovered=found, **settings)
    assert output.failure is None
    assert "stream_maps" not in output.log
    assert not [name for name, rows in output.records.items() if "@" in json.dumps(rows)]
    hashes = [{row["email"] for row in output.records[name]} for name in ("opt_outs", "contacts")]
    assert hashes[0] & hashes[1], "equal addresses have equal hashes"
    contacts = [row for row in plain.records["contacts"] if row["email"] and row["last_name"]]
    left = json.dumps(output.records["contacts"], ensure_ascii=False)
    assert [row["last_name"] for row in contacts]
    assert not [row["last_name"] for row in contacts if f'"{row["last_name"]}"' in left]


@cache
def instructions() -> list[tuple[str, list[str]]]:
    """Give the instructions of the Dockerfile with their words."""
    lines = [line for line in (FOLDER / "Dockerfile").read_text().splitlines() if line]
    pairs = (line.split(maxsplit=1) for line in lines if not line.startswith("#"))
    return [(name, shlex.split(rest)) for name, rest in pairs]


def words_of(instruction: str) -> list[list[str]]:
    """Give the words of each instruction of a kind."""
    return [words for name, words in instructions() if name == instruction]


class TestContainer:
    def test_it_does_not_run_as_root(self) -> None:
        ((user,),) = words_of("USER")
        assert int(user) > 0
        kinds = [name for name, _ in instructions()]
        assert kinds.index("USER") > len(kinds) - 1 - kinds[::-1].index("RUN")

    def test_its_images_and_packages_are_pinned(self) -> None:
        assert {words[0] for words in words_of("FROM")} == {"python:3.12-slim"}
        for words in words_of("RUN"):
            if "install" in words and words[0] != "install":
                assert {"--require-hashes", "--constraint"} & {*words}, words

    def test_what_it_copies_and_uses_is_there(self, wheel: Path) -> None:
        copied = [name for words in words_of("COPY") for name in words[:-1]]
        ours = [name for name in copied if not name.startswith(("--from=", "/"))]
        allowed = re.findall(
            r"^!(.*)$", (FOLDER / "Dockerfile.dockerignore").read_text(), re.MULTILINE
        )
        for name in ours:
            assert (ROOT / name).exists()
            assert name.split("/")[0] in allowed or name in allowed
        ((entry, data),) = (json.loads(" ".join(words_as_written("ENTRYPOINT"))),)
        assert entry == SCRIPT.name
        assert f"docs/recipes/{entry}" in ours
        assert [[data]] == words_of("VOLUME")
        assert SCRIPT.stat().st_mode & 0o111
        (commands,) = wheel.glob("*.dist-info/entry_points.txt")
        assert "\ntap-acton = " in commands.read_text()
        target = json.loads(" ".join(words_as_written("CMD")))[0]
        assert f"\nmeltanolabs-{target}==" in (ROOT / f"requirements/{target}.txt").read_text()


def words_as_written(instruction: str) -> list[str]:
    """Give an instruction's words with their quotes."""
    (line,) = re.findall(
        rf"^{instruction} (.*)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE
    )
    return str(line).split()


def test_the_cron_job_runs_the_container_as_it_is_meant() -> None:
    claim, job = yaml.safe_load_all((FOLDER / "cronjob.yaml").read_text())
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod: dict[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert [[str(pod["securityContext"]["runAsUser"])]] == words_of("USER")
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {"/tmp", *words_of("VOLUME")[0]}  # noqa: S108 - of the container
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert (
        volumes[mounts["/data"]]["persistentVolumeClaim"]["claimName"]
        == (claim["metadata"]["name"])
    )


def test_the_workflow_is_safe_and_runs_the_script() -> None:
    workflow = FOLDER / "github-actions.yml"
    zizmor = Path(sys.executable).with_name("zizmor")
    subprocess.run([zizmor, "--offline", "--persona=auditor", "--quiet", workflow], check=True)
    (steps,) = (job["steps"] for job in yaml.safe_load(workflow.read_text())["jobs"].values())
    commands = [step["run"] for step in steps if "run" in step]
    assert any(f"./{SCRIPT.name} " in command for command in commands)


@pytest.mark.parametrize("file", [PAGE, *sorted(FOLDER.iterdir())], ids=lambda file: file.name)
def test_recipes_name_only_settings_that_exist(file: Path) -> None:
    names = re.findall(r"\bTAP_ACTON_([A-Z][A-Z_]*[A-Z])", file.read_text())
    assert {name.lower() for name in names} <= CONFIG_SCHEMA["properties"].keys()
