"""What the documentation leaves open, and how an account answers it.

A question looks at the samples, and makes a call of its own only where they cannot answer it.
"""

from __future__ import annotations

from tap_acton.check.questions import (
    audience,
    custom_objects,
    lists,
    messages,
    refusals,
    suppression,
)
from tap_acton.check.questions.base import Question

QUESTIONS = tuple(
    one
    for part in (messages, lists, suppression, audience, custom_objects, refusals)
    for one in vars(part).values()
    if isinstance(one, Question)
)
"""The questions, in the order in which they are answered."""
