"""The recipes of the documentation: run where they can be, and their words checked elsewhere."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Stage(NamedTuple):
    """A stage of the Dockerfile: what it starts from, and its instructions with their texts."""

    base: str
    instructions: list[tuple[str, str]]

    def texts(self, kind: str) -> list[str]:
        """Give the texts of each instruction of a kind."""
        return [text for name, text in self.instructions if name == kind]

    def variables(self) -> dict[str, str]:
        """Give the variables that it sets."""
        pairs = [pair for text in self.texts("ENV") for pair in shlex.split(text)]
        return dict(pair.split("=", 1) for pair in pairs)


@cache
def stages() -> dict[str, Stage]:
    """Give the stages of the Dockerfile."""
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    found: dict[str, Stage] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = stage = Stage(base, [])
        elif found and line and not line.startswith("#"):
            stage.instructions.append((kind, rest))
    return found


TARGETS = ("tap", "meltano", "postgres")
"""The stages that are images."""


@pytest.mark.parametrize("target", TARGETS)
class TestContainer:
    def test_it_does_not_run_as_root_and_writes_below_the_volume(self, target: str) -> None:
        stage = stages()[target]
        (user,) = stage.texts("USER")
        assert int(user) > 0
        kinds = [kind for kind, _ in stage.instructions]
        assert "RUN" not in kinds[kinds.index("USER") :]
        assert stage.base == "base"
        assert stages()["base"].texts("VOLUME") == ["/data"]
        assert stages()["base"].texts("RUN") == [
            f"install --directory --owner={user} --mode=700 /data"
        ]
        paths = [value for value in stage.variables().values() if value.startswith("/data/")]
        # The script gets the folder, and the others know it.
        assert bool(paths) is (target != "postgres")

    def test_its_command_is_in_it(self, target: str, wheel: Path) -> None:
        stage = stages()[target]
        (entry,) = stage.texts("ENTRYPOINT")
        (defaults,) = stage.texts("CMD")
        program, *_ = json.loads(entry)
        if target == "tap":
            (commands,) = wheel.glob("*.dist-info/entry_points.txt")
            assert f"\n{program} = " in commands.read_text()
        elif target == "meltano":
            assert re.search(
                rf"^{program}==", (ROOT / "requirements/meltano.txt").read_text(), re.MULTILINE
            )
            jobs = yaml.safe_load((ROOT / "meltano.yml").read_text())["jobs"]
            assert json.loads(defaults)[-1] in [job["name"] for job in jobs]
        else:
            assert f"docs/recipes/{program} /usr/local/bin/" in stage.texts("COPY")
            assert SCRIPT.stat().st_mode & 0o111
            loader = json.loads(defaults)[0]
            assert f"\nmeltanolabs-{loader}==" in (ROOT / f"requirements/{loader}.txt").read_text()

    def test_a_release_builds_it(self, target: str) -> None:
        workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
        assert target in workflow["jobs"]["image"]["strategy"]["matrix"]["target"]


def test_the_images_and_packages_of_a_container_are_pinned() -> None:
    assert "\nARG BASE=python:3.12-slim\n" in (FOLDER / "Dockerfile").read_text()
    names = list(stages())
    for number, stage in enumerate(stages().values()):
        assert stage.base in {"${BASE}", *names[:number]}
        for text in stage.texts("RUN"):
            for command in text.split(" && "):
                if "pip install" in command:
                    assert {"--require-hashes", "--constraint"} & {*command.split()}, command
    (installed,) = re.findall(r"meltano install ([^&]+) &&", str(stages()["build-meltano"]))
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    found = {one["name"]: one.get("pip_url", "") for kind in plugins.values() for one in kind}
    for name in installed.split():
        assert {"--require-hashes", "--constraint"} & {*found[name].split()}, name


def test_what_a_container_copies_is_there_and_reaches_the_build() -> None:
    allowed = re.findall(r"^!(.*)$", (FOLDER / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    for stage in stages().values():
        for text in stage.texts("COPY"):
            if "--from=" in text:
                assert re.findall("--from=([a-z-]+)", text)[0] in stages()
                continue
            for name in text.split()[:-1]:
                assert (ROOT / name).exists()
                assert name.split("/")[0] in allowed or name in allowed


def test_the_project_of_the_container_has_the_wheel_in_place_of_the_checkout(
    tmp_path: Path,
) -> None:
    (line,) = [text for text in stages()["build-meltano"].texts("RUN") if "sed" in text]
    command = line.partition(" && ")[0].replace("/wheel", str(tmp_path))
    (tmp_path / "tap_acton-1.2.3-py3-none-any.whl").touch()
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    subprocess.run(["/bin/sh", "-ec", command], cwd=tmp_path, check=True)
    project = yaml.safe_load((tmp_path / "meltano.yml").read_text())
    assert project["plugins"]["extractors"][0]["pip_url"] == (
        f"{tmp_path}/tap_acton-1.2.3-py3-none-any.whl[postgresql] "
        "--constraint requirements/development.txt"
    )


def test_the_settings_that_keep_the_rows_of_the_container_are_those_of_the_plugins() -> None:
    variables = stages()["meltano"].variables()
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    known = {
        f"{plugin['name']}_{setting['name']}".upper().replace("-", "_")
        for kind in ("loaders", "utilities")
        for plugin in plugins[kind]
        for setting in plugin.get("settings", ())
    }
    ours = {name: value for name, value in variables.items() if name.startswith(("TARGET", "DBT"))}
    assert {"TARGET_DUCKDB_FILEPATH", "DBT_DUCKDB_FILE"} == ours.keys() & known == ours.keys()
    assert len({*ours.values()}) == 1, "the models are built in the file that is loaded"


def test_the_cron_job_runs_the_container_as_it_is_meant() -> None:
    claim, job = yaml.safe_load_all((FOLDER / "cronjob.yaml").read_text())
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod: dict[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert [str(pod["securityContext"]["runAsUser"])] == stages()["postgres"].texts("USER")
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {"/tmp", *stages()["base"].texts("VOLUME")}  # noqa: S108 - of the container
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
