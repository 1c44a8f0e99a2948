"""How files of contacts are imported into the Audience Center."""

from __future__ import annotations

from tap_acton.streams.audience_center.stream import AudienceStream


class ImportDefinitions(AudienceStream):
    """The definitions of imports, with the column of a file that goes into each field."""

    name = "import_definitions"
    path = "/ucl/v2/{account_id}/import/definition"
    primary_keys = ("id",)
    pages = None
