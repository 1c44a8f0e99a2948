"""All contacts: those of the first day, the changes of each day since, and their segments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from acton_sandbox.audience_center import (
    ALL_CONTACTS,
    PROPERTIES,
    ColumnMapping,
    Contact,
    ContactField,
    Expression,
    ImportDefinition,
    Segment,
    SheetScore,
)
from acton_sandbox.dice import Dice
from acton_sandbox.facts import Activity, Kind
from acton_sandbox.generation import vocabulary
from acton_sandbox.generation.web import forms_of
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, START, date_cell, midnight

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from acton_sandbox.entities import Person, Recipient
    from acton_sandbox.generation.lists import Lists
    from acton_sandbox.generation.people import People
    from acton_sandbox.size import Size

_FIRST_SUPPRESSED_PERSON = 500_000
_FIRST_OWN_PERSON = 700_000
_LASTING = 4
"""So many contacts are never deleted: each of them is odd in a way of its own."""
_ADD, _DELETE, _CHANGE = range(3)

_STANDARD_NAMES = (
    ("E-mail Address", "EMAIL"),
    ("First Name", "FIRST_NAME"),
    ("Middle Name", "MIDDLE_NAME"),
    ("Last Name", "LAST_NAME"),
    ("Company", "COMPANY"),
    ("Job Title", "TITLE"),
    ("Department", "DEPARTMENT"),
    ("Mailing Street", "BUSINESS_STREET"),
    ("Mailing City", "BUSINESS_CITY"),
    ("Mailing State/Province", "BUSINESS_STATE"),
    ("Mailing Zip/Postal Code", "BUSINESS_ZIP"),
    ("Mailing Country", "BUSINESS_COUNTRY"),
    ("Other Street", "PERSONAL_STREET"),
    ("Other City", "PERSONAL_CITY"),
    ("Other State/Province", "PERSONAL_STATE"),
    ("Other Zip/Postal Code", "PERSONAL_ZIP"),
    ("Other Country", "PERSONAL_COUNTRY"),
    ("Business Phone", "BUSINESS_PHONE"),
    ("Business Fax", "BUSINESS_FAX"),
    ("Other Phone", "HOME_PHONE"),
    ("Mobile Phone", "MOBILE_PHONE"),
    ("Website", "BUSINESS_WEBSITE"),
    ("Personal Website", "PERSONAL_WEBSITE"),
    ("Picture", "PICTURE"),
    ("Time Zone", "TIMEZONE"),
    ("Date of birth", "DATE_OF_BIRTH"),
    ("Act-On Primary Score", "ACTON_PRIMARY_SCORE"),
)
_STANDARD_TYPES = {"EMAIL": "EMAIL", "DATE_OF_BIRTH": "DATE", "ACTON_PRIMARY_SCORE": "SCORE"}
_ACCOUNT_TYPE, _BOOTH = 58, 52

CUSTOM_FIELDS = (
    ContactField(2240, _BOOTH, "Visited booth", "BOOLEAN"),
    ContactField(2241, 53, "Do Not Contact", "BOOLEAN"),
    ContactField(2242, 54, "Renewal date", "DATE"),
    ContactField(2243, 55, "Last webinar", "DATETIME"),
    ContactField(2244, 56, "Größe (m²) & Maß", "NUMBER"),
    ContactField(2245, 57, "Webinar score", "SCORE", readonly=True),
    ContactField(2246, _ACCOUNT_TYPE, "Account Type", "TEXT"),
    ContactField(2247, 59, "Second e-mail", "EMAIL"),
    ContactField(2248, 60, "Interests", "MULTI-TEXT"),
    # Two columns of one name, and one with the name of a property.
    ContactField(2249, 61, "Region", "TEXT"),
    ContactField(2250, 62, "Region", "TEXT"),
    ContactField(2251, 63, "Email", "TEXT"),
    ContactField(2252, 64, "Internal note", "TEXT", hidden=True),
    ContactField(2253, 65, "Status", "TEXT", mapping="STATUS"),
    ContactField(2254, 66, "Lead Source", "TEXT", mapping="LEAD_SOURCE"),
)
"""The columns of the contacts that have no property of their own."""

STANDARD_FIELDS = tuple(
    ContactField(
        2200 + number,
        5 + number,
        name,
        _STANDARD_TYPES.get(mapping, "TEXT"),
        mapping,
        required=mapping == "EMAIL",
        readonly=mapping == "ACTON_PRIMARY_SCORE",
    )
    for number, (name, mapping) in enumerate(_STANDARD_NAMES, start=1)
)
"""The columns of the contacts that have a property of their own."""

FIELDS = (*STANDARD_FIELDS, *CUSTOM_FIELDS)
"""All columns of the contacts, as long as a test does not change them."""

UNNAMED_COLUMN = 99
"""The index of a column that contacts have values for, but the schema no longer has."""


KINDS = (
    Kind("s", "Sent: Größe & Maß digest", "s-0042-2603", "msg", "EMAIL"),
    Kind("cl", "Clicked: “Trial” launch", "s-0043-2603", "msg", "EMAIL"),
    Kind("wr", "Registered: First steps", "300112233", "webinar", "WEBINAR"),
    Kind("wa", "Attended: 最初の一歩", "300112233", "webinar", "WEBINAR"),
    Kind("sv", "", "", "", "WEB"),
)
SHEETS = ((1, "Default"), (2, "Größe & Maß"), (3, "Webinare"))
_STREETS = ("Example Straße", "Rue de l'Exemple", "Sample Ave. #")
_COUNTRIES = ("US", "Deutschland", "日本", "")


IMPORT_DEFINITIONS = (
    ImportDefinition(
        5512,
        "Expo badge scan",
        "EMAIL",
        None,
        (
            ColumnMapping("mail", "E-mail Address", overwrites=False),
            ColumnMapping("größe, m²", "Größe (m²) & Maß", overwrites=True),
        ),
        ("g-002e",),
        "COMMA",
        "QUOTE",
    ),
    ImportDefinition(
        5513,
        "CRM: Nachtlauf",
        "EXTERNAL_ID",
        "Lead",
        (
            ColumnMapping("Id", "ExternalId", overwrites=False),
            ColumnMapping("Renewal", "Renewal date", overwrites=True, data_format="MM/DD/YYYY"),
        ),
        None,
        "SEMI_COLON",
        "SIMPLE_QUOTE",
    ),
    ImportDefinition(5514, "", "EMAIL", None, (), (), "TAB", "QUOTE"),
)
"""How files of contacts are read in."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A contact while the days are played through."""

    properties: dict[str, str]
    custom: dict[int, str]
    created_at: int
    updated_at: int
    activities: tuple[Activity, ...] = ()


@dataclass(slots=True)
class _Played:
    """The contacts at the beginning of a day, by number."""

    day: date
    added: int
    opened: dict[int, _Open]


class Contacts:
    """All contacts of an account, at any time.

    About half of them stand in its marketing lists too, and so in the audiences of messages;
    others are among those who must not be written to.
    """

    def __init__(self, seed: int, size: Size, people: People, lists: Lists) -> None:
        self._seed = seed
        self._size = size
        self._people = people
        self._lists = lists
        self._latest: _Played | None = None

    def at(self, now: int) -> list[Contact]:
        """Return the contacts as of a given time, in the order in which they came."""
        latest = self._latest
        if latest is None or midnight(latest.day) > now:
            latest = self._first()
        opened = self._play(replace(latest, opened=dict(latest.opened)), now)
        return [self._finished(number, item) for number, item in opened.items()]

    def _first(self) -> _Played:
        start = midnight(START)
        opened = {}
        for number in range(1, self._size.contacts + 1):
            dice = Dice(self._seed, "contact moment", number)
            opened[number] = self._new(number, start + dice.below(12 * HOUR))
        return _Played(START + timedelta(days=1), self._size.contacts, opened)

    @cached_property
    def _recipients(self) -> list[Recipient]:
        """Members of the lists from which nobody is ever deleted."""
        filled = (plan for plan in self._size.lists if plan.rows)
        audiences = zip(filled, self._lists.audiences, strict=True)
        return [member for plan, members in audiences if not plan.grows for member in members]

    @cached_property
    def _listed(self) -> dict[str, Person]:
        """Those who may stand in lists, by their addresses."""
        members = (self._people[number] for number in range(self._size.people))
        return {person.email: person for person in members}

    @cached_property
    def _kinds(self) -> tuple[Kind, ...]:
        """What contacts do; the form that they fill in is the account's first."""
        forms = forms_of(self._seed, self._size, midnight(START), most=1)
        return (
            *self._size.words.contact_kinds,
            *(
                Kind(verb, f"{done}: {form.title}", form.id, "form", "FORM")
                for form in forms
                for verb, done in (("fs", "Submitted"), ("fu", "Updated"))
            ),
        )

    def _play(self, played: _Played, now: int) -> dict[int, _Open]:
        size = self._size
        kinds = (
            [_ADD] * size.contacts_added_per_day
            + [_DELETE] * size.contacts_deleted_per_day
            + [_CHANGE] * size.contact_changes_per_day
        )
        opened = played.opened
        while kinds and midnight(played.day) <= now:
            day = played.day
            if midnight(day + timedelta(days=1)) > now:
                # From here the next day is played.
                self._latest = replace(played, opened=dict(opened))
            dice = Dice(self._seed, "contacts", day)
            # Every decision is drawn in the order of time: what happens after `now` must not
            # have touched what happened before it.
            timestamps = sorted(midnight(day) + dice.below(DAY) for _ in kinds)
            first = dice.below(len(kinds))
            for position, timestamp in enumerate(timestamps):
                if timestamp > now:
                    break
                kind = kinds[(position + first) % len(kinds)]
                if kind == _ADD:
                    played.added += 1
                    opened[played.added] = self._new(played.added, timestamp)
                elif kind == _DELETE:
                    deletable = list(opened)[_LASTING:]
                    if deletable:
                        del opened[dice.pick(deletable)]
                elif opened:
                    number = dice.pick(list(opened))
                    opened[number] = self._changed(opened[number], dice, timestamp)
            if not size.is_odd:
                self._join(played, now)
            played.day += timedelta(days=1)
        return opened

    def _join(self, played: _Played, now: int) -> None:
        """Add those who have joined the first list on a day."""
        for timestamp in self._lists.joins(0, played.day):
            if timestamp <= now:
                played.added += 1
                played.opened[played.added] = self._new(played.added, timestamp)

    def _person(self, number: int) -> tuple[Person, str]:
        """Return who a contact is, and the id of the row of a list that it was made from."""
        if not self._size.is_odd:
            row_id = f"{self._lists.list_id(0)}:{number:x}"
            return self._people[number], row_id if number <= self._size.lists[0].rows else ""
        dice = Dice(self._seed, "contact", number)
        origin = dice.below(10)
        if (number == _LASTING or origin == 0) and number > 1:
            # The address of another contact once more.
            return self._person(number - 1 if number > _LASTING else 1)[0], ""
        if (number <= _LASTING or origin <= 6) and self._recipients:  # noqa: PLR2004
            member = dice.pick(self._recipients)
            return self._listed[member.email], member.contact_id
        if origin == 7:  # noqa: PLR2004
            # One for each day of the history, the first ones have been there longest.
            return self._people[_FIRST_SUPPRESSED_PERSON + 4 * (number % 100)], ""
        return self._people[_FIRST_OWN_PERSON + number], ""

    def _new(self, number: int, timestamp: int) -> _Open:
        person, row_id = self._person(number)
        dice = Dice(self._seed, "contact cells", number)
        external_id, object_type = self._crm_record(number)
        properties = dict.fromkeys(PROPERTIES, "") | {
            "email": self._address(number, person),
            "externalId": external_id,
            "objectType": object_type,
            "legacyRecordId": row_id,
            "firstName": person.first_name,
            "lastName": person.last_name,
            "title": person.title,
            "company": person.company,
            **self._size.words.contact_details(dice, number, person),
        }
        custom = self._size.words.contact(dice, timestamp)
        kept = {index: value for index, value in custom.items() if dice.chance(0.8)}
        return _Open(properties, kept, created_at=timestamp, updated_at=timestamp)

    def _changed(self, item: _Open, dice: Dice, timestamp: int) -> _Open:
        """Change what changes in the life of a contact, mostly because of something it did."""
        values = self._size.words.contact_values
        drawn = {index: draw(dice, timestamp) for index, draw in values.items() if dice.chance(0.2)}
        score = str(self._size.words.contact_score(dice, item.properties["email"]))
        activities = item.activities
        if dice.chance(0.6):
            kind = dice.pick(self._kinds)
            activity = Activity(
                verb=kind.verb,
                at=timestamp - dice.below(MINUTE),
                what=kind.what,
                object_id=kind.object_id,
                object_type=kind.object_type,
                bin=kind.bin,
                counts=dice.chance(0.7),
            )
            # A page that is loaded twice leaves two identical entries.
            activities += (activity,) * (2 if dice.chance(0.1) else 1)
        return _Open(
            item.properties | {"actonPrimaryScore": score},
            item.custom | drawn,
            item.created_at,
            updated_at=timestamp,
            activities=activities,
        )

    def _address(self, number: int, person: Person) -> str:
        """Return the address of a contact, which some have typed into the CRM in capitals."""
        if not self._size.is_odd:
            return person.email
        if number == _LASTING - 1:
            return ""
        dice = Dice(self._seed, "spelling", number)
        in_crm = self._crm_record(number) != ("", "")
        return person.email.title() if in_crm and dice.chance(0.25) else person.email

    def _crm_record(self, number: int) -> tuple[str, str]:
        """Return the id and the kind of a contact's record in the CRM, if it has one.

        The second contact's id is the first one's in other letters' case.
        """
        is_twin = self._size.is_odd and number == 2  # noqa: PLR2004 - the second one
        dice = Dice(self._seed, "crm", 1 if is_twin else number)
        if (number > _LASTING - 1 or not self._size.is_odd) and dice.chance(0.4):
            return "", ""
        prefix, kind = ("00Q", "Lead") if dice.chance(0.7) else ("003", "Contact")
        rest = "".join(dice.pick("0123456789ABCDEFGHJKabcdefghjk") for _ in range(15))
        return prefix + (rest.swapcase() if is_twin else rest), kind

    def _finished(self, number: int, item: _Open) -> Contact:
        dice = Dice(self._seed, "contact scores", number)
        known = self._size.words.score_sheets
        sheets = known[: dice.below(len(known) + 1)]
        # The sheet that every account has is the one behind the primary score.
        points = [int(item.properties["actonPrimaryScore"]), *(dice.below(90) for _ in sheets)]
        return Contact(
            id=f"{ALL_CONTACTS}:{number:x}",
            properties=item.properties,
            custom=item.custom,
            created_at=item.created_at,
            updated_at=item.updated_at,
            activities=tuple(sorted(item.activities, key=lambda one: -one.at)),
            scores=tuple(
                SheetScore(*sheet, points=value)
                for sheet, value in zip(sheets, points, strict=False)
            ),
            gone=self._size.is_odd and number > _LASTING and dice.chance(0.04),
        )

    def segments(self, contacts: list[Contact]) -> list[Segment]:
        """Return the segments with those of the contacts that belong to them."""
        members: dict[str, list[Contact]] = {ALL_CONTACTS: contacts}
        found = []
        for segment in self._size.words.segments:
            among = members[segment.parent_id]
            if segment.type == "QUERY":
                chosen = [one for one in among if _matches(one, segment)]
            else:
                share = 0.0 if segment.gone or segment.name == "Empty" else 0.3
                chosen = [
                    one for one in among if Dice(self._seed, segment.id, one.number).chance(share)
                ]
            members[segment.id] = chosen
            found.append(replace(segment, member_ids=tuple(one.id for one in chosen)))
        return found


def _matches(contact: Contact, segment: Segment) -> bool:
    return all(
        contact.custom.get(expression.column_index) in expression.values
        for expression in segment.expressions
    )


def _datetime(dice: Dice, at: int) -> str:
    timestamp = at - dice.below(400) * DAY - dice.below(DAY)
    styles = ("iso", "epoch", "zoned", "display")
    return date_cell(timestamp, dice.pick(styles)) if dice.chance(0.8) else "neulich"


def _date(dice: Dice, at: int) -> str:
    return date_cell(at + dice.below(400) * DAY, "iso")[:10] if dice.chance(0.8) else "Q3"


def awkward_details(dice: Dice, number: int, _: Person) -> dict[str, str]:
    """Return further properties of a contact, some of them empty or in an unusual form."""
    details = {
        "department": dice.pick(("", "R&D", "Vertrieb")),
        "dateOfBirth": f"19{dice.between(50, 99)}-0{dice.between(1, 9)}-1{dice.below(10)}",
        "timezone": dice.pick(vocabulary.ZONES),
        "businessStreet": f"{dice.pick(_STREETS)} {dice.below(99) + 1}",
        "businessCity": dice.pick(("Portland", "München", "")),
        "businessZip": f"{dice.below(100_000):05d}",
        "businessCountry": dice.pick(_COUNTRIES),
        "businessPhone": f"+1 555 01{dice.below(100):02d}",
        "actonPrimaryScore": str(any_score(dice, "")),
    }
    if dice.chance(0.2):
        details |= {
            "picture": f"https://www.example.com/pictures/{number}.png?größe=s&x=1",
            "businessWebsite": "https://www.example.org/",
            "personalCity": "Zürich",
            "mobilePhone": "+41 555 0100",
        }
    return details


def any_score(dice: Dice, _: str) -> int:
    """Return a score that nothing explains."""
    return dice.below(120)


VALUES: dict[int, Callable[[Dice, int], str]] = {
    _BOOTH: lambda dice, _: dice.pick(("true", "false", "1", "", "maybe")),
    53: lambda dice, _: dice.pick(("true", "false")),
    54: _date,
    55: _datetime,
    56: lambda dice, _: dice.pick(
        (str(dice.below(9_000)), f"{dice.below(900) / 8}", "-3", "1.234,5 m²", "")
    ),
    57: lambda dice, _: str(dice.below(100)),
    _ACCOUNT_TYPE: lambda dice, _: dice.pick(("Partner", "Customer", "Prospect", "")),
    59: lambda dice, _: f"second{dice.below(1_000)}@example.org",
    60: lambda dice, _: dice.pick(("Events;Käse & Wein", "Events", "研究, “quoted”", "")),
    61: lambda dice, _: dice.pick(("EMEA", "APAC", "")),
    62: lambda dice, _: dice.pick(("Nord", "Süd")),
    63: lambda dice, _: dice.pick(("weekly", "never")),
    64: lambda dice, _: dice.pick(vocabulary.NOTES[:-1]),
    65: lambda dice, _: dice.pick(("Open", "Contacted", "Qualified")),
    66: lambda dice, _: dice.pick(("Webinar", "Expo", "“Trial”")),
    UNNAMED_COLUMN: lambda dice, _: str(dice.below(10)),
}
"""What the custom fields of a contact hold, by column index."""

SEGMENTS = (
    Segment("g-002e", "Expo guests", "DIRECT_SELECT", ALL_CONTACTS),
    Segment(
        "q-00b3",
        "Partners",
        "QUERY",
        ALL_CONTACTS,
        (Expression(_ACCOUNT_TYPE, ("Partner",)),),
    ),
    Segment(
        "q-00b4",
        "Partner, “Größe & Maß” am Stand",
        "QUERY",
        "q-00b3",
        (Expression(_BOOTH, ("true", "1")), Expression(_ACCOUNT_TYPE, ("Partner", "Customer"))),
    ),
    Segment("g-002f", "Empty", "DIRECT_SELECT", ALL_CONTACTS),
    Segment("q-00c1", "Suche: 研究", "SEARCH", ALL_CONTACTS),
    Segment("g-0030", "Deleted a moment ago", "DIRECT_SELECT", ALL_CONTACTS, gone=True),
)
