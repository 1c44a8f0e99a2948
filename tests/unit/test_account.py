"""What a run takes of the account, whatever Act-On reports."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_acton.errors import (
    GivenUpError,
    NotAvailableError,
    RepeatableError,
    SettingsError,
    StreamFailedError,
)
from tap_acton.sync.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.api.client import ActOnClient, Call


class Client:
    """Answers with what Act-On reports, or fails."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def read(self, _: Call, interpret: Callable[[Any], Any]) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return interpret(self._answer)


def account_of(answer: Any, number: str | None = None) -> Account:
    return Account(cast("ActOnClient", Client(answer)), number)


@pytest.mark.parametrize("number", [70123, "70123", " 70123 ", 70123.0])
def test_the_number_of_the_account_is_a_text(number: Any) -> None:
    assert account_of({"account_id": number}).number == "70123"


@pytest.mark.parametrize(
    "answer",
    [
        {"time_zone": "US/Pacific"},
        {"account_id": None},
        {"account_id": ""},
        {"account_id": True},
        {"account_id": {"id": 70123}},
        NotAvailableError("account: Act-On returned HTTP 403."),
    ],
)
def test_no_path_is_called_with_a_number_that_is_none(answer: Any) -> None:
    account = account_of(answer)
    with pytest.raises(StreamFailedError, match="set account_id") as first:
        _ = account.number
    with pytest.raises(StreamFailedError) as second:
        _ = account.number
    assert first.value is second.value


def test_a_setting_that_contradicts_act_on_is_refused() -> None:
    account = account_of({"account_id": 70123}, "70124")
    with pytest.raises(SettingsError) as refused:
        _ = account.number
    assert refused.value.sentence == (
        "The setting account_id is 70124, but the login leads to account 70123, as Act-On "
        "reports: correct the setting, or remove it."
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"account_id": 70123},
        {"account_id": " 70123"},
        {},
        {"account_id": None},
        {"account_id": {"id": 70124}},
        NotAvailableError("account: Act-On returned HTTP 403."),
        GivenUpError("account: Act-On returned HTTP 500."),
    ],
)
def test_the_setting_counts_where_act_on_reports_no_other_number(answer: Any) -> None:
    assert account_of(answer, "70123").number == "70123"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"time_zone": "US/Pacific"}, "US/Pacific"),
        ({"time_zone": "Neverland/Lagoon"}, None),
        ({"time_zone": None}, None),
        ({"account_id": 70123}, None),
        (NotAvailableError("account: Act-On returned HTTP 403."), None),
    ],
)
def test_a_zone_that_is_not_known_is_a_warning(
    answer: Any, name: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    account = account_of(answer)
    with caplog.at_level(logging.WARNING):
        zone = account.zone
    assert (zone and str(zone)) == name
    warnings = [record.getMessage() for record in caplog.records]
    assert [text.endswith("stay in extra_fields.") for text in warnings] == [True] * (name is None)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": None},
        {"data": {"account_id": 70123, "time_zone": "US/Pacific"}},
        [{"account_id": 70123}],
        "OK",
        None,
    ],
)
def test_what_holds_neither_number_nor_zone_is_no_account(answer: Any) -> None:
    with pytest.raises(RepeatableError, match="unknown shape"):
        _ = account_of(answer).row
