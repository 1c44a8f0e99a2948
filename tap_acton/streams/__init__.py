"""The streams, one module per family of endpoints."""

from __future__ import annotations

from tap_acton.streams.account import Account
from tap_acton.streams.lists import ListMembers, Lists
from tap_acton.streams.messages import MessageDailyStats, MessageEvents, MessageReports, Messages
from tap_acton.streams.suppression import (
    HardBounces,
    OptOuts,
    SpamComplaints,
    SubscriptionCategories,
    SubscriptionOptOuts,
)

STREAM_TYPES = (
    Account,
    Messages,
    MessageReports,
    MessageEvents,
    MessageDailyStats,
    Lists,
    ListMembers,
    HardBounces,
    SpamComplaints,
    OptOuts,
    SubscriptionCategories,
    SubscriptionOptOuts,
)
"""All streams in the order in which they are read: parents before their children."""
