"""What the documentation says of streams and settings beyond what the code says itself."""

from __future__ import annotations

from typing import NamedTuple


class StreamNote(NamedTuple):
    """What a person wants to know of a stream before selecting it.

    Attributes:
        endpoint: What is asked, as Act-On documents it.
        cost: Calls in a first run, in words short enough for a table.
        later: What a later run asks and emits.
        opt_in: Why the stream is not selected by default; empty where it is.
    """

    endpoint: str
    cost: str
    later: str
    opt_in: str = ""


FAMILIES = {
    "account": "Account",
    "content": "Content",
    "media": "Media",
    "forms": "Forms and landing pages",
    "landing_pages": "Forms and landing pages",
    "programs": "Programs",
    "messages": "Messages",
    "campaigns": "Campaigns",
    "lists": "Lists",
    "suppression": "Suppression",
    "audience_center": "Audience Center",
    "custom_objects": "Custom objects",
    "lists.contact_facts": "Contact facts",
    "seo": "SEO",
    "jobs": "Jobs",
}
"""The title of the page for the streams of each package or module, in the order of the pages."""

STREAMS: dict[str, StreamNote] = {
    "account": StreamNote("/api/1/account", "1", "The same again: one row, one call."),
    "senders": StreamNote("/api/1/account/senders", "1", "The whole list again."),
    "logos": StreamNote("/api/1/logo", "1", "The whole list again."),
    "headers": StreamNote("/api/1/header", "1", "The whole list again."),
    "header_details": StreamNote(
        "/api/1/header/{id}",
        "1 per header",
        "Every header again, since the list does not say which ones changed.",
    ),
    "footers": StreamNote("/api/1/footer", "1", "The whole list again."),
    "footer_details": StreamNote("/api/1/footer/{id}", "1 per footer", "As for `header_details`."),
    "images": StreamNote(
        "/api/1/image", "1", "The whole list again; all folders come in one answer."
    ),
    "image_details": StreamNote(
        "/api/1/image/{id}",
        "1 per image",
        "Images whose name, folder or time of change has changed, and those whose turn in "
        "`recheck_period` has come. Only the version is not in `images` already: where that is "
        "of no interest, the calls can be saved.",
    ),
    "media": StreamNote(
        "/api/1/media/",
        "1",
        "The whole list again; all folders come in one answer. A host that does not offer the path "
        "with the slash costs one call more: it is asked without.",
    ),
    "media_details": StreamNote(
        "/api/1/media/{id}",
        "1 per file or link",
        "Files and links that have changed, as for `image_details`. What is documented of the "
        "answer is in `media` already, so the calls can be saved.",
    ),
    "media_reports": StreamNote(
        "/api/1/media/{id}/report/",
        "1 per file or link",
        "Every report again: it counts over all time and has no filter by date. The slash is as "
        "for `media`.",
    ),
    "media_messages": StreamNote(
        "/api/1/media/{id}/report/messages",
        "1 per file or link",
        "All rows of the files and links whose report counts something new, where `media_reports` "
        "is selected, and of those whose turn in `recheck_period` has come; else all rows again.",
    ),
    "media_views": StreamNote(
        "/api/1/media/{id}/report/views",
        "1 per file or link",
        "As for `media_messages`; all views of these, since the endpoint has no filter. A view "
        "keeps its `id` when its count grows; views that Act-On shows alike are numbered.",
    ),
    "media_timeline": StreamNote(
        "/api/1/media/{id}/report/timeline",
        "1 per file or link",
        "As for `media_messages`; all days of these, since the endpoint has no filter.",
    ),
    "forms": StreamNote(
        "/api/1/form", "1", "The whole list again; all folders come in one answer."
    ),
    "form_urls": StreamNote(
        "/api/1/form/{id}/urls",
        "1 per form",
        "Every form again. That the rows have a `url` is seen in public clients. Forms that are "
        "not classic ones may be refused; they are skipped.",
    ),
    "form_reports": StreamNote(
        "/api/1/form/{id}/report",
        "1 per form",
        "Every report again: it counts over all time and has no filter by date. Single "
        "submissions have no endpoint of their own.",
    ),
    "landing_pages": StreamNote(
        "/api/1/page", "1", "The whole list again; all folders come in one answer."
    ),
    "landing_page_details": StreamNote(
        "/api/1/page/{id}",
        "1 per landing page",
        "Landing pages that have changed, as for `image_details`. The answer may be the page "
        "itself, which is `html` then, or what `landing_pages` tells too. Where that is of no "
        "interest, the calls can be saved.",
    ),
    "landing_page_urls": StreamNote(
        "/api/1/page/{id}/urls",
        "1 per landing page",
        "Every landing page again.",
    ),
    "landing_page_reports": StreamNote(
        "/api/1/page/{id}/report",
        "1 per landing page",
        "Every report again: it counts over all time and has no filter by date.",
    ),
    "programs": StreamNote(
        "/api/1/program?type=",
        "3, one per type",
        "The whole list of each type again. What programs look like is documented for automated "
        "ones (TRACK) alone.",
    ),
    "messages": StreamNote(
        "/api/1/message?type=",
        "1 per message type and page",
        "The whole list again. Messages have no filter by date, and the list is what every other "
        "message stream works through.",
    ),
    "message_contents": StreamNote(
        "/api/1/message/{id}/{recid}",
        "1 per message; 2 per message that has gone out",
        "Every message again. Of a message that has gone out, the first recipient is asked for; "
        "others are asked for without one, which not every host answers.",
        "The calls, and pages that are large and made for one recipient.",
    ),
    "message_reports": StreamNote(
        "/api/1/message/{id}/report",
        "1 per message that has gone out",
        "One call and one row for each message that was sent within `engagement_window`, and for "
        "each triggered message, however old; of all others, which rest, for those whose turn in "
        "`recheck_period` has come.",
    ),
    "message_events": StreamNote(
        "/api/1/message/{id}/report/{drilldown}",
        "1 per page of each kind of event that the message has; 2 where there are more than three",
        "A kind of event is asked for only where the message's report counts something other than "
        "last time; then all of its rows are emitted, because an event may be reported late. Of "
        "several pages in the order of time only those are asked for, and emitted, that prove to "
        "hold all new rows. The reports come from `message_reports` where that is selected, else "
        "they cost one call per message in view, or whose turn has come.",
    ),
    "message_daily_stats": StreamNote(
        "/api/1/message/report?period=",
        "1 per month",
        "The month of the bookmark, the month before it, and every month since.",
    ),
    "campaigns": StreamNote(
        "/api/1/campaigns",
        "1",
        "The whole list again.",
    ),
    "campaign_details": StreamNote(
        "/api/1/campaigns/{id}",
        "1 per campaign",
        "Every campaign again.",
    ),
    "seo_keywords": StreamNote(
        "/api/1/seokeywords",
        "1, or 1 per page in `seo_urls`",
        "All keywords again.",
    ),
    "seo_reports": StreamNote(
        "/api/1/seoreport?keyword=",
        "1 per pair in `seo_reports`",
        "Every pair again. A call that fails is never repeated within a run.",
        "Asking has an effect: Act-On begins an audit of the page.",
    ),
    "lists": StreamNote(
        "/api/1/list?listingtype=",
        "1 per listing type and page",
        "The whole list again. A listing type that brings no rows costs a second call, because "
        "the spelling of the types is not certain.",
    ),
    "list_members": StreamNote(
        "/api/1/list/{id}",
        "1 per page of each list; 2 where there are more than three",
        "One call per list for the rows that changed since that list was last read; lists that "
        "are new are read whole. No call for a list of which the listing shows the same size and "
        "time of change, unless its turn in `recheck_period` has come. Each list has a bookmark "
        "of its own. What takes more than three pages is asked for as one CSV file behind the "
        "first page, see `bulk_format`, and so is a list of 255 columns or more, since JSON cuts "
        "it off there.",
    ),
    "contact_facts": StreamNote(
        "/api/1/list/{id}/record/{recid}/facts",
        "1 per contact of each list, and 1 per page of each list",
        "Every contact again. The settings `list_ids`, `list_names` and `shard` narrow the lists. "
        "The calls are made once for all three streams of the answer.",
        "The calls, one per contact, whose answers may be large.",
    ),
    "contact_activities": StreamNote(
        "/api/1/list/{id}/record/{recid}/facts",
        "None besides those of `contact_facts`; the same without it",
        "Every entry from `start_date` on again, whatever the bookmark, because an old one may be "
        "of a contact that is new.",
        "As for `contact_facts`.",
    ),
    "contact_score_details": StreamNote(
        "/api/1/list/{id}/record/{recid}/facts",
        "None besides those of `contact_facts`; the same without it",
        "Every entry again.",
        "As for `contact_facts`.",
    ),
    "hard_bounces": StreamNote(
        "/api/1/list/hardbounce",
        "1 per page, and where there are several up to 2 to find out what the date filter takes",
        "The rows since 30 days before the bookmark, or since `lookback_window` before it where "
        "that is longer: mostly 1 call, once the date filter has been proven. The whole list is "
        "read where it takes one page, where the filter is of no use or in doubt, and every 14 "
        "days.",
    ),
    "spam_complaints": StreamNote(
        "/api/1/list/spamcomplaint", "as for `hard_bounces`", "As for `hard_bounces`."
    ),
    "opt_outs": StreamNote("/api/1/list/optout", "as for `hard_bounces`", "As for `hard_bounces`."),
    "subscription_categories": StreamNote(
        "/api/1/subscription/category", "1", "The whole list again."
    ),
    "subscription_opt_outs": StreamNote(
        "/api/1/subscription/optout?category=",
        "1 per page of each category",
        "Every category is read again, since the endpoint has no filter. Emitted are the same rows "
        "as of `hard_bounces`.",
    ),
    "contacts": StreamNote(
        "/ucl/v2/{accountId}/contact/",
        "1 per page",
        "What changed since the bookmark. Contacts that were deleted are not reported.",
    ),
    "contact_fields": StreamNote(
        "/ucl/v2/{accountId}/schema/",
        "1, which the other streams of the Audience Center make in any case",
        "All fields again.",
    ),
    "segments": StreamNote("/ucl/v2/{accountId}/segment/", "1 per page", "All segments again."),
    "segment_contacts": StreamNote(
        "/ucl/v2/{accountId}/segment/{id}/contacts",
        "1 per page of each segment",
        "The members of every segment again. Who has left a segment is not reported. A member is "
        "named only; what it is like is in `contacts`.",
    ),
    "contact_history": StreamNote(
        "/ucl/v2/{accountId}/contactReport/id/{id}/activity",
        "1 per contact, and 1 per page of contacts",
        "The contacts that changed since the last complete run: of each of them every entry from "
        "`start_date` on, whatever the bookmark. What was done without changing the contact comes "
        "when the contact changes. The settings `start_date` and `shard` narrow the contacts.",
        "The calls, one per contact, whose answers may be large.",
    ),
    "contact_scores": StreamNote(
        "/ucl/v2/{accountId}/contactReport/id/{id}/scores",
        "1 per contact, and 1 per page of contacts",
        "The contacts that changed since the last complete run. The primary score alone is in "
        "`contacts` too.",
        "The calls, one per contact.",
    ),
    "contact_segments": StreamNote(
        "/ucl/v2/{accountId}/contactReport/id/{id}/segments",
        "1 per contact, and 1 per page of contacts",
        "The contacts that changed since the last complete run. Segments that a contact has left "
        "are not reported. `segment_contacts` has the same for fewer calls, unless there are many "
        "more memberships than contacts.",
        "The calls, one per contact.",
    ),
    "import_definitions": StreamNote(
        "/ucl/v2/{accountId}/import/definition", "1", "All definitions again."
    ),
    "custom_object_schemas": StreamNote(
        "/custom-objects/v1/{accountId}/schema/all",
        "1, which the other streams of custom objects make in any case",
        "All schemas again. An account without custom objects, which Act-On offers on request, is "
        "told so once, and the streams of custom objects are switched off.",
    ),
    "custom_object_datasets": StreamNote(
        "/custom-objects/v1/{accountId}/data/all",
        "1; 1 more per custom object where the answer does not say to which ones the datasets "
        "belong",
        "All datasets again.",
    ),
    "custom_object_records": StreamNote(
        "/custom-objects/v1/{accountId}/query/{objectId}/{datasetId}/joinWithOther",
        "1 per page of each dataset",
        "All records again; those that were deleted are not reported. The call is a POST that only "
        "reads. A run that was broken off is gone on with where it stopped: the state keeps the "
        "dataset and the token of the page, and where Act-On does not take the token any more, the "
        "dataset is read from its beginning. The settings `page_size` and `shard` count here too.",
    ),
    "webinar_registrants": StreamNote(
        "/api/1/list/{id}",
        "as for `list_members`, of the lists in the folders that `on24_client_ids` names; none "
        "without it",
        "As for `list_members`: of each list what changed since it was last read. The rows are in "
        "`list_members` too, where that is selected.",
    ),
    "upload_jobs": StreamNote(
        "/api/1/list/{jobid}/status",
        "1 per job in `job_ids`",
        "Every job again. Each type of job has a path of its own: `/api/1/list/{jobid}/status`, "
        "`/api/1/list/rejectedUploadRecords`, `/api/1/customevents/{id}/status`, "
        "`/ucl/v2/{accountId}/import/status/{importId}` and "
        "`/custom-objects/v1/{accountId}/data/status/{jobId}`.",
        "Only whoever uploads knows the ids of the jobs.",
    ),
}
"""The streams in the order in which they are read."""

LIST_STREAMS_TITLE = "Streams of single lists"

LIST_STREAM_NOTE = StreamNote(
    "/api/1/list/{id}",
    "1 per page of the list. At discovery 1 per page of the listing and 1 per list, or 2 for a "
    "list of 255 columns or more",
    "As for `list_members`: what changed since the list was last read. Where another stream reads "
    "the listing, or two such streams are selected, no call for a list that it shows untouched. "
    "The rows are in `list_members` too, where that is selected.",
)
"""What holds for each list that the setting ``list_streams`` gives a stream of its own."""

LIST_STREAM_RULES = """\
The setting `list_streams` chooses lists by their ids, or by patterns on their names. For each of
them discovery adds a stream `list_<name of the list>`, with a column of type text for each header.

- Names are in `snake_case`; a number tells apart what would have the same name: `phone`, `phone_2`.
  Where a list has the same header twice, the first one is the first column.
- Names stay. The catalog and the state know which list a stream reads, and which header a column
  stands for. A list that is renamed keeps its stream, and a header keeps its column when others
  come or go. A header that is renamed is another column.
- A column that the list gets after discovery is in `extra_fields` until discovery is run again. A
  column that the list loses is null.
- A list that discovery cannot read gets no stream, unless the state knows its columns.
"""

UNVERIFIED: tuple[str, ...] = ("seo_reports",)
"""Streams of which Act-On documents only the path, beside those that are made for such answers."""

ADDED = {
    ("form_urls", "id"),
    ("form_urls", "form_id"),
    ("form_reports", "form_id"),
    ("landing_page_urls", "id"),
    ("landing_page_urls", "landing_page_id"),
    ("landing_page_reports", "landing_page_id"),
    ("programs", "program_type"),
    ("media_reports", "media_id"),
    ("media_messages", "media_id"),
    ("media_views", "id"),
    ("media_views", "media_id"),
    ("media_timeline", "media_id"),
    ("message_contents", "message_id"),
    ("message_contents", "contact_id"),
    ("message_contents", "html"),
    ("message_events", "id"),
    ("message_events", "message_id"),
    ("message_events", "event_type"),
    ("message_daily_stats", "date"),
    ("seo_reports", "url"),
    ("seo_reports", "keyword"),
    ("lists", "listing_type"),
    ("list_members", "list_id"),
    ("list_members", "email"),
    ("list_members", "fields"),
    ("list_stream", "list_id"),
    ("webinar_registrants", "list_id"),
    ("webinar_registrants", "on24_client_id"),
    *(
        (stream, column)
        for stream in ("contact_facts", "contact_activities", "contact_score_details")
        for column in ("list_id", "contact_id")
    ),
    ("contact_activities", "id"),
    ("contact_activities", "verb_name"),
    ("contact_score_details", "id"),
    ("subscription_opt_outs", "subscription_category_id"),
    ("segment_contacts", "segment_id"),
    *(
        (stream, column)
        for stream in ("contact_history", "contact_scores")
        for column in ("id", "contact_id")
    ),
    ("contact_history", "verb_name"),
    ("contact_segments", "contact_id"),
    ("custom_object_records", "object_id"),
    ("custom_object_records", "dataset_id"),
    ("custom_object_records", "fields"),
    ("upload_jobs", "job_type"),
    ("upload_jobs", "id"),
}
"""Columns that no field of the row holds."""

SETTING_GROUPS: dict[str, tuple[str, ...]] = {
    "Login": (
        "client_id",
        "client_secret",
        "username",
        "password",
        "refresh_token",
        "region",
        "api_url",
        "token_store",
    ),
    "What is read": (
        "start_date",
        "end_date",
        "lookback_window",
        "engagement_window",
        "recheck_period",
        "full_read_period",
        "message_types",
        "event_types",
        "listing_types",
        "list_ids",
        "list_names",
        "list_streams",
        "custom_field_columns",
        "on24_client_ids",
        "seo_urls",
        "seo_reports",
        "job_ids",
        "account_id",
        "shard",
    ),
    "Pace": (
        "requests_per_second",
        "daily_request_limit",
        "max_concurrency",
        "page_size",
        "bulk_format",
        "request_timeout",
        "max_retries",
        "user_agent",
    ),
}
"""The settings, in the order of the table."""
