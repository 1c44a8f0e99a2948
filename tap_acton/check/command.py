"""The command ``tap-acton-check``: the tap, which says whether it is right for an account."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tap_acton.api.pagination import DEFAULT_PAGE_SIZE
from tap_acton.catalog import offered_types
from tap_acton.check.capture import capture, secret_shift, written
from tap_acton.check.findings import Finding, Verdict, finding_of, reason_of
from tap_acton.check.questions import QUESTIONS
from tap_acton.check.questions.base import LARGEST_PAGE, Answer, Samples, unknown
from tap_acton.check.report import Answered, Report
from tap_acton.check.samples import Sampler, listed_by
from tap_acton.check.shapes import is_answer
from tap_acton.errors import (
    ActOnError,
    CallError,
    CallsUsedUpError,
    DiffersError,
    OutputError,
    SettingsError,
    StreamFailedError,
)
from tap_acton.progress.display import Display
from tap_acton.records.ids import without_addresses
from tap_acton.settings.parser import nearest
from tap_acton.settings.schema import EVENT_TYPES, MESSAGE_TYPES
from tap_acton.stream_maps import StreamMaps
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.own_keys import NoKeyError
from tap_acton.streams.sync_runs import SyncRuns
from tap_acton.sync.summary import RunSummary
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_acton.api.exchange import Exchange
    from tap_acton.check.questions.base import Question
    from tap_acton.sync.run import Run

OPTIONS = ("version", "config", "catalog")
"""The options of the tap that matter here; a state would only leave out rows."""

OWN_SETTINGS: Mapping[str, Any] = {
    # What a run does not read by default is looked at, too.
    "optional_streams": ["*"],
    # Each list is read like any other.
    "list_streams": [],
    "bulk_format": "json",
    # Columns for custom fields would take calls before anything is said.
    "custom_field_columns": False,
    "max_concurrency": 1,
    "max_retries": 1,
    "full_read_period": None,
}
"""What a check sets for itself, whatever the configuration says."""

CAPTURE_BEGINS = b'{\n  "format": '
"""How every file with a capture begins."""

LOGIN = 1

MANY_CALLS: Mapping[str, int] = {
    "messages": len(MESSAGE_TYPES),
    "message_events": 1 + len(EVENT_TYPES),
    "message_contents": 2,
}
"""Calls of the streams that take another number than a page, or two where there are pages."""

RESERVE = 20
"""So many calls, and as many again as it usually takes, are left for retries and for items without
rows."""

HOW_TO_SEND = (
    "The capture is in %s. Read it, then attach it to an issue with the form 'A response that the "
    "documentation does not cover': docs/live-account.md says how it is made."
)


class LimitedSummary(RunSummary):
    """Counts calls, and lets no more be made than were announced."""

    def __init__(self, most_calls: int) -> None:
        super().__init__()
        self.most_calls = most_calls

    def count_call(self, stream: str, seconds_waited: float) -> None:
        """Count a call for a stream.

        Raises:
            CallsUsedUpError: If as many as were announced have been made.
        """
        if self.calls >= self.most_calls:
            raise CallsUsedUpError(self.most_calls)
        super().count_call(stream, seconds_waited)


class Checker(TapActOn):
    """The tap, which says of each stream whether Act-On answers as assumed.

    Args:
        wanted: Patterns of the names of the streams to check; all if there are none.

    Attributes:
        exchanges: Every call with its answer, logins aside.
    """

    def __init__(self, *, wanted: Sequence[str] = (), **keywords: Any) -> None:
        self._wanted = wanted
        self.exchanges: list[Exchange] = []
        self.recorder = self.exchanges.append
        super().__init__(**keywords)

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration, with what a check sets for itself."""
        size = min(DEFAULT_PAGE_SIZE, self._largest_page)
        return {**super().config, **OWN_SETTINGS, "page_size": size}

    @property
    def _largest_page(self) -> int:
        given = super().config.get("page_size")
        return given if isinstance(given, int) else LARGEST_PAGE

    @cached_property
    def run(self) -> Run:
        """What the check shares: a run that makes no more calls than were announced."""
        run = super().run
        most = self.most_calls
        self.logger.info(
            "The check makes about %d calls, and never more than %d.", self.usual_calls, most
        )
        run.summary = LimitedSummary(most)
        return run

    def setup_mapper(self) -> None:
        """Set up no stream maps: a check emits no record."""
        self.maps = StreamMaps(self.config, self.logger)

    @property
    def names(self) -> list[str]:
        """The streams to check.

        Raises:
            SettingsError: If a pattern fits none.
        """
        offered = [
            kind.name
            for kind in offered_types(self.config, self._given_catalog)
            if kind is not SyncRuns
        ]
        for pattern in self._wanted:
            if not any(fnmatchcase(name, pattern) for name in offered):
                meant = nearest(pattern, offered)
                raise SettingsError(
                    f"The option --streams names {without_addresses(pattern)}, which is no stream "
                    f"of this tap{f'; did you mean {meant}?' if meant else '.'}"
                )
        patterns = self._wanted or ("*",)
        return [name for name in offered if any(fnmatchcase(name, one) for one in patterns)]

    @property
    def questions(self) -> list[Question]:
        """The questions that concern the streams to check."""
        names = {*self.names}
        return [one for one in QUESTIONS if names.intersection(one.streams)]

    @property
    def usual_calls(self) -> int:
        """How many calls the check takes, if each first item has rows and nothing is retried."""
        wanted = needed(self.names)
        kinds = [kind for kind in STREAM_TYPES if kind.name in wanted]
        pages = [MANY_CALLS.get(kind.name, 1 + (kind.pages is not None)) for kind in kinds]
        return LOGIN + sum(pages) + sum(question.calls for question in self.questions)

    @property
    def most_calls(self) -> int:
        """How many calls the check takes at most."""
        return 2 * self.usual_calls + RESERVE

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line."""
        command = super().get_singer_command()
        command.help = "Check with few calls whether Act-On answers as the tap assumes."
        command.params = [
            *(option for option in command.params if option.name in OPTIONS),
            click.Option(
                ["--streams"],
                help="The streams to check, separated by commas; * stands for anything.",
            ),
            click.Option(
                ["--format", "report_format"],
                type=click.Choice(["text", "json"]),
                default="text",
                help="How to write the report.",
            ),
            click.Option(
                ["--capture", "capture_file"],
                type=click.Path(dir_okay=False, path_type=Path),
                help="Where to write the shape of every answer, without a value of the account.",
            ),
        ]
        return command

    @classmethod
    def invoke(  # type: ignore[override] # other options than the tap has
        cls,
        *,
        config: Any = None,
        catalog: IO[str] | None = None,
        streams: str | None = None,
        report_format: str = "text",
        capture_file: Path | None = None,
    ) -> None:
        """Run the command line.

        Args:
            config: The configuration, as :meth:`cb_config` gave it.
            catalog: The file with the catalog.
            streams: The streams to check, separated by commas; None for all.
            report_format: How to write the report: ``text`` or ``json``.
            capture_file: Where to write the capture; None for none.

        Raises:
            ActOnError: If the check is not complete, or something differs.
        """
        wanted = tuple(filter(None, map(str.strip, (streams or "").split(","))))
        if streams is not None and not wanted:
            raise SettingsError(
                "The option --streams names no stream: name some, or leave it out to check all."
            )
        if capture_file is not None:
            # Before the calls that would be in vain.
            _try_to_write(capture_file)
        checker = cls.of_command_line(config, None, catalog, wanted=wanted)
        report = checker.check()
        if capture_file is not None:
            # Before the report, which may be cut short: the calls shall not be in vain.
            _write(capture_file, checker.captured(report))
        text = report.text(has_capture=capture_file is not None)
        click.echo(json.dumps(report.data()) if report_format == "json" else text)
        if capture_file is not None:
            checker.logger.info(HOW_TO_SEND, capture_file)
        if report.problem is not None:
            raise report.problem
        if report.differs:
            raise DiffersError(report.differs)
        if report.failed:
            raise StreamFailedError(
                f"The check is not complete: {', '.join(report.failed)}. The reasons are above."
            )

    def captured(self, report: Report) -> str:
        """Return the shape of every answer, without a value of the account, as a file."""
        about = {
            "version": self.plugin_version,
            "verdicts": {found.stream: found.verdict.value for found in report.findings},
            "questions": {one.question.name: one.answer.words for one in report.answered},
        }
        return written(capture(self.exchanges, about=about, shift=secret_shift()))

    def check(self) -> Report:
        """Check the account, as far as that goes.

        Raises:
            ActOnError: If Act-On refuses the login, or does not answer at all.
        """
        # Nothing of a check is a measure of a run.
        self.metrics_logger.setLevel(logging.WARNING)
        try:
            with Display(self.run).shown():
                return self._check()
        finally:
            self.run.close()

    def _check(self) -> Report:
        # Every stream needs it, so it comes first.
        _ = self.run.zone
        sampler = Sampler(self, self.exchanges)
        problem = None
        names = [name for name in self.names if self.stream(name).selected]
        wanted = needed(names)
        answered: list[Answered] = []
        try:
            for name in self.streams:
                if name in wanted:
                    self.logger.info("Checking %s.", name)
                    sample = sampler.read(name)
                    if sample.problem is not None and not sample.above:
                        self.logger.info("%s", sample.problem.sentence)
            samples = Samples(self, sampler.samples, self.exchanges, self._largest_page)
            for question in self.questions:
                answer = answer_of(question, samples)
                answered.append(Answered(question, answer))
        except ActOnError as error:
            problem = error
        # What lists items and could not be read is said, too, whether it was wanted or not.
        above = [
            sample.above
            for sample in sampler.samples.values()
            if sample.above and sample.above not in names
        ]
        findings = [
            finding_of(sampler.samples[name])
            if name in sampler.samples
            else Finding(name, Verdict.NOT_CHECKED, reason="the check ended before it")
            for name in dict.fromkeys([*above, *names])
            if name in sampler.samples or problem is not None
        ]
        for one in answered:
            for found in findings:
                if behavior := (one.answer.filters or {}).get(found.stream):
                    found.note("date_filter", behavior)
        summary = self.run.summary
        return Report(findings, answered, summary.calls, self.most_calls, problem)


def _try_to_write(file: Path) -> None:
    """Find out whether a file can be written, and leave things as they were."""
    with _refused_in_words():
        is_new = not file.exists()
        if not is_new and not _is_capture(file):
            raise OutputError(
                "The file that --capture names is there, and is no capture: name another one."
            )
        file.open("a").close()
        if is_new:
            file.unlink()


def _is_capture(file: Path) -> bool:
    """Return whether a file may be replaced: it is a capture, or empty."""
    if not file.is_file():
        return False  # a pipe, or the screen
    with file.open("rb") as opened:
        return opened.read(len(CAPTURE_BEGINS)) in {b"", CAPTURE_BEGINS}


def _write(file: Path, text: str) -> None:
    """Write a text to a file; what was there stays until it is written whole."""
    with _refused_in_words():
        beside = file.with_name(f"{file.name}.part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)


@contextmanager
def _refused_in_words() -> Iterator[None]:
    """Say why a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"The file that --capture names cannot be written ({error.strerror}): name another one."
        ) from None


def needed(names: Iterable[str]) -> set[str]:
    """Return the streams to read for the sake of some: these, and what lists their items."""
    kinds = {kind.name: kind for kind in STREAM_TYPES}
    found: set[str] = set()
    left = [*names]
    while left:
        if (name := left.pop()) in kinds and name not in found:
            found.add(name)
            left += listed_by(kinds[name])
    return found


def answer_of(question: Question, samples: Samples) -> Answer:
    """Answer a question; one that is about nothing that was offered has no answer."""
    if not any(map(samples.pages, question.streams)):
        return unknown("nothing that shows it is offered, or has rows")
    begin = len(samples.all_exchanges)
    try:
        return question.ask(samples)
    except (CallError, StreamFailedError) as error:
        samples.tap.logger.info("%s", error.sentence)
        last = next(reversed(samples.all_exchanges[begin:]), None)
        reason = reason_of(error, last)
        if isinstance(error, NoKeyError) or (last is not None and is_answer(last)):
            return Answer(f"Not what is documented: {reason}.", is_assumed=False)
        return Answer(f"A call failed: {reason}.", is_known=False, has_failed=True)
