"""The Audience Center of an account: whether it has one, where it is, and its fields."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.errors import (
    UNKNOWN_SHAPE,
    ActOnError,
    NoContentError,
    NotAvailableError,
    NotFoundError,
    NotRoutedError,
    RepeatableError,
)
from tap_acton.records.extractors import Undocumented, UnknownShapeError, rows_in
from tap_acton.streams.base.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.records.reader import Row
    from tap_acton.sync.run import Run

STREAM = "contact_fields"
"""The stream that the call for the fields is counted under."""

SCHEMA_PATH = "/ucl/v2/{account_id}/schema{slash}"

ALL_FIELDS = {"skipHidden": "false", "skipReadOnly": "false"}
"""Hidden and read-only fields are left out by default (Act-On reference, 2024 edition)."""


class AudienceCenter:
    """What it takes to request a path below ``/ucl/v2``, found out once per run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._slash = "/"
        self._absent: NotAvailableError | None = None

    @property
    def fields(self) -> Sequence[Row]:
        """The fields of contacts, hidden and read-only ones included.

        Empty where the host does not know the path for them, as with the older edition.

        Raises:
            NotAvailableError: If the account has no Audience Center, which HTTP 401, 403 or 404
                says, and no other refusal.
            CallError: If the call fails.
        """
        found = self._fields
        if isinstance(found, ActOnError):
            raise found
        return found

    def absent(self, error: ActOnError) -> NotAvailableError:
        """Return the error that says that there is no Audience Center, the same each time.

        Args:
            error: What showed it; the first one counts.
        """
        if self._absent is None:
            self._absent = NotAvailableError(
                f"{error.sentence} The account has no Audience Center, or the user has no right to "
                "it."
            )
        return self._absent

    def path(self, template: str, **ids: str) -> str:
        """Fill in a path.

        Args:
            template: The path, with ``{account_id}``, the ids, and ``{slash}`` where the
                documented path ends in one.
            **ids: The ids.

        Raises:
            NotAvailableError: If the account has no Audience Center.
        """
        _ = self.fields
        return self._filled(template, **ids)

    def _filled(self, template: str, **ids: str) -> str:
        parts = {name: path_part(held) for name, held in ids.items()}
        number = path_part(self._run.account.number)
        return template.format(account_id=number, slash=self._slash, **parts)

    @cached_property
    def _fields(self) -> Sequence[Row] | ActOnError:
        for slash in ("/", ""):
            self._slash = slash
            try:
                return self._read_fields()
            except NotRoutedError:
                continue
            except NoContentError:
                break
            except ActOnError as error:
                return self._meaning_of(error)
        # The older paths have no schema; their streams find out whether they are there.
        self._slash = "/"
        return ()

    def _read_fields(self) -> Sequence[Row]:
        call = Call(self._filled(SCHEMA_PATH), STREAM, STREAM, ALL_FIELDS)
        return self._run.client.read(call, _columns)

    def _meaning_of(self, error: ActOnError) -> ActOnError:
        """Return what a failure means: no Audience Center, or nothing but itself."""
        match error:
            case NotAvailableError() | NotFoundError():
                return self.absent(error)
        return error


def _columns(payload: Any) -> Sequence[Row]:
    """Return the fields: ``columns`` of an object, as documented, or of one inside it."""
    try:
        rows = rows_in(payload, Undocumented(names=("columns",)), SCHEMAS.get_schema(STREAM)).rows
    except UnknownShapeError:
        raise RepeatableError(f"{STREAM}: {UNKNOWN_SHAPE}.") from None
    match rows:
        case [{"columns": list(columns)}]:
            rows = columns
    return [row for row in rows if isinstance(row, dict)]
