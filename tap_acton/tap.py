"""The tap: its settings, its streams, and a run from beginning to end."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self, cast

import click
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.singerlib import StateMessage
from singer_sdk.tap_base import CliTestOptionValue

from tap_acton import logs
from tap_acton.catalog import (
    OPTIONAL,
    check_needed_columns,
    check_shape,
    offered_types,
    unknown_in,
    without_effect,
)
from tap_acton.command_line import (
    CREDENTIALS,
    hint_at_environment,
    misses_credentials,
    read_config,
    read_environment,
    read_object,
    read_utf8,
    state_in,
)
from tap_acton.discovery import LACKING, discover
from tap_acton.errors import (
    EXIT_SIGNAL_BASE,
    ActOnError,
    AllowanceSpentError,
    OutputError,
    SettingsError,
    StreamFailedError,
)
from tap_acton.output import BufferedWriter
from tap_acton.progress.display import Display
from tap_acton.records.dynamic_columns import (
    FoundStream,
    KnownNames,
    annotate,
    found_in,
    with_known_names,
)
from tap_acton.settings.parser import Configuration
from tap_acton.settings.schema import CONFIG_SCHEMA
from tap_acton.settings.settings import Settings
from tap_acton.state.format import DAMAGED, bookmarks_of
from tap_acton.stream_maps import StreamMaps
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.tap import ActOnTap
from tap_acton.streams.lists.list_streams import ListStream
from tap_acton.streams.messages.reports import MessageReports
from tap_acton.streams.sync_runs import SyncRuns
from tap_acton.sync.run import Run
from tap_acton.telemetry.switch import reporting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from singer_sdk.streams import Stream

    from tap_acton.api.exchange import Exchange
    from tap_acton.progress.terminal import Bar
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.telemetry.reporting import Reporting


class TapActOn(ActOnTap):
    """Singer tap for Act-On: every report, list, contact and event of an account."""

    name = "tap-acton"
    package_name = "tap-acton"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    message_writer_class = BufferedWriter
    recorder: Callable[[Exchange], None] | None = None
    """Gets every answer of the run; the docstring of the class is what --about prints."""
    # Without BATCH, whose files the SDK fills whatever columns are selected.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **keywords: Any) -> None:
        """Set up the tap; without a catalog, discovery looks up the account.

        Args:
            keywords: What the SDK's class takes.

        Raises:
            SettingsError: If a setting is wrong, or the state was not written by this tap.
            ActOnError: If there is no catalog, rows are to be read, and Act-On does not respond.
        """
        if isinstance(state := keywords.get("state"), dict):
            bookmarks = bookmarks_of(
                state, datetime.now(UTC), partial(self.logger.warning, DAMAGED)
            )
            keywords["state"] = {"bookmarks": bookmarks}
            if state and not isinstance(state.get("bookmarks"), dict):
                self.logger.warning("The state has no bookmarks: everything is read again.")
        self._display: Display | None = None
        self._found_streams: Mapping[str, FoundStream] | None = None
        self._given_catalog: Mapping[str, Any] | None = None
        # The SDK checks the settings only if rows are to be read.
        self._is_run = keywords.get("validate_config", True)
        self._reads_environment = keywords.pop("parse_env_config", False)
        if self._reads_environment:
            self.append_builtin_config(self.config_jsonschema)
            found = read_environment(self.config_jsonschema["properties"])
            keywords["config"] = {**(keywords.get("config") or {}), **found}
        # The SDK also takes paths of files here.
        config = given if isinstance(given := keywords.get("config"), dict) else {}
        names = Configuration(config).choice("column_names")
        self._known = KnownNames.of_state(keywords.get("state"), ascii_only=names == "ascii")
        if isinstance(catalog := keywords.get("catalog"), dict):
            check_shape(catalog)
            keywords["catalog"] = catalog = with_known_names(catalog, self._known)
            self._given_catalog, self._found_streams = catalog, found_in(catalog)
        super().__init__(**keywords)

    @cached_property
    def run(self) -> Run:
        """What this run shares; the settings are read and checked on first use.

        Raises:
            SettingsError: If a setting is wrong.
        """
        now = datetime.now(UTC)
        try:
            settings = Settings.read(self.config, now=now)
        except SettingsError as error:
            raise SettingsError(f"{error.sentence}{self._hint}") from None
        for warning in settings.warnings:
            self.logger.warning(warning)
        return Run(settings, now, recorder=self.recorder)

    @cached_property
    def _hint(self) -> str:
        """What may be wrong with the environment, where it does not count."""
        return "" if self._reads_environment else hint_at_environment(self.config)

    # The SDK's own check would show the values of secrets in its messages. It can go
    # when the SDK lets a plugin bring its own check of the settings.
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        if raise_errors:
            _ = self.run
        return []

    def setup_mapper(self) -> None:
        """Check what a run of the selected streams needs, and set up their stream maps.

        Raises:
            SettingsError: If the catalog lacks a needed column, or a stream map is wrong.
        """
        self.maps = StreamMaps(self.config, self.logger)
        for stream in self._selected_streams():
            check_needed_columns(stream)
            _ = stream.stream_maps
        if self._is_run:
            selected = {name: stream.selected for name, stream in self.streams.items()}
            self._warn_of_idle_settings(selected)
        for sentence in unknown_in(self._given_catalog or {"streams": ()}, self.streams):
            self.logger.warning("%s", sentence)
        for name in self.maps.matching_nothing({*self.streams, *OPTIONAL}):
            self.logger.warning(
                "The setting stream_maps has an entry for %s, which is no stream of this tap: "
                "the entry changes and hides nothing.",
                name,
            )

    def _warn_of_idle_settings(self, streams: Mapping[str, bool]) -> None:
        for sentence in without_effect(self.config, streams):
            self.logger.warning("%s", sentence)

    def discover_streams(self) -> Sequence[ActOnStream]:
        """Return the streams on offer, and those of lists, with the columns of the account.

        Raises:
            SettingsError: If the setting ``optional_streams`` is wrong.
        """
        offered = offered_types(self.config, self._given_catalog)
        if not self._is_run:
            self._warn_of_idle_settings({kind.name: True for kind in offered})
        lists = [found for found in self.found_streams.values() if found.source]
        return [
            *(kind(self, self.found_streams.get(kind.name)) for kind in offered),
            *(ListStream(self, found) for found in lists),
        ]

    @property
    def found_streams(self) -> Mapping[str, FoundStream]:
        """What discovery found in the account, now or when it made the catalog."""
        if self._found_streams is None:
            self._found_streams = self._discovered_streams()
        return self._found_streams

    def _discovered_streams(self) -> Mapping[str, FoundStream]:
        try:
            run = self.run
        except SettingsError as error:
            # Discovery works without credentials; a run does not get this far.
            if not misses_credentials(self.config):
                raise
            if any(map(self.config.get, CREDENTIALS)) or self._hint:
                self.logger.warning("%s %s", error.sentence, LACKING)
            return {}
        try:
            return discover(run, self._known, for_a_run=self._is_run)
        except ActOnError:
            run.close()
            raise

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog, with the identities of streams and columns that discovery found."""
        return annotate(super().catalog_dict, self.found_streams)

    def stream(self, name: str) -> ActOnStream:
        """Return a stream by its name."""
        return cast("ActOnStream", super().streams[name])

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams by name, in the order of reading.

        First come the listings, then the reports of messages, which say how many kinds of events
        there are, then what is read as a whole, then what is read item by item: so a run knows
        early how much there is.
        """
        streams = super().streams
        kinds = sorted(
            STREAM_TYPES,
            key=lambda kind: (
                not kind.item_columns,
                not issubclass(kind, MessageReports),
                bool(kind.item),
            ),
        )
        ordered = {
            kind.name: streams[kind.name] for kind in kinds if kind.name in streams
        } | streams
        # What the run has read, it knows at its end.
        if at_the_end := ordered.pop(SyncRuns.name, None):
            ordered[SyncRuns.name] = at_the_end
        return ordered

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the configuration files of the command line.

        Raises:
            BadParameter: If a file cannot be read or does not hold a JSON object.
        """
        try:
            return read_config(value)
        except SettingsError as error:
            raise click.BadParameter(error.sentence, ctx, param) from None

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Test the connection, or write the schemas; the last line says what came of it.

        Raises:
            BadParameter: If it is to be another test.
            ActOnError: If Act-On cannot be reached, or a stream cannot be read.
        """
        if value == CliTestOptionValue.All.value:
            given = ctx.params["config"]
            cls(config=given.config, parse_env_config=given.parse_env).test()
            ctx.exit()
        if value not in {CliTestOptionValue.Schema.value, CliTestOptionValue.Disabled.value}:
            raise click.BadParameter("only --test and --test=schema are known.", ctx, param)
        super().cb_test(ctx, param, value)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line."""
        logs.set_up()
        command = super().get_singer_command()
        read_utf8(command.params)
        return command

    @classmethod
    def invoke(  # type: ignore[override] # as the SDK's own Tap does
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the command line.

        Args:
            about: Whether to describe the tap and do nothing else.
            about_format: ``text``, ``json`` or ``markdown``.
            config: What :meth:`cb_config` returned.
            state: The file with the state.
            catalog: The file with the catalog.

        Raises:
            ActOnError: If the run is not complete.
        """
        if about:
            cls.print_about(about_format)
            return
        with reporting() as reports:
            cls.of_command_line(config, state, catalog).sync_and_report(reports)

    @classmethod
    def of_command_line(
        cls, config: Any, state: IO[str] | None, catalog: IO[str] | None, **more: Any
    ) -> Self:
        """Create the tap that the options of a command line describe.

        Args:
            config: What :meth:`cb_config` returned.
            state: The file with the state.
            catalog: The file with the catalog.
            **more: What a kind of tap takes besides.

        Raises:
            SettingsError: If a setting is wrong, or a file holds something else.
        """
        return cls(
            config=config.config if config else None,
            state=state_in(read_object(state, "--state")),
            catalog=read_object(catalog, "--catalog"),
            parse_env_config=config.parse_env if config else False,
            validate_config=True,
            **more,
        )

    def sync_and_report(self, reports: Reporting | None = None) -> None:
        """Read all selected streams, then log what was read.

        Args:
            reports: What reports the run elsewhere, if anything does.

        Raises:
            ActOnError: If the run is not complete.
        """
        try:
            selected = list(self._selected_streams())
            if reports is not None:
                names = self.streams
                reports.begin(self.run.summary, {name: self.stream(name) for name in names})
            self._display = Display(self.run, selected, reports.look if reports else None)
            with self._display.shown():
                if not selected:
                    self.logger.warning(
                        "The catalog selects no stream of this tap: nothing is read."
                    )
                for stream in selected:
                    stream.begin_full_refresh()
                self.writes_lines = True
                self.sync_all()
            self._end_load()
            self._repeat_state()
        except StreamFailedError:
            self._end_load()
            self._repeat_state()
            failed = [name for name in self.streams if self.stream(name).failure]
            raise StreamFailedError(
                f"Not complete: {', '.join(failed)}. The reasons are above; the next run resumes "
                "from the saved state."
            ) from None
        except ActOnError as error:
            if isinstance(error, AllowanceSpentError):
                self._pause_load()
            if self.state:
                # What is complete stays complete: the next run resumes from there.
                self.state_writer.write_state(self.state)
            if not isinstance(error, OutputError):
                try:
                    self._emit_run()
                finally:
                    self._repeat_state()
            raise
        finally:
            self.run.close()
            self._report()

    def test(self) -> None:
        """Read one row of each stream, and write nothing to standard output.

        Raises:
            ActOnError: If Act-On cannot be reached, or a stream cannot be read.
        """
        # They would say of each stream that it failed, since it is not read to its end.
        self.metrics_logger.setLevel(logging.WARNING)
        try:
            # Nobody asked for messages. Meltano's test runs the tap without the option.
            with (
                Display(self.run).shown(),
                Path(os.devnull).open("w", encoding="utf-8") as nowhere,
                redirect_stdout(nowhere),
            ):
                self.run_connection_test()
        finally:
            self.run.close()
        if failed := [name for name in self.streams if self.stream(name).failure]:
            raise StreamFailedError(f"The test failed: {', '.join(failed)}. The reasons are above.")
        streams = self.run.summary.streams
        off = [name for name in self.streams if streams[name].outcome == "switched off"]
        self.logger.info(
            "The test succeeded: Act-On accepts the login, and a row of each stream was read where "
            "there is one%s.",
            f", except {', '.join(off)}: switched off, as the warnings above say" if off else "",
        )

    def stream_begins(self, name: str) -> None:
        """Take note of which stream is read from now on."""
        if self._display is not None:
            self._display.begin(name, may_foresee=name != MessageReports.name)

    @property
    def _bar(self) -> Bar | None:
        """What draws on the terminal; None where nothing does."""
        return None if self._display is None else self._display.bar

    def _emit_run(self) -> None:
        """Emit what the run has read, where it ends before the stream that does so."""
        runs = self.streams.get(SyncRuns.name)
        if isinstance(runs, SyncRuns) and runs.selected and not runs.is_written:
            runs.sync()

    def _pause_load(self) -> None:
        """Keep where each stream stopped, so that the next run resumes there."""
        for stream in self._selected_streams():
            stream.pause()

    def _end_load(self) -> None:
        """Drop the checkpoints of earlier runs of this load: all of it has been read.

        Those of streams that are no longer selected, too: they belong to no later load.
        """
        known = self.state.get("bookmarks", {})
        streams = [self.stream(name) for name in self.streams if name in known]
        if [stream for stream in streams if stream.end_load()]:
            self.state_writer.write_state(self.state)

    def _repeat_state(self) -> None:
        """Write the state behind the last record, also if it has not changed since.

        Some targets, such as target-jsonl, forget a state that records follow.
        """
        if self.state:
            self.write_message(StateMessage(self.state))

    def _selected_streams(self) -> Iterator[ActOnStream]:
        return (stream for stream in map(self.stream, self.streams) if stream.selected)

    def _report(self) -> None:
        for name, one in self.run.summary.streams.items():
            if not one.outcome and not self.stream(name).selected:
                one.outcome = "not selected"
        if shapes := self.run.summary.shapes:
            self.logger.info(
                "Act-On answers in ways that are not documented: please report this line. %s. "
                "tap-acton-check --capture FILE writes what to send with it, without a value of "
                "yours.",
                "; ".join(f"{name}: {shape}" for name, shape in sorted(shapes.items())),
            )
        table = ("What was read:", *self.run.summary.table())
        if self._bar is not None:
            # A terminal has no room for what the log puts in front of each line, nor a reader of
            # the line for machines.
            if self.logger.isEnabledFor(logging.INFO):
                with suppress(OSError):  # it may be gone by now
                    sys.stderr.write("".join(f"{line}\n" for line in table))
            return
        self.logger.info("Run summary: %s", json.dumps(self.run.summary.data()))
        for line in table:
            self.logger.info("%s", line)

    # The SDK's own handler writes the state and exits with 0, as if everything had been read. It
    # is set at the very beginning of the SDK's constructor, so another one would come too late.
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - of a handler
        """End the run at the next safe point; at the second signal, at once."""
        if "run" not in self.__dict__:
            sys.exit(EXIT_SIGNAL_BASE + signum)
        if self.run.stop.is_requested:
            # Without waiting for calls under way, or for a target that reads no output.
            if self._bar is not None:
                self._bar.end()
            os._exit(EXIT_SIGNAL_BASE + signum)
        self.run.stop.request(signum)
