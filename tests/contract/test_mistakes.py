"""What a person sees who got something wrong: one sentence, within seconds, and no secret."""

from __future__ import annotations

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Sandbox
from tests.contract.conftest import NOW
from tests.contract.harness import command, config_of

if TYPE_CHECKING:
    from pathlib import Path

# Two dozen starts of the command, each of a second or two.
pytestmark = pytest.mark.timeout(300)

SECRETS = ("sandbox-secret", "sandbox-password", "reader@example.com", "wr0ng", "t0ken")


@dataclass(frozen=True)
class Mistake:
    """A run that cannot go well.

    Attributes:
        says: What the sentence has to name.
        settings: Settings that differ; None leaves one out.
        sandbox: What is different about the sandbox.
        exit_code: With which the run ends.
        texts: Texts of files, by the option that names the file; None for no such file.
    """

    says: str
    settings: dict[str, Any] = field(default_factory=dict)
    sandbox: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 1
    texts: dict[str, str | None] = field(default_factory=dict)


MISTAKES = {
    "no client": Mistake("client_id is required", {"client_id": None}),
    "no user": Mistake("refresh_token", {"username": None, "password": None}),
    "half a user": Mistake("username and password", {"password": None}),
    "a start that is none": Mistake("start_date", {"start_date": "someday"}),
    "a start after the end": Mistake(
        "start_date", {"start_date": "2026-02-01", "end_date": "2026-01-01"}
    ),
    "too large a page": Mistake("page_size", {"page_size": 5_000}),
    "an unknown event": Mistake(
        'not "CLICKS"; did you mean CLICKED?', {"event_types": ["OPENED", "CLICKS"]}
    ),
    "an address without TLS": Mistake("api_url", {"api_url": "http://user:wr0ng@api.example.com"}),
    "a shard too many": Mistake("shard", {"shard": "3/2"}),
    "no folder for the token": Mistake("token_store", {"token_store": "/dev/null/store"}),
    "the number of another account": Mistake("account_id is 1", {"account_id": "1"}),
    "a wrong client": Mistake("client_secret", {"client_secret": "wr0ng"}),
    "a wrong password": Mistake("password", {"password": "wr0ng"}),
    "a dead refresh token": Mistake(
        "refresh_token", {"username": None, "password": None, "refresh_token": "dead-t0ken"}
    ),
    "no API access": Mistake("enabled", sandbox={"choices": Choices(api_enabled=False)}),
    "a closed port": Mistake("api_url", {"api_url": "http://127.0.0.1:{closed_port}"}),
    "a host that does not exist": Mistake("api_url", {"api_url": "https://acton.invalid"}),
    "a daily limit of a few calls": Mistake(
        "daily_request_limit", {"daily_request_limit": 5}, exit_code=3
    ),
    "no file of settings": Mistake("--config", exit_code=2, texts={"--config": None}),
    "settings that are no JSON": Mistake(
        "--config", exit_code=2, texts={"--config": '{"password": "wr0ng",'}
    ),
    "a state that is no JSON": Mistake("--state", texts={"--state": '{"bookmarks": '}),
    "a state that is no object": Mistake("--state", texts={"--state": "[1, 2]"}),
    "no file of the state": Mistake("--state", exit_code=2, texts={"--state": None}),
    "a catalog that is none": Mistake("catalog", texts={"--catalog": '{"foo": 1}'}),
    "a catalog that is no JSON": Mistake("--catalog", texts={"--catalog": ""}),
}


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, standard error and output, and the seconds it took."""

    exit_code: int
    stderr: str
    stdout: str
    seconds: float


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """All the runs, made side by side, as each spends most of its time on starting."""
    account = Account.generate(seed=7, size="small", now=NOW)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed_port = unused.getsockname()[1]

        def run(mistake: Mistake, folder: Path) -> Ended:
            with Sandbox(account=account, **mistake.sandbox) as sandbox:
                config = config_of(sandbox)
                for name, value in mistake.settings.items():
                    is_address = name == "api_url"
                    config[name] = value.format(closed_port=closed_port) if is_address else value
                config = {name: value for name, value in config.items() if value is not None}
                texts = {"--config": json.dumps(config), **mistake.texts}
                arguments: list[str | Path] = []
                for option, text in texts.items():
                    path = folder / f"{option.strip('-')}.json"
                    if text is not None:
                        path.write_text(text, encoding="utf-8")
                    arguments += [option, path]
                began = time.monotonic()
                made = command(*arguments)
                seconds = time.monotonic() - began
            return Ended(made.returncode, made.stderr, made.stdout, seconds)

        folders = [tmp_path_factory.mktemp("mistake") for _ in MISTAKES]
        with ThreadPoolExecutor(4) as pool:
            return dict(zip(MISTAKES, pool.map(run, MISTAKES.values(), folders), strict=True))


@pytest.mark.parametrize("name", MISTAKES)
def test_the_run_ends_soon_with_the_right_exit_code(ended: dict[str, Ended], name: str) -> None:
    assert ended[name].exit_code == MISTAKES[name].exit_code
    assert ended[name].seconds < 25


@pytest.mark.parametrize("name", MISTAKES)
def test_one_sentence_names_what_is_wrong(ended: dict[str, Ended], name: str) -> None:
    run = ended[name]
    # The command line's own mistakes come as click tells them.
    errors = re.findall(r"^.*\| ERROR .*\| (.*)$|^Error: (.*)$", run.stderr, re.MULTILINE)
    sentences = ["".join(found) for found in errors]
    assert len(sentences) == 1, run.stderr
    assert MISTAKES[name].says in sentences[0]
    assert sentences[0].endswith((".", "?")) or MISTAKES[name].exit_code == 2


@pytest.mark.parametrize("name", MISTAKES)
def test_neither_a_trace_nor_a_secret_is_shown(ended: dict[str, Ended], name: str) -> None:
    run = ended[name]
    assert "Traceback" not in run.stderr
    for secret in SECRETS:
        assert secret not in run.stderr
        assert MISTAKES[name].exit_code == 3 or secret not in run.stdout


@pytest.mark.parametrize("name", MISTAKES)
def test_nothing_but_whole_messages_is_on_standard_output(
    ended: dict[str, Ended], name: str
) -> None:
    lines = ended[name].stdout.splitlines()
    assert {json.loads(line)["type"] for line in lines} <= {"SCHEMA", "RECORD", "STATE"}
    if MISTAKES[name].exit_code != 3:
        assert "RECORD" not in ended[name].stdout
