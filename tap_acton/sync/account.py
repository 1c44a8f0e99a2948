"""The account that the credentials lead to: its number and its time zone."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call
from tap_acton.errors import (
    UNKNOWN_SHAPE,
    ActOnError,
    CallError,
    GivenUpError,
    RepeatableError,
    SettingsError,
    StreamFailedError,
)
from tap_acton.records.ids import shown
from tap_acton.records.values import Unconvertible, identifier
from tap_acton.records.zones import UnreadZone, zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from tap_acton.api.client import ActOnClient
    from tap_acton.records.reader import Row

NAME = "account"
"""What the call is counted under, which is also the name of the stream with its row."""

PATH = "/api/1/account"
"""Described in the Act-On developer site, 2019 edition; missing from the 2024 edition."""

logger = logging.getLogger("tap-acton")


class NoAccountNumberError(StreamFailedError):
    """Act-On does not report the account's number, and no setting has it."""


class Account:
    """What Act-On reports of the account, requested once per run, whoever needs it first.

    Args:
        client: Makes the call.
        number: The setting ``account_id``; None where Act-On is to report it.
    """

    def __init__(self, client: ActOnClient, number: str | None) -> None:
        self._client = client
        self._number = number
        self._lock = threading.Lock()
        self._has_no_number = NoAccountNumberError(
            "Act-On does not report the account's number, which is needed here; set account_id."
        )

    @property
    def row(self) -> Row:
        """The account as Act-On returns it.

        Raises:
            CallError: If the host does not offer the endpoint, or refuses the call.
            GivenUpError: If the call fails again and again; the same error each time.
        """
        with self._lock:
            found = self._found
        if isinstance(found, ActOnError):
            raise found
        return found

    @property
    def number(self) -> str:
        """The account's number, which the paths of some endpoints hold.

        Raises:
            GivenUpError: If the call fails again and again; the same error each time.
            SettingsError: If it is not the one that the setting ``account_id`` has.
            StreamFailedError: If it is unknown; the same error each time.
        """
        reported = None
        try:
            reported = identifier(self.row.get("account_id"))
        except GivenUpError:
            if self._number is None:
                raise
        except (CallError, Unconvertible):
            pass
        if self._number and reported not in {None, self._number}:
            raise SettingsError(
                f"The setting account_id is {self._number}, but the login leads to account "
                f"{shown(str(reported))}, as Act-On reports: correct the setting, or remove it."
            )
        number = self._number or reported
        if number is None:
            raise self._has_no_number
        return number

    @cached_property
    def zone(self) -> tzinfo | None:
        """The account's time zone; None, with a warning, if it is unknown.

        If the call fails again and again, it is one that fails whatever needs it.
        """
        reason = f"{NAME}: Act-On reports no time zone that is known."
        try:
            zone = zone_of(self.row.get("time_zone"))
        except GivenUpError as error:
            return UnreadZone(error)
        except CallError as error:
            zone, reason = None, error.sentence
        if zone is None:
            logger.warning(
                "%s Timestamps that come as text without a zone stay in extra_fields.", reason
            )
        return zone

    @cached_property
    def _found(self) -> Row | ActOnError:
        try:
            return self._client.read(Call(PATH, NAME, NAME), _account)
        except CallError as error:
            return error


def _account(payload: Any) -> Row:
    """Return an account; what holds neither its number nor its time zone is none."""
    if isinstance(payload, dict) and payload.keys() & {"account_id", "time_zone"}:
        return payload
    raise RepeatableError(f"{NAME}: {UNKNOWN_SHAPE}.")
