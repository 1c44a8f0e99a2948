"""What an Audience Center holds, as plain records. Every `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acton_sandbox.facts import Activity

ALL_CONTACTS = "l-unified-contacts"
"""The id of the one list in which all contacts stand."""

PROPERTIES = (
    "email",
    "externalId",
    "objectType",
    "legacyRecordId",
    "firstName",
    "middleName",
    "lastName",
    "title",
    "department",
    "company",
    "dateOfBirth",
    "timezone",
    "picture",
    "businessStreet",
    "businessCity",
    "businessState",
    "businessZip",
    "businessCountry",
    "businessPhone",
    "businessFax",
    "businessWebsite",
    "personalStreet",
    "personalCity",
    "personalState",
    "personalZip",
    "personalCountry",
    "homePhone",
    "mobilePhone",
    "personalWebsite",
    "actonPrimaryScore",
)
"""The properties of a contact that are texts, besides its id and its two dates."""


@dataclass(frozen=True, slots=True)
class ContactField:
    """A column of the contacts, as the account's schema has it.

    Attributes:
        field_id: The id, which stays when the label changes.
        column_index: The key of its values in the custom fields of a contact.
        name: The label, as users have chosen it.
        type: One of the schema's types.
        mapping: The standard meaning, if it has one.
        required: Whether every contact must have a value.
        readonly: Whether users cannot change the values.
        hidden: Whether users do not see it.
    """

    field_id: int
    column_index: int
    name: str
    type: str
    mapping: str | None = None
    required: bool = False
    readonly: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class SheetScore:
    """The score of a contact by one score sheet."""

    sheet_id: int
    sheet_name: str
    points: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact; one that is `gone` is listed, but nothing more of it can be fetched.

    Attributes:
        id: The id within all contacts.
        properties: The texts by the name of the property; not set is the empty text.
        custom: The texts of the custom fields by column index.
        created_at: When it came.
        updated_at: When it last changed.
        activities: What it did, the latest first; each of them has also changed the contact.
        scores: Its scores, one for each score sheet.
        gone: Whether it was deleted a moment ago.
    """

    id: str
    properties: Mapping[str, str]
    custom: Mapping[int, str]
    created_at: int
    updated_at: int
    activities: tuple[Activity, ...]
    scores: tuple[SheetScore, ...]
    gone: bool

    @property
    def email(self) -> str:
        """The address, which may be empty and need not be the only one of its kind."""
        return self.properties["email"]

    @property
    def number(self) -> int:
        """The number of the row, which the id ends in."""
        return int(self.id.rpartition(":")[2], 16)


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition of a query: that a custom field holds one of some texts."""

    column_index: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment with the ids of its members; one that is `gone` is listed only."""

    id: str
    name: str
    type: str
    parent_id: str
    expressions: tuple[Expression, ...] = ()
    member_ids: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column of a file goes into which column of the contacts."""

    csv_column: str
    acton_column: str
    overwrites: bool
    data_format: str | None = None


@dataclass(frozen=True, slots=True)
class ImportDefinition:
    """How a file of contacts is read in."""

    id: int
    name: str
    merge_strategy: str
    object_type: str | None
    mappings: tuple[ColumnMapping, ...]
    segment_ids: tuple[str, ...] | None
    delimiter: str
    quote: str
