"""A project of one's own: `meltano init`, one `meltano add`, the credentials, and nothing else."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acton_sandbox import Account, Sandbox
from pipeline.meltano import MELTANO
from tests.contract.expected import KEYS
from tests.contract.harness import config_of
from tests.end_to_end.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OTHER = "tap-acton--other"
"""A plugin that inherits from the tap's."""


@pytest.fixture
def own_project(tmp_path: Path, environment: dict[str, str]) -> Path:
    """A project that the definition of the plugin was added to."""
    environment |= {
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    meltano(tmp_path, environment, "init", "own")
    project = tmp_path / "own"
    definition = f"--from-ref={ROOT / 'meltano-plugin.yml'}"
    meltano(project, environment, "add", "tap-acton", "--no-install", definition)
    # What is installed in the checkout is not installed again.
    installed = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["extractors"][0]
    text = (project / "meltano.yml").read_text()
    assert "pip_url: tap-acton\n" in text
    (project / "meltano.yml").write_text(
        text.replace("pip_url: tap-acton\n", f"pip_url: {installed['pip_url']}\n")
    )
    (project / ".meltano" / "extractors").mkdir(parents=True)
    (project / ".meltano" / "extractors" / "tap-acton").symlink_to(
        ROOT / ".meltano" / "extractors" / "tap-acton"
    )
    return project


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with a small account."""
    with Sandbox(account=Account.generate(seed=7, size="small")) as sandbox:
        yield sandbox


def meltano(folder: Path, env: Mapping[str, str], *arguments: str, piped: str = "") -> str:
    """Run Meltano to its good end, and return what it prints."""
    ended = subprocess.run(
        [ROOT / MELTANO, "--log-level=warning", *arguments],
        cwd=folder,
        env=dict(env),
        input=piped,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def planned(output: str) -> dict[str, int]:
    """Return the calls by stream of a plan in words."""
    rows = [line.split() for line in output.partition("\n\n")[0].splitlines()[1:]]
    return {row[0]: int(row[1 + (row[1] == "about")].replace(",", "")) for row in rows}


@pytest.mark.timeout(240)
def test_it_reads_everything_but_what_is_optional_and_plans_it(
    own_project: Path, environment: dict[str, str], sandbox: Sandbox
) -> None:
    settings = {**config_of(sandbox), "token_store": str(own_project / "store")}
    lines = [f"TAP_ACTON_{name.upper()}={value}\n" for name, value in settings.items()]
    (own_project / ".env").write_text("".join(lines))
    (own_project / ".env").chmod(0o600)

    before = len(sandbox.requests)
    first = planned(meltano(own_project, environment, "invoke", "tap-acton:plan"))
    assert len(sandbox.requests) - before < first["total"] / 3
    assert first.keys() == {*KEYS, "webinar_registrants", "total"}  # none of the optional ones

    output = meltano(own_project, environment, "invoke", "tap-acton")
    messages = [json.loads(line) for line in output.splitlines()]
    schemas = {message["stream"] for message in messages if message["type"] == "SCHEMA"}
    assert schemas == first.keys() - {"total"}

    state = {"singer_state": [m["value"] for m in messages if m["type"] == "STATE"][-1]}
    options = ("invoke", "tap-acton:plan")
    later = planned(meltano(own_project, environment, *options, piped=json.dumps(state)))
    assert later["total"] < first["total"] / 2

    # Meltano writes YAML 1.2, in which this is a word; for PyYAML it is false.
    text = (own_project / "meltano.yml").read_text().replace("value: off\n", "value: 'off'\n")
    project: dict[str, Any] = yaml.safe_load(text)
    project["plugins"]["extractors"].append(
        {
            "name": OTHER,
            "inherit_from": "tap-acton",
            "config": {"message_types": ["SENT"], "optional_streams": ["contact_scores"]},
            "select": ["messages.*", "contact_scores.*"],
        }
    )
    (own_project / "meltano.yml").write_text(yaml.safe_dump(project))
    other = planned(meltano(own_project, environment, "invoke", f"{OTHER}:plan"))
    assert {"messages", "contact_scores"} <= other.keys()
    assert not {"forms", "lists"} & other.keys()
    assert other["messages"] < first["messages"]
