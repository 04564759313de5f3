"""The wizard in a real terminal (a pty): what it sends, whatever becomes of the terminal, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.terminal import (
    CTRL_C,
    DOWN,
    ENTER,
    ESCAPE,
    F1,
    F2,
    TAB,
    Terminal,
    environment,
    terminal,
)

from astroferry.faces.navigator import STOPS
from astroferry.model import planfile
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

ALL = tuple(stage.key for stage in DECIDING)
STORM = ((5, 20), (40, 120), (16, 60), (24, 80), (1, 1), (60, 200), (10, 300), (24, 79))
HEAD = f"of {len(STOPS)} · "
COMMAND = (sys.executable, "-m", "astroferry")


def begin(screen: Terminal) -> None:
    """A new migration, up to the first stage."""
    screen.wait_for("Start a new migration")
    screen.send(ENTER)
    screen.wait_for("be called")
    screen.send("acme", ENTER)
    screen.wait_for("Organization id")
    screen.settle()


def test_little_is_sent(folder: Path) -> None:
    with terminal(folder) as screen:
        begin(screen)
        screen.press(TAB, TAB, "first")
        letters = [screen.cost("x", "firstx"), screen.cost("y", "firstxy")]
        assert max(letters) <= 300, letters
        moved = [
            screen.cost(F2, f"2 {HEAD}Source"),
            screen.cost(ESCAPE, f"1 {HEAD}Prerequisites"),
            screen.cost(TAB, "↑↓ choose"),
            screen.cost(TAB, "firstxy"),
        ]
        # A screen of 80 x 24 drawn whole is 8 to 15 kB.
        assert max(moved) <= 5000, moved
        assert screen.read(3.0) == b"", "nothing is sent while nothing happens"


def fits(screen: Terminal, rows: int, columns: int) -> bool:
    """Whether head, stages, preview and keys stand where they belong in that size."""
    lines = screen.text.split("\n")
    middle = lines[rows // 2].ljust(columns)
    # Head and keys fill the width; stages need 76 columns; what Next writes 21 lines, and 110 columns beside them.
    return (
        len(lines[0]) == columns - 1
        and lines[-1].endswith("F10 menu")
        and middle[21 if columns < 110 else 26] == ("▕" if columns >= 76 else " ")
        and any("In migration.toml" in line for line in lines) is (rows >= 21)
        and any(line.find("In migration.toml") > 70 for line in lines) is (columns >= 110)
    )


def test_no_storm_of_sizes_confuses_it(folder: Path) -> None:
    with terminal(folder) as screen:
        begin(screen)
        screen.press(TAB, TAB, "first")
        before = screen.text
        for number in range(48):
            screen.resize(*STORM[number % len(STORM)])
            if number % 12 == 0:
                # Help opens and closes meanwhile: Textual tells screens of a size one after the other.
                screen.send(F1, F1, "z")
                screen.read(0.05)
        screen.resize(24, 80)
        wanted = before.replace("first", "firstzzzz")
        screen.wait_until(lambda: screen.text == wanted, "the screen as it was before, and what was typed meanwhile")
        for rows, columns in ((16, 60), (40, 120), (24, 80)):
            screen.blank()
            screen.resize(rows, columns)
            screen.wait_until(partial(fits, screen, rows, columns), f"all of it at {columns}x{rows}")
            screen.settle(1.0)  # it looks once more whether it fits, a moment after the last size
            drawn = screen.text
            assert "firstzzzz" in drawn
            screen.press("\x0c")
            assert screen.text == drawn, "Ctrl+L draws the same"
        assert screen.text == wanted
        # Away and back before anything is drawn: the size is as before, what the terminal shows is not.
        screen.blank()
        screen.resize(25, 80)
        screen.resize(24, 80)
        screen.wait_until(lambda: screen.text == wanted, "all of it once more")
        screen.hang_up()
        assert screen.ends() == 129
    assert planfile.load(folder / "migration.toml", unfinished=True).target.organization == "firstzzzz"


def test_a_lost_line_keeps_what_was_typed_however_fast(folder: Path) -> None:
    with terminal(folder) as screen:
        begin(screen)
        # Over a slow line all of it comes at once; each key is for what the one before has brought about.
        screen.send(TAB + DOWN + TAB + "cl1" + TAB + "Acme" + F2 + "http://airflow" + TAB + TAB + "code")
        screen.wait_for("  code")
        screen.hang_up()
        assert screen.ends() == 129
    plan = planfile.load(folder / "migration.toml", unfinished=True)
    target, source = plan.target, plan.source
    assert (target.credentials, target.organization, target.organization_name) == ("keyring", "cl1", "Acme")
    assert (source.url, plan.code.dags_folder) == ("http://airflow", "code")


@pytest.mark.parametrize(
    ("decided", "title", "number", "code"),
    [
        (ALL[:4], "Execution model", signal.SIGHUP, 129),
        (ALL, "Review", signal.SIGTERM, 143),
        ((*ALL, "review"), "Prepare", signal.SIGHUP, 129),
    ],
)
def test_a_signal_saves_and_ends(
    saved: Callable[..., Path], decided: tuple[str, ...], title: str, number: signal.Signals, code: int
) -> None:
    # tests/live/test_signals.py does so in every stage.
    path = saved(decided=decided)
    with terminal(path.parent) as screen:
        screen.wait_for("Go on with sales")
        screen.send(ENTER)
        screen.wait_for(f"{HEAD}{title}")
        screen.signal(number)
        assert screen.ends() == code
        assert b"Saved to" in screen.seen
    assert planfile.load(path).decided == decided


@pytest.mark.parametrize(
    ("size", "given"),
    [
        ((0, 0), {"NO_COLOR": "1", "TERM": "linux"}),
        ((16, 60), {"TERM": "frobnicate"}),
    ],
    ids=["no size, 16 colours", "small, unknown"],
)
def test_it_paints_on_small_and_simple_terminals(folder: Path, size: tuple[int, int], given: dict[str, str]) -> None:
    with terminal(folder, size=size, given=given) as screen:
        screen.wait_for("Start a new migration")
        screen.press(DOWN)
        cells = (cell for line in screen.screen.buffer.values() for cell in line.values() if cell.data.isalnum())
        assert {(cell.fg, cell.bg) for cell in cells if cell.fg == cell.bg} <= {("default", "default")}, "it is seen"
        screen.send(CTRL_C)
        assert screen.ends() == 0


@pytest.mark.parametrize(
    "given",
    [
        {"TERM": "dumb"},
        {"TERM": "unknown"},
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"},
    ],
    ids=["dumb", "unknown", "not UTF-8"],
)
def test_no_full_screen_where_a_terminal_cannot_show_it(folder: Path, given: dict[str, str]) -> None:
    with terminal(folder, given=given) as screen:
        screen.settle(1.0)
        screen.signal(signal.SIGINT)
        assert screen.ends() in {0, 2, 130}
        assert screen.seen.strip()
        assert b"\x1b[?1049h" not in screen.seen
        assert b"Traceback" not in screen.seen


@pytest.mark.parametrize("how", ["a file", "closed"])
def test_without_a_keyboard_it_says_why_it_asks_nothing(folder: Path, how: str) -> None:
    words = COMMAND if how == "a file" else ("sh", "-c", '"$@" <&-', "sh", *COMMAND)
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, env=environment(), check=False
    )
    assert done.returncode == 2, done.stderr
    assert "stdin is not a terminal" in done.stderr
    assert done.stdout == ""


def test_closed_streams_are_no_bug(folder: Path) -> None:
    done = subprocess.run(
        ("sh", "-c", '"$@" <&- 2>&-', "sh", *COMMAND),
        stdout=subprocess.PIPE,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")


def test_without_a_screen_it_asks_on_lines(folder: Path) -> None:
    with terminal(folder, given={"TERM": "dumb"}) as screen:
        screen.wait_for("What shall it be")
        screen.send("new\n")
        screen.wait_for("be called")
        screen.send("acme\n")
        screen.wait_for("1 of ")
        screen.send("save\n")
        assert screen.ends() == 0
        assert b"\x1b" not in screen.seen, "a dumb terminal gets no escape sequence"
    assert planfile.load(folder / "migration.toml", unfinished=True).name == "acme"
