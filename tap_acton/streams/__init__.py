"""The streams, one module per family of endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.streams.account import Account
from tap_acton.streams.audience_center.contact_reports import (
    ContactHistory,
    ContactScores,
    ContactSegments,
)
from tap_acton.streams.audience_center.contacts import Contacts
from tap_acton.streams.audience_center.fields import ContactFields
from tap_acton.streams.audience_center.imports import ImportDefinitions
from tap_acton.streams.audience_center.segments import SegmentContacts, Segments
from tap_acton.streams.campaigns import CampaignDetails, Campaigns
from tap_acton.streams.content import (
    FooterDetails,
    Footers,
    HeaderDetails,
    Headers,
    ImageDetails,
    Images,
    Logos,
    Senders,
)
from tap_acton.streams.custom_objects.datasets import CustomObjectDatasets
from tap_acton.streams.custom_objects.records import CustomObjectRecords
from tap_acton.streams.custom_objects.schemas import CustomObjectSchemas
from tap_acton.streams.forms import FormReports, Forms, FormUrls
from tap_acton.streams.jobs import UploadJobs
from tap_acton.streams.landing_pages import (
    LandingPageDetails,
    LandingPageReports,
    LandingPages,
    LandingPageUrls,
)
from tap_acton.streams.lists.contact_facts import (
    ContactActivities,
    ContactFacts,
    ContactScoreDetails,
)
from tap_acton.streams.lists.lists import Lists
from tap_acton.streams.lists.rows import ListMembers
from tap_acton.streams.lists.webinars import WebinarRegistrants
from tap_acton.streams.media import (
    Media,
    MediaDetails,
    MediaMessages,
    MediaReports,
    MediaTimeline,
    MediaViews,
)
from tap_acton.streams.messages.contents import MessageContents
from tap_acton.streams.messages.daily_stats import MessageDailyStats
from tap_acton.streams.messages.events import MessageEvents
from tap_acton.streams.messages.messages import Messages
from tap_acton.streams.messages.reports import MessageReports
from tap_acton.streams.programs import Programs
from tap_acton.streams.seo import SeoKeywords, SeoReports
from tap_acton.streams.suppression.subscriptions import (
    SubscriptionCategories,
    SubscriptionOptOuts,
)
from tap_acton.streams.suppression.system_lists import HardBounces, OptOuts, SpamComplaints
from tap_acton.streams.sync_runs import SyncRuns

if TYPE_CHECKING:
    from tap_acton.streams.base.stream import ActOnStream

STREAM_TYPES: tuple[type[ActOnStream], ...] = (
    Account,
    Senders,
    Logos,
    Headers,
    HeaderDetails,
    Footers,
    FooterDetails,
    Images,
    ImageDetails,
    Media,
    MediaDetails,
    MediaReports,
    MediaMessages,
    MediaViews,
    MediaTimeline,
    Forms,
    FormUrls,
    FormReports,
    LandingPages,
    LandingPageDetails,
    LandingPageUrls,
    LandingPageReports,
    Programs,
    Messages,
    MessageContents,
    MessageReports,
    MessageEvents,
    MessageDailyStats,
    Campaigns,
    CampaignDetails,
    SeoKeywords,
    SeoReports,
    Lists,
    ListMembers,
    ContactFacts,
    ContactActivities,
    ContactScoreDetails,
    HardBounces,
    SpamComplaints,
    OptOuts,
    SubscriptionCategories,
    SubscriptionOptOuts,
    Contacts,
    ContactFields,
    Segments,
    SegmentContacts,
    ContactHistory,
    ContactScores,
    ContactSegments,
    ImportDefinitions,
    CustomObjectSchemas,
    CustomObjectDatasets,
    CustomObjectRecords,
    WebinarRegistrants,
    UploadJobs,
    SyncRuns,
)
"""All streams in the order in which they are read: parents before their children."""
