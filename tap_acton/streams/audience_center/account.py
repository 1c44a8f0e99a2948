"""The Audience Center: whether the account has it, where it is, and its fields."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.errors import (
    ActOnError,
    CallError,
    CredentialsError,
    NotAvailableError,
    NotRoutedError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.records.extractors import find_audience_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_acton.api.client import ActOnClient
    from tap_acton.records.reader import Row

STREAM = "contact_fields"
"""The stream on whose account the fields are asked for."""

SCHEMA_PATH = "/ucl/v2/{account_id}/schema{slash}"
# Columns are left out unless these are false (Act-On reference, 2024 edition).
ALL_FIELDS = {"skipHidden": "false", "skipReadOnly": "false"}


class AudienceCenter:
    """What the paths under ``/ucl/v2`` need to be asked, found out once per run.

    Args:
        client: Makes the calls.
        account_id: The setting; None where it is to be asked.
        account: What Act-On says of the account; raises as the call for it does.
    """

    def __init__(
        self,
        client: ActOnClient,
        account_id: str | None,
        account: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._client = client
        self._account_id = account_id
        self._account = account
        self._slash = "/"
        self._absent: NotAvailableError | None = None
        self._has_no_number = StreamFailedError(
            "Act-On does not tell the account's number, which is needed here; set account_id."
        )

    @property
    def account_id(self) -> str:
        """The account's number, which stands in the paths.

        Raises:
            StreamFailedError: If Act-On does not tell it; the same error each time.
        """
        if self._account_id is None:
            try:
                self._account_id = str(self._account()["account_id"])
            except (CallError, KeyError):
                raise self._has_no_number from None
        return self._account_id

    @property
    def fields(self) -> Sequence[Row]:
        """The fields of contacts, hidden and read-only ones included.

        Empty where the host does not know the path for them, as with the older edition.

        Raises:
            NotAvailableError: If the account has no Audience Center.
            StreamFailedError: If the call fails again and again.
        """
        found = self._fields
        if isinstance(found, ActOnError):
            raise found
        return found

    @property
    def has_failed(self) -> bool:
        """Whether what was found out is a failure, which may have passed by now."""
        return isinstance(self.__dict__.get("_fields"), ActOnError)

    def absent(self, error: ActOnError) -> NotAvailableError:
        """Give the error that says that there is no Audience Center, the same each time.

        Args:
            error: What showed it.

        Returns:
            The error.
        """
        if self._absent is None:
            self._absent = NotAvailableError(
                f"{error.sentence} The account has no Audience Center, or the user no right to it."
            )
        return self._absent

    def path(self, template: str, **ids: str) -> str:
        """Fill in a path.

        Args:
            template: The path, with ``{account_id}``, the ids, and ``{slash}`` where the
                documented path ends in one.
            **ids: The ids.

        Returns:
            The path.

        Raises:
            NotAvailableError: If the account has no Audience Center.
        """
        _ = self.fields
        return self._filled(template, **ids)

    def _filled(self, template: str, **ids: str) -> str:
        parts = {name: path_part(held) for name, held in ids.items()}
        account_id = path_part(self.account_id)
        return template.format(account_id=account_id, slash=self._slash, **parts)

    @cached_property
    def _fields(self) -> Sequence[Row] | ActOnError:
        try:
            return self._ask()
        except NotRoutedError:
            self._slash = ""
        except ActOnError as error:
            return self._meaning_of(error)
        try:
            return self._ask()
        except NotRoutedError:
            # The older paths have no schema; whether they are there, their streams find out.
            self._slash = "/"
            return ()
        except ActOnError as error:
            return self._meaning_of(error)

    def _ask(self) -> Sequence[Row]:
        call = Call(self._filled(SCHEMA_PATH), STREAM, STREAM, ALL_FIELDS)
        return self._client.read(call, _columns)

    def _meaning_of(self, error: ActOnError) -> ActOnError:
        """Tell a refusal of the Audience Center from any other failure."""
        match error:
            case NotAvailableError() | RejectedCallError():
                return self.absent(error)
            case CredentialsError():
                # Where the other paths take the same token, it is not the token.
                self._account()
                return self.absent(error)
        return error


def _columns(payload: Any) -> Sequence[Row]:
    """Find the fields in the answer: ``columns`` of an object, as documented."""
    columns = payload.get("columns") if isinstance(payload, dict) else payload
    if isinstance(columns, list):
        return [row for row in columns if isinstance(row, dict)]
    found = find_audience_rows(payload, "value")
    if found is not None and found.rows and isinstance(found.rows[0].get("columns"), list):
        return [row for row in found.rows[0]["columns"] if isinstance(row, dict)]
    raise RepeatableError(f"{STREAM}: Act-On's answer has an unknown shape.")
