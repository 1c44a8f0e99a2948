"""The datasets of custom objects, which hold their records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_acton.api.pagination import FIRST_PAGE, OptionalPaging
from tap_acton.errors import NotFoundError, NotRoutedError
from tap_acton.records.ids import fingerprint
from tap_acton.records.reader import NAMES
from tap_acton.streams.custom_objects.schemas import CustomObjectSchemas
from tap_acton.streams.custom_objects.stream import FAMILY, CustomObjectStream
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Item

PATH_OF_OBJECT = f"{FAMILY}/data/{{object_id}}/all"


class CustomObjectDatasets(CustomObjectStream):
    """The datasets of all custom objects.

    Where the list of all datasets does not name their objects, the datasets of each object are
    requested as well.
    """

    name = "custom_object_datasets"
    path = f"{FAMILY}/data/all"
    primary_keys = ("id",)
    pages = OptionalPaging
    item_columns = ("id", "object_id", "name")
    _first: Response | None = None

    def queries(self) -> Iterator[Query]:
        """Request the list of all datasets; behind those of each object where it names none.

        Raises:
            NotAvailableError: If the account has no custom objects.
        """
        schemas = self.items_of(CustomObjectSchemas.name)
        objects = {schema["id"]: schema for schema in schemas if self.can_request(schema)}
        self.note_without_id(len(schemas) - len(objects), CustomObjectSchemas.name)
        every = Query(self.filled(self.path))
        first = self._first = self.fetch(every, FIRST_PAGE)
        has_list = not isinstance(first.problem, (NotRoutedError, NotFoundError))
        names = self.schema["properties"]["object_id"][NAMES]
        if not has_list or not all(
            any(str(row.get(name)) in objects for name in names) for row in first.rows
        ):
            yield from map(self.query_of, objects.values())
        if has_list:
            yield every

    def query_of(self, item: Item) -> Query:
        """Make the query for the datasets of an object."""
        return Query(
            self.filled(PATH_OF_OBJECT, object_id=item["id"]),
            (item["id"],),
            given={"object_id": item["id"]},
            subject=f"custom object {item['id']}",
            item=item,
        )

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page; that of all datasets has been requested before."""
        first = self._first
        if first is None or query.item is not None:
            return super().fetch(query, page)
        self._first = None
        return replace(first, query=query)

    def read(self) -> Iterator[Record]:
        """Read all datasets, and leave out of the list of all what belongs to an object."""
        found = set()
        for record in super().read():
            if record["id"] not in found:
                found.add(record["id"])
                yield record

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make the records; one without an id gets an id of its own."""
        for record in super().records(rows, query):
            record["id"] = record["id"] or _own_id(record)
            yield record


def _own_id(dataset: Mapping[str, str | None]) -> str:
    """Make an id for a dataset of an object; datasets of other objects may have its name."""
    return fingerprint("dataset", dataset["object_id"], dataset["name"])


def requested_id(dataset: Item) -> str:
    """Return what a dataset is requested by; empty where Act-On does not report that.

    The documents let a name stand for an id, though not on this very path.
    """
    is_own = dataset["id"] == _own_id(dataset)
    return (dataset["name"] if is_own else dataset["id"]) or ""
