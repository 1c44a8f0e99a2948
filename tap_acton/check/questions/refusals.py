"""What is requested in another way than documented, or does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tap_acton.api.pagination import FIRST_PAGE
from tap_acton.check.questions.base import Answer, question, unknown
from tap_acton.check.shapes import refusal_of
from tap_acton.errors import GoneError
from tap_acton.streams.lists.rows import WHOLE
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_acton.check.questions.base import Samples

UNKNOWN_IDS: Mapping[str, str] = {
    "message_reports": "s-ffffff-0001",
    "list_members": "l-fffffff",
    "landing_page_reports": "p-ffffff",
    "form_reports": "{uuid}",
    "media_reports": "f-{uuid}",
}
"""By stream an id of the documented form that no item has."""


@question(
    "Do paths of media end in a slash?",
    "media",
)
def media_slash(samples: Samples) -> Answer:
    """Say whether paths of media end in a slash."""
    sample = samples.of.get("media")
    if sample is None or not sample.pages:
        return unknown("media are not offered")
    return Answer("Without one." if sample.alternatives else "With one, as documented.")


@question(
    "How is an unknown id refused?",
    *UNKNOWN_IDS,
    calls=len(UNKNOWN_IDS),
)
def unknown_ids(samples: Samples) -> Answer:
    """Request what does not exist, of several endpoints that are offered."""
    refusals: dict[str, list[str]] = {}
    unlike = False
    for name, unknown_id in UNKNOWN_IDS.items():
        if not samples.pages(name):
            continue
        stream = samples.tap.stream(name)
        query = Query(
            stream.path.format(id=unknown_id.format(uuid=uuid4())),
            given={stream.id_column: "none"},
            parameters=WHOLE if name == "list_members" else {},
            subject=f"{stream.item} that does not exist",
            item={"id": "none"},
        )
        # Here a failure of the server is an answer, too.
        problem = stream.fetch(query, FIRST_PAGE).problem
        last = samples.last(name)
        unlike |= not isinstance(problem, GoneError)
        said = "with an answer" if problem is None or last is None else refusal_of(last)
        refusals.setdefault(said, []).append(name)
    if not refusals:
        return unknown("no endpoint of single items has rows")
    words = "; ".join(f"{said} ({', '.join(names)})" for said, names in refusals.items())
    return Answer(f"{words}.", is_assumed=not unlike)
