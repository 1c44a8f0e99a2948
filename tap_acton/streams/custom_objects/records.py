"""The records of custom objects, a column per field."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.api.pagination import Page, TokenPaging
from tap_acton.errors import RejectedCallError
from tap_acton.records.reader import NAMES
from tap_acton.state.stream_state import Checkpoint, Cursor
from tap_acton.streams.custom_objects.datasets import CustomObjectDatasets, requested_id
from tap_acton.streams.custom_objects.fields import PREFIX, ObjectFields
from tap_acton.streams.custom_objects.schemas import CustomObjectSchemas
from tap_acton.streams.custom_objects.stream import FAMILY, CustomObjectStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_acton.api.client import Call
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Item, Outcome, Place, Response

BODY = {
    "selectFields": [f"{PREFIX}*"],
    # A join would add records, or leave some out.
    "joinStrategy": {"joinEnabled": False, "duplicates": "allow"},
    "datetimeFieldsTimezone": "UTC",
}
"""The same in each request (Act-On reference, 2024 edition)."""

MODEST_SIZE = 100
"""The page size where a larger one is refused; the largest is not documented."""

MOST_SORT_FIELDS = 10
CREATED_AT = "sys.createdAt"


class CustomObjectRecords(CustomObjectStream):
    """The records of all datasets.

    Each field of the custom objects has a column of its own, named when it was first met;
    ``fields`` holds all of them as Act-On returns them. An interrupted run resumes on the page
    where it stopped if Act-On still accepts its token, else at the beginning of its dataset.
    """

    name = "custom_object_records"
    path = f"{FAMILY}/query/{{object_id}}/{{dataset_id}}/joinWithOther"
    primary_keys = ("object_id", "dataset_id", "id")
    listing, item = CustomObjectDatasets.name, "dataset"
    has_full_refresh = True

    @cached_property
    def paging(self) -> TokenPaging:
        """Pages by token."""
        return TokenPaging(self.run.settings.page_size)

    def items(self) -> Iterator[Item]:
        """Give the datasets that can be requested; log how many cannot."""
        datasets = list(super().items())
        known = [one for one in datasets if one["object_id"] and requested_id(one)]
        if len(known) < len(datasets):
            self.log(
                "The records of %d datasets cannot be requested: Act-On does not report to which "
                "custom object they belong, or what they are called.",
                len(datasets) - len(known),
                level=logging.WARNING,
            )
        yield from known

    def place_of(self, item: Item) -> Place:
        """Say where a dataset stands in the order of reading."""
        return item["object_id"], item["id"]

    def query_of(self, item: Item) -> Query:
        """Make the query for a dataset, from the page on where an earlier run stopped."""
        object_id, dataset_id = place = self.place_of(item)
        path = self.filled(self.path, object_id=object_id, dataset_id=requested_id(item))
        given = {"object_id": object_id, "dataset_id": dataset_id}
        query = Query(path, place, given=given, subject=f"{self.item} {dataset_id}", item=item)
        checkpoint = self.load.checkpoint
        if checkpoint is None or checkpoint.cursor is None or checkpoint.behind != place:
            return self._sorted(query)
        self.log("Resuming with dataset %s, where an earlier run stopped.", dataset_id)
        cursor = checkpoint.cursor
        page = Page(cursor.rows, size=cursor.size, token=cursor.token)
        return replace(self._sorted(query) if cursor.is_sorted else query, first=page)

    def _sorted(self, query: Query) -> Query:
        """Request an order, so that records stay in place while they are read."""
        names = [CREATED_AT, *self._fields_of(query).unique][:MOST_SORT_FIELDS]
        fields = [{"field": f"{PREFIX}{name}", "direction": "asc"} for name in names]
        return replace(query, parameters={"sortFields": fields})

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page, with all its parameters in the body."""
        call = super().call(query, page)
        return replace(call, parameters={}, body={**BODY, **call.parameters})

    def instead(self, outcome: Outcome) -> Query | None:
        """Read a dataset from its beginning, or request less, where Act-On refuses a page.

        A token may have expired, and sorting or the size of the page may not be supported.
        """
        query, first = outcome.query, outcome.query.first
        if not isinstance(outcome.problem, RejectedCallError):
            return None
        if outcome.rows or first.token:
            if outcome.rows > first.offset:
                # It was a token of this run, not of an earlier one.
                if query.place in self._begun_again:
                    return None
                self._begun_again.add(query.place)
            return replace(query, first=Page(size=first.size))
        if query.parameters:
            return replace(query, parameters={})
        if (first.size or self.paging.size) > MODEST_SIZE:
            return self._sorted(replace(query, first=Page(size=MODEST_SIZE)))
        return None

    @cached_property
    def _begun_again(self) -> set[Place]:
        """The datasets of which Act-On has refused a token of this run."""
        return set()

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make the records, with the fields of their object in their columns."""
        fields = self._fields_of(query)
        parts = [fields.part(row) for row in rows]
        self.reader.learn([system for system, _ in parts])
        fields.learn([values for _, values in parts])
        for system, values in parts:
            shown = fields.without(values, self.selection.deselected)
            record = self.reader.record({**system, "fields": shown}, query.given)
            record["id"] = record["id"] or fields.own_id(system, values)
            fields.fill(record, values)
            yield record

    def _fields_of(self, query: Query) -> ObjectFields:
        return self._objects.get(query.given["object_id"]) or self._object_fields(None)

    @cached_property
    def _objects(self) -> Mapping[str, ObjectFields]:
        schemas = self.items_of(CustomObjectSchemas.name)
        return {schema["id"]: self._object_fields(schema) for schema in schemas}

    def _object_fields(self, schema: Row | None) -> ObjectFields:
        definitions = self.schema["properties"].values()
        system = {name for definition in definitions for name in definition.get(NAMES, ())}
        return ObjectFields(schema, {} if self.found is None else self.found.names, system)

    # Where to resume: kept in every state, as a dataset may be as large as an account

    def page_done(self, response: Response) -> None:
        """Remember the page behind one whose records have been emitted."""
        if response.problem is None and not response.is_last:
            page = self.paging.behind(response.page, len(response.rows), response.token)
            if page is not None:
                self._remember(response.query, page)

    def finished(self, outcome: Outcome) -> None:
        """Remember that a dataset was read, or that it failed and is left for the next run."""
        # If all datasets turn out to be deleted, the stream fails, and none was read.
        if outcome.evidence is not None or outcome.is_refused:
            self._remember(outcome.query)

    def _remember(self, query: Query, page: Page | None = None) -> None:
        """Remember the page to resume with; without one, that the dataset was read."""
        load, place, failed = self.load, query.place, [*self.reading.failed]
        cursor = None
        if page is not None:
            is_sorted = bool(query.parameters)
            cursor = Cursor(size=page.size, token=page.token, is_sorted=is_sorted, rows=page.offset)
        behind = load.behind_after(place, self.not_listed)
        if behind != place:
            # One that an earlier run left out: there is no room for a second page.
            failed += [place] * (page is not None)
            cursor = None if load.checkpoint is None else load.checkpoint.cursor
        self.progress.checkpoint = Checkpoint(
            started_at=load.started_at,
            behind=behind,
            left=load.left_after(place, failed, self.not_listed),
            not_listed=self.not_listed,
            cursor=cursor,
            covers=self.covers,
        )

    def done(self) -> None:
        """Forget where to resume: the next run reads everything again."""
        self.progress.checkpoint = None

    def pause(self) -> None:
        """Keep a checkpoint; between the first page and the last there is one already."""
        if self.progress.checkpoint is None:
            super().pause()

    def end_load(self) -> bool:
        """Drop the checkpoint, unless the stream has stopped there."""
        return self.failure is None and super().end_load()
