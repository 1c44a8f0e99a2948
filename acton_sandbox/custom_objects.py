"""Custom objects, as plain records. Every `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ObjectField:
    """A field of a custom object.

    Attributes:
        id: Its id.
        name: By which its values are named in a row.
        type: One of the types that the documents name, or one that they do not.
        display_name: What users see.
        properties: Settings of the type, such as its format.
    """

    id: str
    name: str
    type: str
    display_name: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relationship:
    """How the rows of an object belong to those of another."""

    name: str
    type: str
    field_name: str
    other_object: str
    other_field_name: str


@dataclass(frozen=True, slots=True)
class CustomObject:
    """A kind of things that an account keeps in tables of its own."""

    id: str
    name: str
    description: str
    data_type: str
    fields: tuple[ObjectField, ...]
    unique_field_set: tuple[str, ...] = ()
    required_fields: tuple[str, ...] = ()
    event_timestamp_field: str | None = None
    primary_email_field: str | None = None
    relationships: tuple[Relationship, ...] = ()

    @property
    def field_by_name(self) -> dict[str, ObjectField]:
        """The fields by name."""
        return {item.name: item for item in self.fields}


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """A row of a dataset.

    `values` holds what the fields mean, by name: texts, numbers, arrays of texts, anything for
    JSON, days as ISO 8601, and timestamps as epoch milliseconds. A field may be missing.
    """

    id: str
    created_at: int
    updated_at: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table of things of one kind; one that is `gone` is listed but not found by itself."""

    id: str
    object_id: str
    name: str
    description: str
    is_default: bool
    gone: bool
    rows: tuple[ObjectRow, ...]


class DatasetPlan(NamedTuple):
    """A dataset, and how many rows it begins with."""

    id: str
    object_id: str
    name: str
    rows: int
    description: str = ""
    is_default: bool = False
    gone: bool = False
    changes: bool = True
