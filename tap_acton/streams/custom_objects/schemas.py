"""The schemas of custom objects, which discovery and all streams of the family need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call
from tap_acton.errors import (
    UNKNOWN_SHAPE,
    CallError,
    NoContentError,
    NotAvailableError,
    NotFoundError,
    RepeatableError,
)
from tap_acton.records.extractors import Extracted, UnknownShapeError, rows_in
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.custom_objects.stream import FAMILY, CustomObjectStream, path_in
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from tap_acton.api.pagination import Page
    from tap_acton.sync.run import Run


class CustomObjectSchemas(CustomObjectStream):
    """What custom objects there are, with their fields and relationships.

    If the account has no custom objects, one warning says so, and the other streams are off too.
    """

    name = "custom_object_schemas"
    path = f"{FAMILY}/schema/all"
    primary_keys = ("id",)
    item_columns = ("id", "fields", "unique_field_set")

    def fetch(self, query: Query, page: Page) -> Response:
        """Return all schemas, which discovery may have requested in this run."""
        try:
            found = self.run.shared(ObjectSchemas).found
        except CallError as error:
            return Response(query, page, problem=error)
        if found.rows:
            self.note_shape(found, is_item=False)
        return Response(query, page, found.rows, found.total)


class ObjectSchemas:
    """The schemas of all custom objects, requested once per run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._found: Extracted | CallError | None = None

    @property
    def found(self) -> Extracted:
        """The schemas, as Act-On returns them.

        Raises:
            NotAvailableError: If the account has no custom objects, which HTTP 401, 403 or 404
                says, and no other refusal; the same error each time.
            CallError: If the call fails; the same error each time.
        """
        if self._found is None:
            try:
                self._found = self._request()
            except NoContentError:
                self._found = Extracted(())
            except (NotAvailableError, NotFoundError) as error:
                self._found = NotAvailableError(
                    f"{error.sentence} The account has no custom objects, or the user has no right "
                    "to them."
                )
            except CallError as error:
                self._found = error
        if isinstance(self._found, CallError):
            raise self._found
        return self._found

    def _request(self) -> Extracted:
        stream = CustomObjectSchemas

        def interpret(payload: Any) -> Extracted:
            try:
                return rows_in(payload, stream.extract, SCHEMAS.get_schema(stream.name))
            except UnknownShapeError:
                raise RepeatableError(f"{stream.name}: {UNKNOWN_SHAPE}.") from None

        call = Call(path_in(self._run, stream.path), stream.name, stream.name)
        return self._run.client.read(call, interpret)
