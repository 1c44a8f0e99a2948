"""What a check has found: a table and a few sentences for a person, an object for a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_acton.check.findings import RESPECTS, Behavior, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.check.questions.base import Answer, Question
    from tap_acton.errors import ActOnError

HEADINGS = (
    *("stream", "verdict", "shape", "rows", "new fields", "unused columns", "unfit"),
    *(respect.replace("_", " ") for respect in RESPECTS),
)
NUMBERS = range(3, 7)

LEGEND = (
    "new fields: without a column; the log names one of each stream. unused columns: no row had a "
    "value for them. unfit: values that did not fit. yes: as assumed; ?: the rows do not show it."
)

FORM = (
    "Something differs: please run this once more with --capture FILE, which holds no value of "
    "yours, and send the file with the issue form."
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and what the account answers."""

    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found.

    Attributes:
        findings: What it found of each stream.
        answered: The questions with their answers.
        calls: The calls that it took, logins included.
        most_calls: The most that it said.
        problem: What has ended the check early; None where nothing has.
    """

    findings: Sequence[Finding]
    answered: Sequence[Answered]
    calls: int
    most_calls: int
    problem: ActOnError | None = None

    def of(self, verdict: Verdict) -> list[str]:
        """Return the streams with a verdict."""
        return [found.stream for found in self.findings if found.verdict is verdict]

    @property
    def differs(self) -> list[str]:
        """The streams that differ, and the questions with another answer than is assumed."""
        others = [one.question.name for one in self.answered if one.answer.is_assumed is False]
        return [*self.of(Verdict.DIFFERS), *others]

    @property
    def failed(self) -> list[str]:
        """The streams and the questions with a call that failed for a reason that may pass."""
        others = [one.question.name for one in self.answered if one.answer.has_failed]
        return [*self.of(Verdict.FAILED), *others]

    @property
    def verdict(self) -> Verdict:
        """The word for all of them."""
        if self.differs:
            return Verdict.DIFFERS
        if self.problem is not None or self.failed:
            return Verdict.FAILED
        is_checked = len(self.of(Verdict.NOT_CHECKED)) < len(self.findings)
        return Verdict.RIGHT if is_checked else Verdict.NOT_CHECKED

    def data(self) -> dict[str, Any]:
        """Return the report as an object for JSON; docs/live-account.md names its fields."""
        return {
            "verdict": self.verdict.value,
            "calls": self.calls,
            "most_calls": self.most_calls,
            "streams": [_data_of(found) for found in self.findings],
            "questions": [
                {
                    "question": one.question.name,
                    "answer": one.answer.words,
                    "known": one.answer.is_known,
                    "as_assumed": one.answer.is_assumed,
                }
                for one in self.answered
            ],
        }

    def text(self, *, has_capture: bool = False) -> str:
        """Return the report for a person; it asks for a capture, unless there is one."""
        lines = [*_table(self.findings), "", LEGEND, ""]
        lines += self._sentences()
        lines += [
            "",
            *(
                f"{one.question.name}: {one.question.text} {one.answer.words}"
                for one in self.answered
            ),
            "",
        ]
        if self.differs and not has_capture:
            lines.append(FORM)
        lines.append(f"This check took {self.calls:,} of at most {self.most_calls:,} calls.")
        return "\n".join(lines)

    def _sentences(self) -> Iterator[str]:
        """Yield what a person should know of the streams that are not right."""
        for found in self.findings:
            for sentence in found.differences:
                yield f"{found.stream}: {sentence}"
            if found.reason and not found.differences:
                yield f"{found.stream}: {found.verdict}: {found.reason}"
        for one in self.answered:
            if one.answer.is_assumed is False:
                yield f"{one.question.name}: {one.question.text} Not as assumed: {one.answer.words}"


def _data_of(found: Finding) -> dict[str, Any]:
    meaning = {Behavior.AS_ASSUMED: True, Behavior.OTHERWISE: False}
    return {
        "stream": found.stream,
        "verdict": found.verdict.value,
        "shape": found.shape,
        "rows": found.rows,
        "new_fields": found.new_fields,
        "other_fields": found.other_fields,
        "unused_columns": found.unused_columns,
        "unfit": found.unfit,
        **{name: meaning.get(behavior) for name, behavior in found.behaviors.items()},
        "differences": found.differences,
        "reason": found.reason,
    }


def _table(findings: Sequence[Finding]) -> list[str]:
    lines = [HEADINGS, *map(_line, findings)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if place in NUMBERS else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _line(found: Finding) -> tuple[str, ...]:
    numbers = (
        found.rows,
        len(found.new_fields) + found.other_fields,
        len(found.unused_columns),
        sum(found.unfit.values()),
    )
    return (
        found.stream,
        found.verdict.value,
        found.shape,
        *(f"{number:,}" if found.rows else "" for number in numbers),
        *(behavior.value for behavior in found.behaviors.values()),
    )
