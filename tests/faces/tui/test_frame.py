"""What is sent is only the difference, and the terminal shows the same as if all had been sent, or is gone."""

from __future__ import annotations

import errno
import io
import threading
from typing import IO, cast

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.geometry import Region
from textual.strip import Strip

from astroferry.faces.tui.frame import Frame
from astroferry.faces.tui.lost_line import WhileItLasts

WIDTH, HEIGHT = 24, 4
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDTH, legacy_windows=False)
STYLES = [None, Style(color="red"), Style(color="red", bgcolor="#102030", bold=True), Style(reverse=True)]
TEXTS = ["a", "b ", "  ", "same", "longer words", "日本", "x日", "é", "─"]
PIECES = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(STYLES)), min_size=1, max_size=4)


def strip(pieces: list[tuple[str, Style | None]], width: int = WIDTH) -> Strip:
    return Strip([Segment(text, style) for text, style in pieces]).adjust_cell_length(width)


def whole(lines: list[list[tuple[str, Style | None]]]) -> LayoutUpdate:
    return LayoutUpdate([[strip(line)] for line in lines], Region(0, 0, WIDTH, HEIGHT))


def part(x: int, y: int, pieces: list[tuple[str, Style | None]]) -> ChopsUpdate:
    width = min(WIDTH - x, sum(cell_len(text) for text, _ in pieces))
    chops = [{x: strip(pieces, width)} if line == y else {0: None} for line in range(HEIGHT)]
    ends = [[x + width] if line == y else [WIDTH] for line in range(HEIGHT)]
    return ChopsUpdate(chops, [(y, x, x + width)], ends)


WHOLE = st.lists(PIECES, min_size=HEIGHT, max_size=HEIGHT).map(whole)
PART = st.builds(part, st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), PIECES)


class Seen:
    """A terminal."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    @property
    def wide(self) -> bool:
        rows = self.screen.buffer.values()
        return any(cell.data and cell_len(cell.data) > 1 for row in rows for cell in row.values())

    def cells(self) -> list[list[object]]:
        # What is blank looks the same in any colour of letters.
        return [
            [
                (cell.data.strip(), cell.bg, cell.reverse, cell.data.strip() and (cell.fg, cell.bold))
                for cell in (self.screen.buffer[y][x] for x in range(WIDTH))
            ]
            for y in range(HEIGHT)
        ]


@settings(max_examples=60, deadline=None)
@given(first=WHOLE, updates=st.lists(st.one_of(WHOLE, PART), max_size=6))
def test_the_terminal_shows_the_same(first: LayoutUpdate, updates: list[LayoutUpdate | ChopsUpdate]) -> None:
    frame, plain, lean = Frame(), Seen(), Seen()
    for update in (first, *updates):
        plain.stream.feed(update.render_segments(CONSOLE).replace("\n", "\r\n"))
        lean.stream.feed(frame.changes(update, (WIDTH, HEIGHT), CONSOLE))
        wide = any(
            cell.data and cell_len(cell.data) > 1 for row in plain.screen.buffer.values() for cell in row.values()
        )
        if not wide:
            assert lean.cells() == plain.cells()
        assert frame.changes(update, (WIDTH, HEIGHT), CONSOLE) == "", "the same twice sends nothing"
    # A wide sign that was cut looks as the terminal likes; a whole screen puts all right.
    plain.stream.feed(first.render_segments(CONSOLE).replace("\n", "\r\n"))
    lean.stream.feed(frame.changes(first, (WIDTH, HEIGHT), CONSOLE))
    assert lean.cells() == plain.cells()


def test_a_letter_costs_a_jump_and_a_letter() -> None:
    frame = Frame()
    frame.changes(whole([[("one letter more", STYLES[1])]] * HEIGHT), (WIDTH, HEIGHT), CONSOLE)
    sent = frame.changes(whole([[("one letter less", STYLES[1])]] * HEIGHT), (WIDTH, HEIGHT), CONSOLE)
    assert len(sent) < HEIGHT * 30
    assert sent.count("less") == HEIGHT
    assert "letter" not in sent


def test_after_another_size_or_another_writer_all_is_sent() -> None:
    frame = Frame()
    update = whole([[("words", STYLES[2])]] * HEIGHT)
    everything = frame.changes(update, (WIDTH, HEIGHT), CONSOLE)
    assert frame.changes(update, (WIDTH, HEIGHT), CONSOLE) == ""
    frame.forget()
    assert frame.changes(update, (WIDTH, HEIGHT), CONSOLE) == everything
    assert frame.changes(update, (WIDTH + 1, HEIGHT), CONSOLE)


def test_a_lost_terminal_holds_nobody_up() -> None:
    class Lost(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, text)

    writer = WriterThread(cast("IO[str]", WhileItLasts(Lost())))
    writer.start()

    def draw() -> None:
        for _ in range(3 * MAX_QUEUED_WRITES):
            writer.write("x")
        writer.stop()

    drawing = threading.Thread(target=draw, daemon=True)
    drawing.start()
    drawing.join(20)
    assert not drawing.is_alive()
