"""What the catalogue of deviations has found and is not mended yet.

A line names tests, the streams that fail in them ("*": what ends a run), and the reason. Each pair
of a test and a stream has to fail: once it does not, its line has to go.
"""

from __future__ import annotations

from collections import defaultdict

_FOUND: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("body: in data, endpoint, 1",),
        "image_details media_details",
        "a body is misread",
    ),
    (
        ("body: in data, parent, 012",),
        ("image_details landing_page_reports media_details media_reports message_reports"),
        "a body is misread",
    ),
    (
        (
            "body: badly packed, endpoint, 0",
            "body: badly packed, endpoint, 1",
            "body: badly packed, endpoint, 2",
            "body: badly packed, parent, 012",
            "call: half an answer, endpoint, 0",
            "call: half an answer, endpoint, 1",
            "call: half an answer, endpoint, 2",
            "call: half an answer, parent, 012",
            "call: reset, endpoint, 0",
            "call: reset, endpoint, 1",
            "call: reset, endpoint, 2",
            "call: reset, parent, 012",
        ),
        "*",
        "a call that fails for good ends the run, or its whole stream",
    ),
    (
        (
            "status: 401, endpoint, 0",
            "status: 401, endpoint, 1",
            "status: 401, endpoint, 2",
            "status: 401, parent, 012",
            "status: 403 without a body, endpoint, 0",
            "status: 403 without a body, endpoint, 1",
            "status: 403 without a body, endpoint, 2",
            "status: 403 without a body, parent, 012",
            "status: 403, endpoint, 0",
            "status: 403, endpoint, 1",
            "status: 403, endpoint, 2",
            "status: 403, parent, 012",
            "status: 503, endpoint, 0",
            "status: 503, endpoint, 1",
            "status: 503, endpoint, 2",
            "status: 503, parent, 012",
            "status: 504 without a body, endpoint, 0",
            "status: 504 without a body, endpoint, 1",
            "status: 504 without a body, endpoint, 2",
            "status: 504 without a body, parent, 012",
        ),
        "*",
        ("a refusal of one path ends the run or its whole stream, or is taken for too many calls"),
    ),
    (
        (
            "key of all rows: an array, endpoint, 0",
            "key of all rows: an object, endpoint, 0",
            "key of all rows: empty, endpoint, 0",
            "key of all rows: missing, endpoint, 0",
            "key of all rows: null, endpoint, 0",
            "key of all rows: renamed, endpoint, 0",
        ),
        (
            "campaign_details contact_facts custom_object_datasets custom_object_records "
            "footer_details form_reports form_urls forms header_details image_details "
            "images landing_page_details landing_page_reports landing_page_urls "
            "landing_pages list_members lists logos media media_details media_messages "
            "media_reports media_timeline media_views message_daily_stats message_events "
            "message_reports messages opt_outs programs spam_complaints "
            "subscription_categories subscription_opt_outs webinar_registrants"
        ),
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        (
            "key of all rows: an array, endpoint, 1",
            "key of all rows: an object, endpoint, 1",
            "key of all rows: empty, endpoint, 1",
            "key of all rows: missing, endpoint, 1",
            "key of all rows: null, endpoint, 1",
            "key of all rows: renamed, endpoint, 1",
        ),
        "media_timeline segment_contacts",
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        (
            "key of all rows: an array, endpoint, 2",
            "key of all rows: an object, endpoint, 2",
            "key of all rows: empty, endpoint, 2",
            "key of all rows: missing, endpoint, 2",
            "key of all rows: null, endpoint, 2",
            "key of all rows: zero, endpoint, 2",
        ),
        "contact_fields",
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("key of all rows: renamed, endpoint, 2",),
        "contact_fields custom_object_records",
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("key of all rows: zero, endpoint, 0",),
        (
            "campaign_details campaigns contact_facts custom_object_records "
            "custom_object_schemas footer_details footers form_reports form_urls forms "
            "header_details headers image_details images landing_page_details "
            "landing_page_reports landing_page_urls landing_pages list_members lists "
            "logos media media_details media_messages media_reports media_timeline "
            "media_views message_daily_stats message_events message_reports messages "
            "opt_outs programs senders seo_keywords spam_complaints "
            "subscription_categories subscription_opt_outs webinar_registrants"
        ),
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("key of all rows: zero, endpoint, 1",),
        "campaign_details media_timeline segment_contacts",
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        (
            "key of one row: an array, endpoint, 0",
            "key of one row: an object, endpoint, 0",
            "key of one row: empty, endpoint, 0",
            "key of one row: missing, endpoint, 0",
            "key of one row: null, endpoint, 0",
            "key of one row: renamed, endpoint, 0",
        ),
        (
            "campaign_details contact_facts custom_object_datasets custom_object_records "
            "footer_details header_details image_details landing_page_details "
            "landing_page_reports list_members media_details media_messages "
            "media_reports media_timeline media_views opt_outs webinar_registrants"
        ),
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("key of one row: renamed, endpoint, 2",),
        "custom_object_records",
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("key of one row: zero, endpoint, 0",),
        (
            "campaign_details contact_facts custom_object_records footer_details footers "
            "header_details image_details landing_page_details landing_page_reports "
            "list_members media_details media_messages media_reports media_timeline "
            "media_views opt_outs senders webinar_registrants"
        ),
        (
            "a row whose key is missing is not told from others, and what hangs below an "
            "item without its id is missing with exit code 0"
        ),
    ),
    (
        ("body: in a response, endpoint, 0",),
        (
            "campaign_details campaigns contacts custom_object_records "
            "custom_object_schemas footer_details footers header_details headers "
            "import_definitions segments senders seo_keywords"
        ),
        "an envelope that is not known is taken for a row",
    ),
    (
        ("body: in a response, endpoint, 1",),
        (
            "contact_history contact_scores contact_segments custom_object_datasets "
            "form_urls image_details landing_page_details landing_page_urls "
            "media_details media_messages segment_contacts"
        ),
        "an envelope that is not known is taken for a row",
    ),
    (
        ("body: in a response, endpoint, 2",),
        "contact_fields custom_object_records",
        "an envelope that is not known is taken for a row",
    ),
    (
        ("body: in a response, parent, 012",),
        (
            "campaign_details contact_history contact_scores contact_segments "
            "custom_object_records footer_details form_urls header_details image_details "
            "landing_page_details landing_page_reports landing_page_urls media_details "
            "media_messages media_reports message_reports segment_contacts"
        ),
        "an envelope that is not known is taken for a row",
    ),
    (
        (
            "body: an empty object, endpoint, 1",
            "body: an empty object, parent, 012",
        ),
        "media_details",
        "an object without fields is taken for a row, and remembered",
    ),
    (
        (
            "body: null data, endpoint, 1",
            "body: null data, parent, 012",
        ),
        "image_details media_details",
        "an object without fields is taken for a row, and remembered",
    ),
    (
        (
            "csv: a row for another, endpoint, 2",
            "csv: a row twice, endpoint, 2",
        ),
        "message_events",
        (
            "rows of a CSV file are believed though they were cut, shifted, repeated or "
            "exchanged behind the first page"
        ),
    ),
    (
        (
            "csv: a row of totals, endpoint, 1",
            "csv: a row shifted, endpoint, 1",
            "csv: a row too narrow, endpoint, 1",
            "csv: a row too wide, endpoint, 1",
            "csv: cut in a row, endpoint, 1",
        ),
        "list_members webinar_registrants",
        (
            "rows of a CSV file are believed though they were cut, shifted, repeated or "
            "exchanged behind the first page"
        ),
    ),
    (
        (
            "timestamps: microseconds, endpoint, 0",
            "timestamps: not available, endpoint, 0",
            "timestamps: zero, endpoint, 0",
        ),
        "message_daily_stats",
        "without times of messages no month is read",
    ),
)

FOUND: dict[str, dict[str, str]] = defaultdict(dict)
"""The same by test and stream."""

for _tests, _streams, _reason in _FOUND:
    for _test in _tests:
        FOUND[_test] |= dict.fromkeys(_streams.split(), _reason)
