"""Forms, landing pages and programs.

Of addresses, and of a landing page alone, only the paths are documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from acton_sandbox.answers import Answer, DataRoute, numeric_error, undocumented_answer
from acton_sandbox.timestamps import display_with_offset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.web import Form, LandingPage, Program

Item = TypeVar("Item", "Form", "LandingPage")


def forms(call: Call) -> Answer:
    """Answer with the forms in their folders, and with all of them once more."""
    found = call.view.account.forms
    folders = _folders((form.folder_name, _form(form)) for form in found if form.folder_name)
    return Answer.of_json([*folders, {"entries": [*map(_form, found)], "folder": "All Forms"}])


def form_urls(call: Call) -> Answer:
    """Answer with the addresses of a form, which public clients find under `urls`."""
    form = _one(call, call.view.account.forms)
    if form is None:
        return _invalid_form()
    rows = _addresses(call, form)
    if call.view.choices.undocumented_shape == "envelope":
        return Answer.of_json({"urls": rows})
    return undocumented_answer(call, rows)


def form_report(call: Call) -> Answer:
    """Answer with what came to a form, by source."""
    form = _one(call, call.view.account.forms)
    if form is None:
        return _invalid_form()
    rows = [
        {
            "source": traffic.source,
            "submits": traffic.submits,
            "unique": traffic.unique,
            "views": traffic.views,
            "percent": traffic.percent,
            "non_submitters": "N/A",
        }
        for traffic in form.traffic
    ]
    return Answer.of_json({"count": len(rows), "result": rows})


def landing_pages(call: Call) -> Answer:
    """Answer with the landing pages in their folders."""
    found = call.view.account.landing_pages
    return Answer.of_json(_folders((page.folder_name, _landing_page(page)) for page in found))


def landing_page(call: Call) -> Answer:
    """Answer with a landing page: what the listing has of it, or the page itself."""
    page = _one(call, call.view.account.landing_pages)
    if page is None:
        return _invalid_page()
    if call.view.choices.landing_page_is_html:
        return Answer.of_text(page.html, content_type="text/html")
    return undocumented_answer(
        call, [{**_landing_page(page), "template": call.view.account.words.landing_page_template}]
    )


def landing_page_urls(call: Call) -> Answer:
    """Answer with the addresses of a landing page."""
    page = _one(call, call.view.account.landing_pages)
    return _invalid_page() if page is None else undocumented_answer(call, _addresses(call, page))


def landing_page_report(call: Call) -> Answer:
    """Answer with the visits of a landing page, whose sources are free keys."""
    page = _one(call, call.view.account.landing_pages)
    if page is None:
        return _invalid_page()
    return Answer.of_json(
        {
            "unique_unknown_visits": page.unknown_visitors,
            "total_visits": sum(visits for _, visits in page.traffic),
            "incoming_traffic": dict(page.traffic),
        }
    )


def programs(call: Call) -> Answer:
    """Answer with the programs of a type in their folders."""
    program_type = call.query.get("type")
    if program_type is None and call.view.is_2019:
        # Required in this edition; the refusal is the documented one of a missing parameter.
        return numeric_error(10121, "Missing parameter - type", 422)
    found = [p for p in call.view.account.programs if program_type in (None, p.type)]
    folders = dict.fromkeys((program.folder_id, program.folder_name) for program in found)
    return Answer.of_json(
        {
            "folders": [
                {
                    "id": folder_id,
                    "name": name,
                    "programs": [_program(p) for p in found if p.folder_id == folder_id],
                }
                for folder_id, name in folders
            ],
            "anyRunning": any(program.is_running for program in found),
        }
    )


def _folders(entries: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    for name, entry in entries:
        folders.setdefault(name, []).append(entry)
    return [{"entries": found, "folder": name} for name, found in folders.items()]


def _one(call: Call, items: Sequence[Item]) -> Item | None:
    return next((item for item in items if item.id == call.ids["id"] and not item.gone), None)


def _addresses(call: Call, item: Form | LandingPage) -> list[dict[str, Any]]:
    kind = call.view.account.words.address_kind
    return [{"url": url, "kind": kind} for url in item.urls]


def _form(form: Form) -> dict[str, Any]:
    return {
        "creation_time": form.created_at,
        "description": form.description,
        "modified": form.modified_at,
        "id": form.id,
        "title": form.title,
        "url": form.url,
    }


def _landing_page(page: LandingPage) -> dict[str, Any]:
    return {
        "creation_time": str(page.created_at),
        "modified": str(page.modified_at),
        "id": page.id,
        "title": page.title,
        "url": page.url,
    }


def _program(program: Program) -> dict[str, Any]:
    # What was never changed displays when it was made.
    changed_at = program.modified_at or program.created_at
    next_run_at = program.next_run_at
    return {
        "id": program.id,
        "name": program.name,
        "isFavorite": program.is_favorite,
        "description": program.description,
        "srcIds": program.src_ids,
        "srcNames": program.src_names,
        "messageIds": program.message_ids,
        "createdTS": program.created_at,
        "created": display_with_offset(program.created_at),
        "modifiedTs": program.modified_at,
        "modified": display_with_offset(changed_at),
        "nextrunTS": next_run_at,
        "nextrun": display_with_offset(next_run_at) if next_run_at else None,
        "progstate": program.state,
        "valid": program.is_valid,
        "running": program.is_running,
        "active": program.active,
        "tagNames": program.tag_names,
        "scheduled": program.is_scheduled,
    }


def _invalid_form() -> Answer:
    return numeric_error(10012, "Invalid Form id")


def _invalid_page() -> Answer:
    return numeric_error(10013, "Invalid Page id")


ROUTES = [
    DataRoute("/api/1/form", forms),
    DataRoute("/api/1/form/{id}/urls", form_urls),
    DataRoute("/api/1/form/{id}/report", form_report),
    DataRoute("/api/1/page", landing_pages),
    DataRoute("/api/1/page/{id}", landing_page),
    DataRoute("/api/1/page/{id}/urls", landing_page_urls),
    DataRoute("/api/1/page/{id}/report", landing_page_report),
    DataRoute("/api/1/program", programs),
]
