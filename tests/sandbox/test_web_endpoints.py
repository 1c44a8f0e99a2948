"""Forms, landing pages and programs, in the shapes that the documents give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from acton_sandbox import Account, Sandbox
    from tests.sandbox.conftest import Api

FORM = {
    "id": str,
    "title": str,
    "description": str,
    "url": str,
    "creation_time": int,
    "modified": int,
}
LANDING_PAGE = {"id": str, "title": str, "url": str, "creation_time": str, "modified": str}
SOURCE = {
    "source": str,
    "submits": int,
    "unique": int,
    "views": int,
    "percent": int,
    "non_submitters": str,
}
PROGRAM = {
    "id": str,
    "name": str,
    "description": str,
    "progstate": str,
    "isFavorite": bool,
    "valid": bool,
    "running": bool,
    "scheduled": bool,
    "active": int,
    "srcIds": list,
    "srcNames": list,
    "messageIds": list,
    "tagNames": list,
    "createdTS": int,
    "modifiedTs": int,
    "nextrunTS": int,
    "created": str,
    "modified": str,
}


def types_of(row: dict[str, Any]) -> dict[str, type]:
    """Give the type of each field of a row."""
    return {name: type(value) for name, value in row.items()}


def test_forms_stand_in_their_folder_and_again_under_all(api: Api, account: Account) -> None:
    *folders, again = api.json("/form")
    assert all(set(folder) == {"folder", "entries"} for folder in [*folders, again])
    assert again["folder"] == "All Forms"
    assert {row["id"] for row in again["entries"]} == {form.id for form in account.forms}
    assert all(types_of(row) == FORM for row in again["entries"])
    there = {row["id"]: folder["folder"] for folder in folders for row in folder["entries"]}
    assert there == {form.id: form.folder_name for form in account.forms if form.folder_name}
    assert len(there) < len(account.forms), "every form has a folder"


def test_the_report_of_a_form(api: Api, account: Account) -> None:
    form = account.forms[0]
    report = api.json(f"/form/{form.id}/report")
    assert set(report) == {"count", "result"}
    assert report["count"] == len(report["result"]) == len(form.traffic)
    assert all(types_of(row) == SOURCE for row in report["result"])
    labels = [row["source"] for row in report["result"]]
    assert "" in labels
    assert len(set(labels)) < len(labels), "no label stands twice"
    assert {row["non_submitters"] for row in report["result"]} == {"N/A"}


def test_what_comes_to_a_form_grows(client: Api, sandbox: Sandbox) -> None:
    path = f"/form/{sandbox.account.forms[0].id}/report"
    before = client.json(path)
    for _ in range(3):
        sandbox.next_day()
    after = client.json(path)
    assert sum(row["views"] for row in after["result"]) > sum(r["views"] for r in before["result"])


def test_landing_pages_tell_their_timestamps_as_text(api: Api, account: Account) -> None:
    folders = api.json("/page")
    assert all(set(folder) == {"folder", "entries"} for folder in folders)
    rows = [row for folder in folders for row in folder["entries"]]
    assert {row["id"] for row in rows} == {page.id for page in account.landing_pages}
    assert all(types_of(row) == LANDING_PAGE for row in rows)


def test_the_report_of_a_landing_page_has_free_keys(api: Api, account: Account) -> None:
    page = account.landing_pages[0]
    report = api.json(f"/page/{page.id}/report")
    assert set(report) == {"unique_unknown_visits", "total_visits", "incoming_traffic"}
    assert list(report["incoming_traffic"].items()) == [*page.traffic]
    assert sum(report["incoming_traffic"].values()) == report["total_visits"]


@pytest.mark.parametrize("program_type", ["TRACK", "EVENT", "LIST_MAINT"])
def test_programs_of_a_type(api: Api, account: Account, program_type: str) -> None:
    answer = api.json("/program", type=program_type)
    assert set(answer) == {"folders", "anyRunning"}
    assert all(set(folder) == {"id", "name", "programs"} for folder in answer["folders"])
    rows = [row for folder in answer["folders"] for row in folder["programs"]]
    assert {row["id"] for row in rows} == {
        program.id for program in account.programs if program.type == program_type
    }
    for row in rows:
        next_run = row.pop("nextrun")
        assert types_of(row) == PROGRAM
        assert (next_run is None) == (row["nextrunTS"] == 0)
    assert any(row["modifiedTs"] == 0 and row["modified"] == row["created"] for row in rows)
    assert any(folder["id"] == -1 for folder in answer["folders"])


def test_the_type_of_programs_is_required_in_the_older_edition(
    api: Api, any_edition: Sandbox
) -> None:
    assert api.get("/program").status_code == (422 if any_edition.edition == "2019" else 200)
    assert api.json("/program", type="OTHER")["folders"] == []


@pytest.mark.parametrize("part", ["urls", "report"])
@pytest.mark.parametrize(("item", "code"), [("form", 10012), ("page", 10013)])
def test_what_is_gone_or_never_was(
    api: Api, account: Account, item: str, code: int, part: str
) -> None:
    items = account.forms if item == "form" else account.landing_pages
    (gone,) = [known.id for known in items if known.gone]
    for item_id in (gone, "none"):
        response = api.get(f"/{item}/{item_id}/{part}")
        assert (response.status_code, response.json()["errorCode"]) == (400, code)
