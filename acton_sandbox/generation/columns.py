"""The columns of contact lists: header texts as users choose them, and what the cells hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.demo.people import place_of
from acton_sandbox.generation import vocabulary
from acton_sandbox.generation.people import eagerness
from acton_sandbox.timestamps import DAY, cell, local_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from acton_sandbox.dice import Dice
    from acton_sandbox.entities import Person

Columns = tuple[tuple[str, str], ...]

HEADER_SETS: dict[str, Columns] = {
    "plain": (
        ("First Name", "first"),
        ("Last Name", "last"),
        ("E-mail Address", "email"),
        ("Company", "company"),
        ("Score", "score"),
        ("Opted, how?", "note"),
        ("Last visit", "date"),
        (".tz", "zone"),
    ),
    "german": (
        ("E-Mail", "email"),
        ("Vorname", "first"),
        ("Name", "last"),
        ("Straße / Nr.", "street"),
        ("Größe (m²)", "money"),
        ("__intern", "flag"),
        ("Punkte", "score"),
    ),
    "duplicates": (
        ("Phone", "phone"),
        ("Phone", "phone"),
        ("E-mail", "email"),
        ("phone", "phone"),
        (" Name with spaces ", "first"),
        ("Phone", "phone"),
        ("", "note"),
        ("日付", "date"),
    ),
    "salesforce": (
        ("Email", "email"),
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Email Opt Out", "flag"),
        ("Hard Bounce", "flag"),
        ("EmailBouncedReason", "note"),
        ("EmailBouncedDate", "date"),
        ("Lead Score", "score"),
        ("Lead Status", "status"),
        ("Owner ID", "record"),
        ("RecordID", "record"),
        ("Annual Revenue", "money"),
    ),
    "webinar": (
        ("Last Name", "last"),
        ("Email Address", "email"),
        ("Work Phone Number", "phone"),
        ("Street Address 1", "street"),
        ("Postal Code", "postcode"),
        ("Company Size", "range"),
        ("Job Function", "title"),
        ("Status", "attendance"),
        ("Registration Date/Time", "date"),
        ("Attendance Date/Time", "date"),
        ("Live Duration", "score"),
        ("Engagement Score", "decimal"),
        ("# of Poll Responses", "score"),
        ("Number of Resources Viewed", "score"),
    ),
    # All labels of ON24's page, spelled in other ways, and some that are not on it.
    "on24": (
        ("first name", "first"),
        ("Last_Name", "last"),
        ("E-Mail Address", "email"),
        ("Work Phone-Number", "phone"),
        ("Street Address 1", "street"),
        ("STREET ADDRESS 2", "note"),
        ("Postal code", "postcode"),
        ("Company", "company"),
        ("Company  Size", "range"),
        ("JobFunction", "title"),
        ("Lead source", "partner"),
        ("STATUS", "attendance"),
        ("Registration Date / Time", "local date"),
        ("Attendance Date/Time", "date"),
        ("live duration", "duration"),
        ("Archive Duration:", "duration"),
        ("Engagement score", "decimal"),
        ("# of Poll responses", "tally"),
        ("Number of Questions Asked", "tally"),
        ("# OF SURVEYS SUBMITTED", "tally"),
        ("Number Of Resources Viewed", "tally"),
        ("Registration ID", "record"),
        ("Status", "status"),
        ("Contact ID", "score"),
    ),
    # What follows is as a company would set it up.
    "subscribers": (
        ("E-mail Address", "email"),
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Company", "company"),
        ("Job Title", "title"),
        ("Country", "country"),
        ("Source", "source"),
        ("Score", "points"),
        ("Last visit", "visit"),
    ),
    "customers": (
        ("E-mail Address", "email"),
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Company", "company"),
        ("City", "city"),
        ("Country", "country"),
        ("Customer No.", "customer"),
        ("Score", "points"),
    ),
    "salesforce leads": (
        ("Email", "email"),
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Company", "company"),
        ("Title", "title"),
        ("Country", "country"),
        ("Lead Source", "source"),
        ("Lead Status", "stage"),
        ("Lead Score", "points"),
        ("RecordID", "record"),
    ),
    "directory": (
        ("E-mail", "email"),
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Company", "company"),
        ("Country", "country"),
    ),
    "registrants": (
        ("First Name", "first"),
        ("Last Name", "last"),
        ("Email Address", "email"),
        ("Company", "company"),
        ("Company Size", ""),
        ("Job Function", "title"),
        ("Lead Source", ""),
        ("Status", ""),
        ("Registration Date/Time", ""),
        ("Attendance Date/Time", ""),
        ("Live Duration", ""),
        ("Archive Duration", ""),
        ("Engagement Score", ""),
        ("Number of Poll Responses", ""),
        ("Number of Questions Asked", ""),
        ("Number of Resources Viewed", ""),
    ),
    "wide": (
        ("Email", "email"),
        *((f"Answer {number}", "flag") for number in range(1, 300)),
    ),
}

MOVING = frozenset(
    {
        *("score", "decimal", "note", "date", "status", "attendance", "flag"),
        *("local date", "duration", "tally", "points", "visit", "stage"),
    }
)
"""The kinds of cells that change when a row does."""


def email_column(header_set: str) -> int:
    """Return the position of the e-mail column."""
    return next(i for i, (_, kind) in enumerate(HEADER_SETS[header_set]) if kind == "email")


_OF_PERSON: dict[str, Callable[[Person], str]] = {
    "first": lambda person: person.first_name,
    "last": lambda person: person.last_name,
    "email": lambda person: person.email,
    "company": lambda person: person.company,
    "title": lambda person: person.title,
    "city": lambda person: place_of(person).city,
    "country": lambda person: place_of(person).country,
}

_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_DRAWN: dict[str, Callable[[Dice], str]] = {
    "score": lambda dice: str(dice.below(120)),
    "decimal": lambda dice: f"{dice.below(100) / 10}",
    "note": lambda dice: dice.pick(vocabulary.NOTES) if dice.chance(0.3) else "",
    "zone": lambda dice: dice.pick(vocabulary.ZONES),
    "street": lambda dice: f"Example Straße {dice.below(99) + 1}",
    "postcode": lambda dice: f"{dice.below(100_000):05d}",
    "money": lambda dice: dice.pick(("", f"${dice.below(9_000):,}.50", str(dice.below(10**6)))),
    "flag": lambda dice: dice.pick(("true", "false", "1", "0", "")),
    "phone": lambda dice: f"+1 555 01{dice.below(100):02d}",
    "record": lambda dice: "00Q" + "".join(dice.pick(_BASE_62) for _ in range(15)),
    "status": lambda dice: dice.pick(("Open", "Contacted", "Qualified", "")),
    "attendance": lambda dice: dice.pick(("Registered", "Attended", "attended")),
    "partner": lambda dice: dice.pick(("partner-7", "newsletter", "")),
    "duration": lambda dice: dice.pick(
        ("47", "12.5", "0", "1:02:30", "0:45:06", "59:20", "7:00", "n/a", "1:75:00", "")
    ),
    "tally": lambda dice: dice.pick((str(dice.below(9)), "n/a", "")),
    "source": lambda dice: dice.pick(("Website", "Webinar", "Trade fair", "Referral", "Dealer")),
    "stage": lambda dice: dice.pick(("Open", "Contacted", "Qualified", "Nurturing")),
    "customer": lambda dice: f"C-{dice.between(10_000, 99_999)}",
    "range": lambda dice: dice.pick(("1-10", "11-50", "1,000+", "")),
}


def draw(kind: str, person: Person, dice: Dice, at: int) -> str:
    """Return a cell of this kind for a person, as of a given time."""
    of_person = _OF_PERSON.get(kind)
    if of_person is not None:
        return of_person(person)
    if kind == "date":
        return cell(at - dice.below(400) * DAY // 4) if dice.chance(0.7) else ""
    if kind == "points":
        return str(int(eagerness(person.email) * 80) + dice.below(15))
    if kind == "visit":
        return cell(at - dice.below(60) * DAY)
    if kind == "local date":
        return local_cell(at - dice.below(400) * DAY // 4) if dice.chance(0.9) else "to be told"
    return _DRAWN[kind](dice)
