"""Forms, landing pages and programs: made before the account's first day, visited ever since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, START, midnight
from acton_sandbox.web import Form, LandingPage, Program, Traffic

if TYPE_CHECKING:
    from acton_sandbox.size import Size

WEB_FOLDERS = ("Trials", "", "Größe & Maß", "フォーム")
FORM_SOURCES = ("Page:Trial landing", "Direkt: Größe & Maß", "メール", "", "Partner", "Partner")
"""Labels of sources; one is empty, and one stands twice."""
PAGE_SOURCES = ("Default", "Partner", "total_visits", "Größe & Maß", "", "検索")
"""Names of sources, which are free keys; one is that of a field, one is empty."""
PROGRAM_IDS = {"TRACK": "tr-{:04x}", "EVENT": "ev-{:04x}", "LIST_MAINT": "lm-{:04x}"}
PROGRAM_FOLDERS = ((-1, ""), (12, "Nurture"), (13, "Größe & Maß"))


def forms_of(seed: int, size: Size, now: int, *, most: int | None = None) -> list[Form]:
    """Return the forms with what came of them up to a given time.

    The first has visits from every source, the second has none; the third is deleted but listed.
    """
    found = []
    words = size.words
    for number in range(size.forms)[:most]:
        dice = Dice(seed, "form", number)
        form_id = f"0b6f{number:04x}-91c4-4a7b-8d13-{dice.below(2**40):012x}"
        url = f"https://forms.example.com/{form_id}:d-{number:04x}/index.htm"
        made_at = _before_the_start(dice)
        known = words.form_sources
        sources = known if number == 0 else known[: dice.between(1, 4)] * (number != 1)
        found.append(
            Form(
                id=form_id,
                title=words.named(words.form_names, dice, number),
                description=dice.pick(words.form_descriptions),
                folder_name=words.web_folders[number % len(words.web_folders)],
                url=url,
                urls=_addresses(url, number, words.address_query),
                created_at=made_at,
                modified_at=made_at + dice.below(20) * DAY + dice.below(DAY),
                traffic=tuple(_traffic(source, dice, size, now) for source in sources),
                gone=number == 2,  # noqa: PLR2004
            )
        )
    return found


def landing_pages_of(seed: int, size: Size, now: int) -> list[LandingPage]:
    """Return the landing pages with their visits up to a given time.

    The first has visits from every source, the second has none; the third is deleted but listed.
    """
    found = []
    words = size.words
    for number in range(size.landing_pages):
        dice = Dice(seed, "landing page", number)
        page_id = f"p-{number + 12:04x}"
        url = f"https://pages.example.com/{page_id}"
        title = words.named(words.landing_page_names, dice, number)
        made_at = _before_the_start(dice)
        known = words.landing_page_sources
        sources = known if number == 0 else known[: dice.between(1, 4)] * (number != 1)
        traffic = tuple((source, _visits(dice, size, now)) for source in sources)
        found.append(
            LandingPage(
                id=page_id,
                title=title,
                folder_name=words.web_folders[number % len(words.web_folders)],
                url=url,
                urls=_addresses(url, number, words.address_query),
                created_at=made_at,
                modified_at=made_at + dice.below(20) * DAY + dice.below(DAY),
                html=f"<!doctype html>\n<title>{title}</title>\n"
                f"<h1>{words.landing_page_heading}</h1>\n",
                unknown_visitors=sum(visits for _, visits in traffic) * 2 // 3,
                traffic=traffic,
                gone=number == 2,  # noqa: PLR2004
            )
        )
    return found


def programs_of(seed: int, size: Size, now: int) -> list[Program]:
    """Return so many programs of each type, as of a given time."""
    found = []
    words = size.words
    for program_type, pattern in PROGRAM_IDS.items():
        for number in range(size.programs):
            dice = Dice(seed, "program", program_type, number)
            made_at = _before_the_start(dice)
            folder_id, folder_name = words.program_folders[number % len(words.program_folders)]
            sent = words.program_messages[program_type]
            state = words.program_states[number % len(words.program_states)]
            found.append(
                Program(
                    id=pattern.format(number + 25),
                    type=program_type,
                    name=words.named(words.program_names[program_type], dice, number),
                    description=dice.pick(words.program_descriptions),
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
                    src_ids=tuple(one for one, _ in words.program_sources[: number % 3]),
                    src_names=tuple(name for _, name in words.program_sources[: number % 3]),
                    message_ids=sent[number % len(sent)]
                    if dice.chance(words.program_share)
                    else (),
                    tag_names=words.program_tags[: dice.below(3)],
                )
            )
    return found


def _before_the_start(dice: Dice) -> int:
    return midnight(START) - dice.between(30, 300) * DAY + dice.below(DAY // MINUTE) * MINUTE


def _addresses(url: str, number: int, query: str) -> tuple[str, ...]:
    """Return the addresses of an item: none for the second, the same one twice for the first."""
    further = (f"{url}?{query}", url)
    return () if number == 1 else (url, *further[: max(2 - number, 0)])


def _visits(dice: Dice, size: Size, now: int) -> int:
    return (
        dice.between(1, 40)
        + dice.below(size.most_daily_visits + 1) * (now - midnight(START)) // DAY
    )


def _traffic(source: str, dice: Dice, size: Size, now: int) -> Traffic:
    views = _visits(dice, size, now)
    unique = views * dice.between(*size.unique_percent) // 100
    return Traffic(
        source,
        submits=unique * dice.between(*size.submit_percent) // 100,
        unique=unique,
        views=views,
    )
