"""Custom objects: their schemas, their datasets, and the records in these.

The family is offered on request only, and of its answers only the paths, the parameters and
the errors are documented (Act-On reference, 2024 edition).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tap_acton.api.client import path_part
from tap_acton.api.old_pagination import EndlessPagesError, Page
from tap_acton.errors import (
    GoneError,
    NotAvailableError,
    NotFoundError,
    NotRoutedError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.records.extractors import TOTALS
from tap_acton.records.reader import NAMES
from tap_acton.records.values import fingerprint
from tap_acton.state.old_format import NOTHING
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.streams.custom_objects.cursor import CursorPage
from tap_acton.streams.custom_objects.fields import (
    FAMILY,
    PREFIX,
    SCHEMAS_PATH,
    SCHEMAS_STREAM,
    ObjectFields,
    find_rows,
)
from tap_acton.sync.answers import Answer, Query, digest_of, total_of
from tap_acton.sync.forecast import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.records.extractors import Found
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome, Task
    from tap_acton.sync.run import Parent

RESUME_STATE = "resume"
"""Where a reading that was broken off goes on, in the state of the records."""

MOST_SORT_FIELDS = 10
CREATED_AT = "sys.createdAt"
TOKEN = "nextPageToken"  # noqa: S105 - the name of a field


class CustomObjectStream(UnverifiedStream):
    """A stream of custom objects; its rows are found whatever the shape of the answer."""

    skips_missing = True

    def filled(self, template: str, **ids: str) -> str:
        """Fill in a path.

        Args:
            template: The path, with ``{account_id}`` and the ids.
            **ids: The ids.

        Returns:
            The path.

        Raises:
            StreamFailedError: If Act-On does not tell the account's number.
        """
        parts = {name: path_part(held) for name, held in ids.items()}
        account_id = path_part(self.run.account.number)
        return template.format(account_id=account_id, **parts)

    def found_in(self, payload: Any) -> Found | None:
        """Find the rows of an answer.

        Args:
            payload: The decoded answer.

        Returns:
            The rows; None where the answer is neither an array nor an object.
        """
        return find_rows(payload, self.scalar)


class CustomObjectSchemas(CustomObjectStream):
    """What custom objects there are, with their fields and how they belong together.

    An account without custom objects is told so once; the streams below stand aside.
    """

    name = SCHEMAS_STREAM
    path = SCHEMAS_PATH
    primary_keys = ("id",)
    parent_columns = ("id", "fields", "unique_field_set")
    scalar = "name"

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:  # noqa: ARG002
        """Ask for all schemas, unless discovery has done so in this run.

        Args:
            query: What is asked.
            page: Not used; all schemas come at once.

        Returns:
            The answer.

        Raises:
            NotAvailableError: If the account has no custom objects.
        """
        rows = self.run.object_schemas(lambda payload: self.rows(payload, query))
        return Answer(query, rows), ()


class CustomObjectDatasets(CustomObjectStream):
    """The datasets of all custom objects.

    Where the list of all datasets does not say to which objects they belong, those of each
    object are asked for as well.
    """

    name = "custom_object_datasets"
    path = f"{FAMILY}/data/all"
    path_of_object: ClassVar[str] = f"{FAMILY}/data/{{object_id}}/all"
    primary_keys = ("id",)
    parent_columns = ("id", "object_id", "name")
    scalar = "name"

    def queries(self) -> Iterator[Query]:
        """Ask for all datasets.

        Yields:
            The query.

        Raises:
            NotAvailableError: If the account has no custom objects.
        """
        _ = self._objects
        yield Query(self.filled(self.path))

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page, and for the datasets of each object where it does not name them.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        if query.parent is not None:
            return super().ask(query, page)
        try:
            answer, further = super().ask(query, page)
        except (NotRoutedError, NotFoundError):
            return Answer(query), self._tasks_of_objects()
        if all(self._names_object(row) for row in answer.rows):
            return answer, further
        # What belongs to none of the objects comes last, and without an object.
        return Answer(query), [*self._tasks_of_objects(), lambda: (answer, further)]

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give datasets that come without an id one that stays.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each dataset.
        """
        for record in super().records(rows, query):
            yield {**record, "id": record["id"] or _own_id(record)}

    def _tasks_of_objects(self) -> list[Task[Answer]]:
        return [
            self.task(
                Query(
                    self.filled(self.path_of_object, object_id=object_id),
                    subject=f"custom object {object_id}",
                    given={"object_id": object_id},
                    parent=parent,
                )
            )
            for object_id, parent in self._objects.items()
        ]

    def _names_object(self, row: Row) -> bool:
        names = self.schema["properties"]["object_id"][NAMES]
        return any(str(row.get(name)) in self._objects for name in names)

    @cached_property
    def _objects(self) -> Mapping[str, Parent]:
        return {parent["id"]: parent for parent in self.parents_of(SCHEMAS_STREAM)}


def _own_id(dataset: Mapping[str, Any]) -> str:
    """Make the id of a dataset that has none of Act-On's; its name may be that of others."""
    return fingerprint("dataset", dataset["object_id"], dataset["name"])


def _identifier(dataset: Mapping[str, Any]) -> str:
    """Give what a dataset is asked for by; empty where Act-On does not tell it.

    The documents let a name stand for an id, though not on this very path.
    """
    return dataset["id"] if dataset["id"] != _own_id(dataset) else dataset["name"] or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsQuery(Query):
    """A query for a page of the records of a dataset.

    Attributes:
        page: The page.
        is_resumed: Whether an earlier run has read the pages before.
        is_again: Whether the dataset is read from its beginning once more.
    """

    page: CursorPage
    is_resumed: bool = False
    is_again: bool = False

    def restarted(self) -> RecordsQuery | None:
        """Give the query for the dataset's beginning, in place of one that was refused.

        Returns:
            The query; None where this was tried before, or is of no use.
        """
        if self.page.is_first or self.is_again:
            return None
        return replace(
            self,
            again=self.again + 1,
            rows_before=0,
            page=CursorPage(self.page.size),
            is_resumed=False,
            is_again=not self.is_resumed,
        )

    def simpler(self) -> RecordsQuery | None:
        """Give a query that asks for less, in place of one that was refused.

        Returns:
            The query; None where there is no simpler one.
        """
        page = self.page.simpler()
        return None if page is None else replace(self, page=page)


@dataclass(frozen=True, slots=True)
class RecordsAnswer(Answer):
    """What came of a call for records.

    Attributes:
        query: What was asked.
        following: The query for the next page, or in place of this one; None after the last.
    """

    query: RecordsQuery
    following: RecordsQuery | None = None


class CustomObjectRecords(CustomObjectStream):
    """The records of all datasets.

    Each field of the custom objects is a column of its own, named when it was first met;
    ``fields`` holds all of them as Act-On sends them. A run that was broken off goes on where
    it stopped, as long as Act-On takes the token of the page; else with the beginning of the
    dataset.
    """

    name = "custom_object_records"
    path = f"{FAMILY}/query/{{object_id}}/{{dataset_id}}/joinWithOther"
    primary_keys = ("object_id", "dataset_id", "id")
    has_full_reads = True
    listing = CustomObjectDatasets.name

    def queries(self) -> Iterator[RecordsQuery]:
        """Ask for the records of each dataset that is left to be read, in a fixed order.

        Yields:
            A query per dataset.
        """
        first = CursorPage(self.run.settings.page_size)
        reached, page, is_done = self._resumed()
        for dataset in self._datasets():
            ids = {"object_id": dataset["object_id"], "dataset_id": dataset["id"]}
            place = tuple(ids.values())
            if place < reached or (is_done and place == reached):
                continue
            resumed = page if place == reached else None
            yield RecordsQuery(
                self.filled(self.path, **{**ids, "dataset_id": _identifier(dataset)}),
                subject=f"dataset {dataset['id']}",
                given=ids,
                parent=dataset,
                rows_before=resumed.rows_before if resumed else 0,
                page=resumed or first,
                is_resumed=resumed is not None,
            )

    def _datasets(self) -> list[Parent]:
        """Give the datasets in the order in which they are read."""
        datasets = list(self.parents())
        known = [one for one in datasets if one["object_id"] and _identifier(one)]
        if len(known) < len(datasets):
            self.log(
                "The records of %d datasets cannot be asked for: Act-On does not tell to which "
                "custom object they belong, or what they are called.",
                len(datasets) - len(known),
                level=logging.WARNING,
            )
        return sorted(known, key=lambda dataset: (dataset["object_id"], dataset["id"]))

    @property
    def certainty(self) -> Certainty:
        """Nothing tells how many records a dataset has."""
        return Certainty.AT_LEAST

    def tasks(self) -> Iterator[Task[Answer]]:
        """Turn the queries into tasks.

        Yields:
            A task for the first page of each dataset; it leads to the further pages.
        """
        for query in self.queries():
            yield self._task(query)

    def renewed(self, query: Query) -> Query | None:  # noqa: ARG002
        """Read nothing again: what comes next is told by Act-On's token, page by page.

        Args:
            query: Not used; each page is a query of its own.

        Returns:
            None.
        """
        return None

    def _task(self, query: RecordsQuery) -> Task[Answer]:
        return lambda: self._ask(query)

    def _ask(self, query: RecordsQuery) -> Outcome[Answer]:
        """Ask for a page of records, in a thread of the fan-out."""

        def interpret(payload: Any) -> tuple[Sequence[Row], str, int | None]:
            return self.rows(payload, query), *self._token_and_total(payload)

        call = replace(self.call(query), body=self._body(query))
        try:
            rows, token, total = self.run.client.read(call, interpret)
        except NotRoutedError:
            raise
        except (GoneError, NotFoundError) as error:
            return RecordsAnswer(query, gone=GoneError(error.sentence)), ()
        except (RejectedCallError, NotAvailableError) as error:
            other = query.restarted() or query.simpler()
            if other is not None:
                return RecordsAnswer(query, following=other), [self._task(other)]
            # A user may have no right to one dataset; the others are read all the same.
            return RecordsAnswer(query, gone=RejectedCallError(error.sentence)), ()
        try:
            page = query.page.following(len(rows), token, total, digest_of(rows))
        except EndlessPagesError:
            raise StreamFailedError(
                f"{self.subject(query)}: Act-On sends the same page again and again."
            ) from None
        following = None if page is None else replace(query, page=page, is_resumed=False)
        answer = RecordsAnswer(query, rows, total, following=following)
        return answer, () if following is None else [self._task(following)]

    def _body(self, query: RecordsQuery) -> dict[str, Any]:
        """Make the body of a call; nothing is joined, which would add or leave out records."""
        body: dict[str, Any] = {
            "selectFields": [f"{PREFIX}*"],
            "joinStrategy": {"joinEnabled": False, "duplicates": "allow"},
            "datetimeFieldsTimezone": "UTC",
            "pagination": query.page.pagination(),
        }
        if query.page.is_sorted:
            # Records must not change places while they are read, or before a run goes on.
            names = [CREATED_AT, *self._fields_of(query).unique][:MOST_SORT_FIELDS]
            body["sortFields"] = [
                {"field": f"{PREFIX}{name}", "direction": "asc"} for name in names
            ]
        return body

    def _token_and_total(self, payload: Any) -> tuple[str, int | None]:
        """Find the token of the next page and the number of records, wherever they stand."""
        found = self.found_in(payload)
        envelopes = [found.envelope or {} if found else {}]
        if isinstance(payload, dict):
            envelopes.insert(0, payload)
        places = [envelope.get("pagination") for envelope in envelopes]
        held = [*envelopes, *[place for place in places if isinstance(place, dict)]]
        token = next((str(place[TOKEN]) for place in held if place.get(TOKEN)), "")
        totals = (total_of(place, TOTALS) for place in held)
        return token, next((total for total in totals if total is not None), None)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, with the fields of their object in their columns.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        fields = self._fields_of(query)
        for row in rows:
            system, values = fields.part(row)
            record = self.reader.record({**system, "fields": values}, query.given)
            record["id"] = record["id"] or fields.own_id(system, values)
            fields.fill(record, values)
            yield record

    def _fields_of(self, query: Query) -> ObjectFields:
        object_id = query.given["object_id"]
        return self._objects.get(object_id) or self._object_fields(None)

    @cached_property
    def _objects(self) -> Mapping[str, ObjectFields]:
        schemas = self.parents_of(SCHEMAS_STREAM)
        return {schema["id"]: self._object_fields(schema) for schema in schemas}

    def _object_fields(self, schema: Row | None) -> ObjectFields:
        definitions = self.schema["properties"].values()
        system = {name for definition in definitions for name in definition.get(NAMES, ())}
        return ObjectFields(schema, {} if self.found is None else self.found.names, system)

    # Where to go on

    @property
    def goes_on(self) -> bool:
        """Whether this run reads only what an earlier one, broken off, has left."""
        return super().goes_on or isinstance(self.stream_state.get(RESUME_STATE), dict)

    def answers(self) -> Iterator[Answer]:
        """Give the answers in order, and keep in the state how far they have been emitted.

        Yields:
            The answers.
        """
        for answer in super().answers():
            answered = cast("RecordsAnswer", answer)
            self._keep(answered.query)
            yield answered
            self._keep(answered.following or answered.query, is_done=answered.following is None)

    def _keep(self, query: RecordsQuery, *, is_done: bool = False) -> None:
        self.stream_state[RESUME_STATE] = {
            **query.given,
            **query.page.state(),
            "is_done": is_done,
        }

    def _resumed(self) -> tuple[tuple[str, ...], CursorPage | None, bool]:
        """Read from the state which dataset was read last, its page, and whether to its end."""
        kept = self.stream_state.get(RESUME_STATE)
        match kept:
            case {"object_id": str(object_id), "dataset_id": str(dataset_id), **page}:
                is_done = page.get("is_done") is True
                where = "behind" if is_done else "with"
                self.log("Going on %s dataset %s, where an earlier run stopped.", where, dataset_id)
                return (object_id, dataset_id), CursorPage.of_state(page), is_done
        return (), None, False

    def stream_done(self) -> None:
        """Forget where to go on: the next run reads everything again."""
        if RESUME_STATE in self.stream_state:
            self.stream_state[RESUME_STATE] = NOTHING
