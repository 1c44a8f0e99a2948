"""The media library and its reports, against their documented shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Choices

if TYPE_CHECKING:
    from acton_sandbox import Sandbox
    from acton_sandbox.media import Medium
    from tests.sandbox.conftest import Api

REPORTS = ("report/", "report/messages", "report/views", "report/timeline")


def listed(api: Api) -> list[dict[str, Any]]:
    """Give the entries of all folders."""
    return [entry for folder in api.json("/media/") for entry in folder["entries"]]


def viewed(sandbox: Sandbox) -> list[Medium]:
    """Give what somebody looked at."""
    found = [medium for medium in sandbox.account.media if medium.views]
    assert found
    return found


def test_the_listing_is_an_array_of_folders(api: Api, any_edition: Sandbox) -> None:
    folders = api.json("/media/")
    assert all(folder.keys() == {"name", "entries"} for folder in folders)
    assert any(not folder["entries"] for folder in folders)
    entries = listed(api)
    assert [entry["id"] for entry in entries] == [medium.id for medium in any_edition.account.media]
    for entry in entries:
        is_file = entry["id"].startswith("f-")
        assert ("size" in entry, "target_url" in entry) == (is_file, not is_file)
        assert isinstance(entry["creation_time"], int)
        assert re.fullmatch(r"\d{13}", entry["last_modified"])
        assert re.fullmatch(r"\d+", entry.get("size", "0"))


def test_details_hold_numbers_where_the_listing_holds_texts(api: Api, any_edition: Sandbox) -> None:
    by_id = {entry["id"]: entry for entry in listed(api)}
    for medium in viewed(any_edition):
        found = api.json(f"/media/{medium.id}")
        assert isinstance(found["last_modified"], int)
        texts = {key: str(value) for key, value in found.items()}
        assert texts == {key: str(value) for key, value in by_id[medium.id].items()}


def test_the_reports_agree_with_the_views(api: Api, any_edition: Sandbox) -> None:
    for medium in viewed(any_edition):
        views = api.json(f"/media/{medium.id}/report/views")
        timeline = api.json(f"/media/{medium.id}/report/timeline")
        report = api.json(f"/media/{medium.id}/report/")
        known = [view["recipient"] for view in views if view["known"]]
        assert report["total_known_views"] == sum(day["known"] for day in timeline) == len(known)
        assert report["unique_known_views"] == len({*known})
        assert sum(day["total"] for day in timeline) == len(views)
        messages = api.json(f"/media/{medium.id}/report/messages")["result"]
        assert report["total_messages"] == len(messages)
        assert all(re.fullmatch(r"\d\d/\d\d/\d{4}", day["date"]) for day in timeline)
        tstamp = r"[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d\d [AP]M P[DS]T"
        assert all(re.fullmatch(tstamp, view["tstamp"]) for view in views)


@pytest.mark.parametrize("report", REPORTS)
def test_what_is_gone_or_never_was_is_an_invalid_id(
    api: Api, any_edition: Sandbox, report: str
) -> None:
    (gone,) = [medium.id for medium in any_edition.account.media if medium.gone]
    for media_id in (gone, "f-none"):
        answer = api.get(f"/media/{media_id}/{report}")
        assert (answer.status_code, answer.json()["errorCode"]) == (400, 10054)


@pytest.mark.parametrize(
    ("spelling", "statuses"), [("with", (200, 404)), ("without", (404, 200)), ("both", (200, 200))]
)
def test_the_slash_at_the_end_can_matter(
    client: Api, sandbox: Sandbox, spelling: str, statuses: tuple[int, int]
) -> None:
    sandbox.choices = Choices(media_slash=spelling)
    for path in ("/media", f"/media/{viewed(sandbox)[0].id}/report"):
        found = client.get(f"{path}/"), client.get(path)
        assert tuple(answer.status_code for answer in found) == statuses


def test_views_only_come_to_those_before(sandbox: Sandbox, client: Api) -> None:
    def views() -> dict[str, list[Any]]:
        return {
            medium.id: client.json(f"/media/{medium.id}/report/views") for medium in viewed(sandbox)
        }

    before = views()
    for _ in range(9):
        sandbox.next_day()
    after = views()
    assert all(after[key][: len(rows)] == rows for key, rows in before.items())
    assert sum(map(len, after.values())) > sum(map(len, before.values()))
