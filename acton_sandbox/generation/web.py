"""Forms, landing pages and programs: made before the account's first day, visited ever since."""

from __future__ import annotations

from acton_sandbox.dice import Dice
from acton_sandbox.generation import vocabulary
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, START, midnight
from acton_sandbox.web import Form, LandingPage, Program, Traffic

_FOLDERS = ("Trials", "", "Größe & Maß", "フォーム")
_SOURCES = ("Page:Trial landing", "Direkt: Größe & Maß", "メール", "", "Partner", "Partner")
"""Labels of sources; one is empty, and one stands twice."""
_PAGE_SOURCES = ("Default", "Partner", "total_visits", "Größe & Maß", "", "検索")
"""Names of sources, which are free keys; one is that of a field, one is empty."""
_PROGRAMS = {"TRACK": "tr-{:04x}", "EVENT": "ev-{:04x}", "LIST_MAINT": "lm-{:04x}"}
_PROGRAM_FOLDERS = ((-1, ""), (12, "Nurture"), (13, "Größe & Maß"))
_STATES = ("draft", "running", "paused")


def forms_of(seed: int, count: int, now: int) -> list[Form]:
    """Return the forms with what came of them up to a given time.

    The first has visits from every source, the second has none; the third is deleted but listed.
    """
    found = []
    for number in range(count):
        dice = Dice(seed, "form", number)
        form_id = f"0b6f{number:04x}-91c4-4a7b-8d13-{dice.below(2**40):012x}"
        url = f"https://forms.example.com/{form_id}:d-{number:04x}/index.htm"
        made_at = _before_the_start(dice)
        sources = _SOURCES if number == 0 else _SOURCES[: dice.between(1, 4)] * (number != 1)
        found.append(
            Form(
                id=form_id,
                title=f"{dice.pick(vocabulary.AUDIENCES)} form {number}",
                description=dice.pick(("", "Asks for a trial", "Fragt nach der Größe")),
                folder_name=_FOLDERS[number % len(_FOLDERS)],
                url=url,
                urls=_addresses(url, number),
                created_at=made_at,
                modified_at=made_at + dice.below(20) * DAY + dice.below(DAY),
                traffic=tuple(_traffic(source, dice, now) for source in sources),
                gone=number == 2,  # noqa: PLR2004
            )
        )
    return found


def landing_pages_of(seed: int, count: int, now: int) -> list[LandingPage]:
    """Return the landing pages with their visits up to a given time.

    The first has visits from every source, the second has none; the third is deleted but listed.
    """
    found = []
    for number in range(count):
        dice = Dice(seed, "landing page", number)
        page_id = f"p-{number + 12:04x}"
        url = f"https://pages.example.com/{page_id}"
        title = f"{dice.pick(vocabulary.AUDIENCES)} landing {number}"
        made_at = _before_the_start(dice)
        sources = (
            _PAGE_SOURCES if number == 0 else _PAGE_SOURCES[: dice.between(1, 4)] * (number != 1)
        )
        traffic = tuple((source, _visits(dice, now)) for source in sources)
        found.append(
            LandingPage(
                id=page_id,
                title=title,
                folder_name=_FOLDERS[number % len(_FOLDERS)],
                url=url,
                urls=_addresses(url, number),
                created_at=made_at,
                modified_at=made_at + dice.below(20) * DAY + dice.below(DAY),
                html=f"<!doctype html>\n<title>{title}</title>\n<h1>Größe & Maß</h1>\n",
                unknown_visitors=sum(visits for _, visits in traffic) * 2 // 3,
                traffic=traffic,
                gone=number == 2,  # noqa: PLR2004
            )
        )
    return found


def programs_of(seed: int, count: int, now: int) -> list[Program]:
    """Return so many programs of each type, as of a given time."""
    found = []
    for program_type, pattern in _PROGRAMS.items():
        for number in range(count):
            dice = Dice(seed, "program", program_type, number)
            made_at = _before_the_start(dice)
            folder_id, folder_name = _PROGRAM_FOLDERS[number % len(_PROGRAM_FOLDERS)]
            state = _STATES[number % len(_STATES)]
            found.append(
                Program(
                    id=pattern.format(number + 25),
                    type=program_type,
                    name=f"{dice.pick(vocabulary.AUDIENCES)} program {number}",
                    description=dice.pick(("", "Pflegt Kontakte", "Three mails in ten days")),
                    folder_id=folder_id,
                    folder_name=folder_name,
                    state=state,
                    created_at=made_at,
                    # The first was never changed since it was made.
                    modified_at=made_at + dice.below(30) * HOUR if number else 0,
                    next_run_at=(now // DAY + 1) * DAY if state == "running" else 0,
                    is_favorite=dice.chance(0.4),
                    is_valid=dice.chance(0.8),
                    active=dice.below(40),
                    src_ids=("l-0a41", "q-00b3")[: number % 3],
                    src_names=("Customers", "Kunden / Größe & Maß")[: number % 3],
                    message_ids=("t-0021",) if dice.chance(0.6) else (),
                    tag_names=("Q3", "Größe")[: dice.below(3)],
                )
            )
    return found


def _before_the_start(dice: Dice) -> int:
    return midnight(START) - dice.between(30, 300) * DAY + dice.below(DAY // MINUTE) * MINUTE


def _addresses(url: str, number: int) -> tuple[str, ...]:
    """Return the addresses of an item: none for the second, the same one twice for the first."""
    further = (f"{url}?lang=de&from=größe", url)
    return () if number == 1 else (url, *further[: max(2 - number, 0)])


def _visits(dice: Dice, now: int) -> int:
    return dice.between(1, 40) + dice.below(4) * (now - midnight(START)) // DAY


def _traffic(source: str, dice: Dice, now: int) -> Traffic:
    views = _visits(dice, now)
    unique = views * dice.between(30, 90) // 100
    return Traffic(source, submits=unique * dice.between(0, 60) // 100, unique=unique, views=views)
