"""accounts.yml: what is read of it, and how a wrong one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from orchestrate.accounts import AccountsError, main, read_accounts
from tests.orchestrate.conftest import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrate.accounts import Accounts


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Two accounts."""
    path = tmp_path / "accounts.yml"
    path.write_text(ACCOUNTS)
    return read_accounts(path)


def test_it_has_all_that_a_run_needs(accounts: Accounts) -> None:
    assert list(accounts.partitions) == ["north", "south"]
    south = accounts.partitions["south"]
    assert (south.schema, south.region, south.daily_request_limit) == ("south", "eu", 500)
    assert south.secrets["refresh_token"] == "SOUTH_TOKEN"
    assert accounts.partitions["north"].select == ("*.*",)


def test_a_sharded_account_is_a_partition_per_shard(tmp_path: Path) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["target"] = "target-postgres"
    data["accounts"][0]["shards"] = 2
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    accounts = read_accounts(path)
    assert list(accounts.partitions) == ["north.1-of-2", "north.2-of-2", "south"]
    assert accounts.parts_of("north") == ["north.1-of-2", "north.2-of-2"]
    assert accounts.partitions["north.2-of-2"].settings["shard"] == "2/2"
    assert accounts.partitions["north.2-of-2"].schema == "north"


def test_all_accounts_may_share_a_token_store_and_a_key_may_have_hyphens(tmp_path: Path) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["variables"] = ["TAP_ACTON_TOKEN_STORE"]
    data["accounts"][0]["key"] = f"a-1-{'b' * 44}"
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    assert [len(key) for key in read_accounts(path).partitions] == [48, 5]


@pytest.mark.parametrize("shards", [1, 2])
def test_a_key_that_is_there_twice_is_refused(tmp_path: Path, shards: int) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["target"] = "target-postgres"
    north = data["accounts"][0]
    north["shards"] = shards
    data["accounts"].append({**north, "schema": "other"})
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(AccountsError, match="account north: key belongs to another account, too"):
        read_accounts(path)


@pytest.mark.parametrize(("number", "login"), [(0, "username"), (1, "refresh_token")])
def test_a_login_that_is_there_twice_is_refused(tmp_path: Path, number: int, login: str) -> None:
    data = yaml.safe_load(ACCOUNTS)
    copied = {**data["accounts"][number], "key": "west", "schema": "west"}
    data["accounts"].append(copied)
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(AccountsError, match="account west: secrets has the login of"):
        read_accounts(path)
    copied["secrets"] = {**copied["secrets"], login: "WEST_LOGIN"}
    path.write_text(yaml.safe_dump(data))
    assert "west" in read_accounts(path).partitions


def test_a_date_without_quotes_is_the_date(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(ACCOUNTS.replace('"2026-01-01"', "2026-01-01"))
    south = read_accounts(path).partitions["south"]
    assert south.settings["start_date"] == "2026-01-01"


def _of(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["accounts"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data.clear(), "accounts is a list of at least one account."),
        (lambda data: data.update(acounts=[]), "entry 2 is unknown: known are accounts, night, "),
        (lambda data: data.update(target="target-csv"), "target is one of target-duckdb, "),
        (lambda data: data.update(variables="PGHOST"), "variables is a list of names of "),
        (lambda data: data.update(variables=["a=b"]), "variables is a list of names of "),
        (lambda data: data.update(night={"hours": 0}), "night: hours is a whole number from 1 "),
        (lambda data: data.update(night={"zone": "Mars"}), "night: zone is the name of a time "),
        (lambda data: data.update(night={"zone": "America"}), "night: zone is the name of a time"),
        (lambda data: data.update(night={"begins": 22}), "night: begins is a time of day in quo"),
        (
            lambda data: data.update(variables=["TAP_ACTON_PASSWORD"]),
            "variables has TAP_ACTON_PASSWORD, which each account names in its own entry.",
        ),
        (lambda data: data.update(variables=["TAP_ACTON_SHARD"]), "variables has TAP_ACTON_SHARD"),
        (_of(key="North"), "account 1: key is up to 48 lowercase letters and digits, with"),
        (_of(key="north-"), "account 1: key is up to 48 lowercase letters and digits, with"),
        (_of(key="north--2"), "account 1: key is up to 48 lowercase letters and digits, with"),
        (_of(key="n" * 49), "account 1: key is up to 48 lowercase letters and digits, with"),
        (_of(key="south"), "account south: key belongs to another account, too"),
        (_of(schema="no-rth"), "account north: schema is up to 48 lowercase letters"),
        (_of(schema="south"), "account south: schema writes into south, as north does"),
        (_of(schema="south_marts"), "account south: schema writes into south_marts, as north"),
        (_of(schema="pg_acton"), "account north: schema is one of the database itself"),
        (_of(schema="temp"), "account north: schema is one of the database itself"),
        (_of(region="asia"), "account north: region is us or eu."),
        (_of(daily_request_limit="many"), "account north: daily_request_limit is the number of "),
        (_of(daily_request_limit=True), "account north: daily_request_limit is the number of "),
        (_of(select=["messages"]), "account north: select is a list of patterns such as"),
        (_of(shards=1.5), "account north: shards is a whole number from 1 to 100."),
        (_of(shards=2), "account north: shards needs target-postgres"),
        (_of(secrets=None), "account north: secrets has the names of variables for some of"),
        (_of(secrets={"client_id": "NORTH_ID"}), "account north: secrets needs client_id and "),
        (_of(settings={"token_store": "memory"}), "settings.token_store has a place elsewhere"),
        (_of(settings={"password": "x"}), "settings.password has a place elsewhere"),
        (_of(settings={"strat_date": "today"}), "settings, entry 1 is none of docs/settings.md."),
        (_of(settings={"start_date": None}), "settings.start_date has no value that the tap takes"),
        (_of(settings={"list_ids": {1: {2}}}), "settings.list_ids has no value that the tap takes"),
        (_of(at="25:00"), 'account north: at is a time of day in quotes, such as "22:30".'),
        (_of(name="N"), "account 1: entry 3 is unknown: known are at, daily_request_limit, key, "),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    data = yaml.safe_load(ACCOUNTS)
    change(data)
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(AccountsError) as caught:
        read_accounts(path)
    assert str(caught.value).startswith("accounts.yml: ")
    assert sentence in str(caught.value)


def test_a_secret_in_the_place_of_a_name_is_refused_and_not_shown(tmp_path: Path) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["accounts"][0]["secrets"]["password"] = "hunter2-Secret"
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(AccountsError, match="never the secret itself") as caught:
        read_accounts(path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read: create it"),
        ("a: [b", r"line \d+: this is not YAML"),
        ("[" * 1000, "this is not YAML"),
        (f"a: {'9' * 5000}", "this is not YAML"),
        ("accounts: []\nnight: {}\naccounts: []", r"line 3: this name is there twice; remove one"),
        ("accounts:\n- key: a\n  region: us\n  key: b", "line 4: this name is there twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, text: str | None, sentence: str
) -> None:
    path = tmp_path / "accounts.yml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AccountsError, match=sentence):
        read_accounts(path)


@pytest.mark.parametrize("value", ["a\\0b", "\\ud800"])
def test_a_setting_that_no_variable_holds_is_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / "accounts.yml"
    settings = f'settings: {{start_date: "{value}"}}'
    path.write_text(
        ACCOUNTS.replace(
            'settings: {optional_streams: [sync_runs], start_date: "2026-01-01"}', settings
        )
    )
    with pytest.raises(
        AccountsError, match=r"settings\.start_date has no value that the tap takes"
    ):
        read_accounts(path)


def test_two_accounts_with_one_user_are_refused_whatever_else_they_have(tmp_path: Path) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["accounts"][1]["secrets"] |= {"username": "NORTH_USER", "password": "SOUTH_PASSWORD"}
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(AccountsError, match="south: secrets has the login of north"):
        read_accounts(path)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (ACCOUNTS, 0, "has 2 accounts or shards."),
        ("accounts: []", 1, "list of at least one account"),
    ],
)
def test_the_command_checks_a_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    code: int,
    said: str,
) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(text)
    monkeypatch.setattr("sys.argv", ["accounts", str(path)])
    assert main() == code
    assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", ["HOME", "ACTON_WAREHOUSE_FOLDER"])
def test_a_variable_of_the_machine_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(ACCOUNTS.replace("[TARGET_POSTGRES_PASSWORD]", f"[{name}]"))
    with pytest.raises(AccountsError, match=f"variables has {name}, which belongs to the machine"):
        read_accounts(path)


def test_a_schema_may_be_called_as_a_variable(tmp_path: Path) -> None:
    data = yaml.safe_load(ACCOUNTS)
    data["accounts"][1]["schema"] = "_1"
    data["accounts"][0]["secrets"]["username"] = "_1"
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump(data))
    assert read_accounts(path).partitions["south"].schema == "_1"
