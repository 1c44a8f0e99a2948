"""What a wheel brings: the tap, and the sandbox, which is used without a checkout."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.contract.harness import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def printed(wheel: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """What the sandbox of the wheel prints when it listens, while it does."""
    environment["PYTHONPATH"] = str(wheel)
    command = [sys.executable, "-m", "acton_sandbox", "--port=0", "--size=small", "--no-limits"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        text = ""
        try:
            while "daily_request_limit: " not in text:  # the last line
                text += process.stdout.readline() or pytest.fail(text)
            yield text
        finally:
            process.terminate()


def test_who_pastes_what_the_sandbox_prints_reads_a_stream(
    printed: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "catalog.json").write_text(json.dumps(catalog(["messages"])))
    *exports, read = re.findall(r"^(?:export .*|.* --config=ENV.*)$", printed, re.MULTILINE)
    pasted = "\n".join([*exports, read.replace("=ENV", "=ENV --catalog=catalog.json")])
    subprocess.run(["/bin/sh", "-ec", pasted], cwd=tmp_path, env=environment, check=True)
    messages = map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())
    assert {one["stream"] for one in messages if one["type"] == "RECORD"} == {"messages"}

    of_meltano = yaml.safe_load(printed.partition("meltano.yml:\n")[2])["config"]
    names = {f"TAP_ACTON_{name.upper()}": str(value) for name, value in of_meltano.items()}
    assert names == dict(line.removeprefix("export ").split("=", 1) for line in exports)


def test_an_installed_tap_reads_the_env_file_of_the_current_folder_and_of_no_other(
    wheel: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["PYTHONPATH"] = str(wheel)
    folder, below = tmp_path / "project", tmp_path / "project" / "below"
    below.mkdir(parents=True)
    (folder / ".env").write_text("TAP_ACTON_CLIENT_ID=mine\nTAP_ACTON_REGION=nowhere\n")
    outcomes = {
        place: subprocess.run(
            [sys.executable, "-m", "tap_acton", "--config=ENV"],
            cwd=place,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        for place in (folder, below)
    }
    assert "The setting region must be" in outcomes[folder].stderr
    assert "The setting region must be" not in outcomes[below].stderr
    assert {outcome.returncode for outcome in outcomes.values()} == {1}


def test_the_commands_are_those_of_modules_in_the_wheel(wheel: Path) -> None:
    (listed,) = wheel.glob("*.dist-info/entry_points.txt")
    commands = dict(re.findall(r"^([\w-]+) = ([\w.]+):main$", listed.read_text(), re.MULTILINE))
    assert commands.keys() == {
        "tap-acton",
        "tap-acton-check",
        "tap-acton-plan",
        "tap-acton-sandbox",
    }
    for module in commands.values():
        assert (wheel / f"{module.replace('.', '/')}.py").exists()


def test_without_its_packages_the_sandbox_says_which_extra_has_them(
    wheel: Path, environment: dict[str, str]
) -> None:
    # -S leaves out whatever is installed.
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "acton_sandbox"],
        env={**environment, "PYTHONPATH": str(wheel)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "The sandbox needs its extra: install tap-acton[sandbox].\n"
