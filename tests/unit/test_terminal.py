"""The last lines of a terminal: they stay where they are, and go when the run does."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_acton.progress.terminal import Bar, has_room, lines_of
from tests.unit.test_progress import STANDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.screen import Terminal

screen = pytest.importorskip("tests.screen", reason="the platform has no pseudo-terminals")

ROWS = 24
TAIL = "57 %  4.9 calls/s  51 min left"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with screen.terminal(ROWS) as opened:
        yield opened


def write(terminal: Terminal, *lines: str) -> None:
    """Write lines as a process of its own would, that knows of no bar."""
    for line in lines:
        os.write(terminal.descriptor, f"{line}\n".encode())


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        (50, f"message_events: 1,204 of 2,130 messages  {TAIL}"),
        (88, f"message_events: 1,204 of 2,130 messages  [#######......]  {TAIL}"),
        (200, f"message_events: 1,204 of 2,130 messages  [{'#' * 17}{'.' * 13}]  {TAIL}"),
    ],
)
def test_the_lines_say_how_far_the_stream_and_all_streams_have_come(
    columns: int, first: str
) -> None:
    assert lines_of(STANDING, columns) == [
        first,
        "all streams: 8,520 calls of about 23,514  21,480 left today",
        "",
    ]


def test_they_leave_out_what_is_not_known_and_say_what_the_run_waits_for() -> None:
    unknown = replace(STANDING, due=0, to_go=None, left=None, waiting="no response")
    assert lines_of(unknown, 99) == [
        "message_events: 1,204 messages  4.9 calls/s",
        "all streams: 8,520 calls",
        "waiting: no response",
    ]
    assert "the next one resumes" in lines_of(replace(STANDING, left=1), 99)[1]


@pytest.mark.parametrize("before", [0, 3, ROWS + 10])
def test_what_others_write_scrolls_above_the_bar_and_nothing_is_lost(
    terminal: Terminal, before: int
) -> None:
    written = [f"line {number}" for number in range(before + 60)]
    write(terminal, *written[:before])
    bar = Bar(terminal.descriptor)
    with bar.shown():
        for number in range(before, before + 60):
            write(terminal, written[number])
            bar.draw(STANDING)
            shown = terminal.read().lines
            assert [line.rstrip() for line in shown[-3:]] == lines_of(STANDING, 99)
    found = terminal.read().everything
    assert [line for line in found if line] == written
    assert terminal.screen.region == (0, ROWS - 1)


def test_at_the_end_the_next_line_comes_where_it_would_have_come(terminal: Terminal) -> None:
    write(terminal, "one")
    bar = Bar(terminal.descriptor)
    with bar.shown():
        bar.draw(STANDING)
        write(terminal, "two")
    write(terminal, "three")
    assert terminal.read().everything[:3] == ["one", "two", "three"]
    bar.end()
    bar.draw(STANDING)
    assert terminal.read().everything[3:] == [""] * (ROWS - 3)


def test_a_line_is_cut_and_never_wraps(terminal: Terminal) -> None:
    bar = Bar(terminal.descriptor)
    with bar.shown():
        bar.draw(replace(STANDING, waiting="so much " * 50))
        assert len(terminal.read().lines[-1]) == 99


def test_without_room_for_a_while_nothing_is_drawn(terminal: Terminal) -> None:
    bar = Bar(terminal.descriptor)
    with bar.shown():
        for rows, columns in ((2, 100), (ROWS, 20), (0, 0)):
            terminal.resize(rows, columns)
            bar.draw(STANDING)
            assert not any(terminal.read().lines)
            assert terminal.screen.region == (0, ROWS - 1)
        terminal.resize(ROWS, 100)
        bar.draw(STANDING)
        assert terminal.read().lines[-3:-1] == lines_of(STANDING, 99)[:2]


def test_a_terminal_that_is_gone_is_no_failure(terminal: Terminal) -> None:
    bar = Bar(terminal.descriptor)
    with bar.shown():
        terminal.hang_up()
        bar.draw(STANDING)


@pytest.mark.parametrize(
    ("setting", "environment", "rows", "has"),
    [
        ("auto", {}, 24, True),
        ("auto", {"CI": "true"}, 24, False),
        ("bar", {"CI": "true"}, 24, True),
        ("auto", {"TERM": "dumb"}, 24, False),
        ("bar", {"TERM": "dumb"}, 24, False),
        ("auto", {}, 9, False),
        ("log", {}, 24, False),
        ("off", {}, 24, False),
    ],
)
def test_there_is_a_bar_only_where_it_is_wanted_and_can_be(
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    environment: dict[str, str],
    rows: int,
    *,
    has: bool,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    with screen.terminal(rows) as opened:
        assert has_room(setting, opened.descriptor) is has


def test_a_pipe_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for descriptor in os.pipe():
        assert not has_room("bar", descriptor)
        os.close(descriptor)
