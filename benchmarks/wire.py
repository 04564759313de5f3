"""First paint and bytes on the wire, at 80x24 in a real pty, as ratios to Textual's stock widgets in the same run.

Run: python -m benchmarks.wire

Measured on 2026-11-26, nothing else running (Python 3.11, 2 cores):

first paint                      wizard       empty
ms, eight pairs                820-1,292    434-655      1.9 x (medians of 7 in noisier minutes: 2.0, 2.7, 3.7 x)
bytes at 80x24                   wizard       stock
first screen                      6,748      20,205     0.33 x
a letter in a field                 105       1,501     0.07 x
Tab to the next question            415      12,485     0.03 x
another option                    2,033       1,558     1.30 x (the preview grows by three lines, and all above moves)
to the next stage                 2,581      31,155     0.08 x
and back                          1,590      15,257     0.10 x
help                              6,394       8,885     0.72 x
and away with it                  5,734      20,041     0.29 x
5 s without a key                     0       6,585     0.00 x
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bare import CREDENTIALS
from tests.terminal import DOWN, ENTER, ESCAPE, F1, F2, TAB, Terminal, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 7
IDLE = 5.0
"""seconds that nobody presses a key"""
IDLING = f"{IDLE:g} s without a key"
QUIET = 1.0
"""seconds without a byte after which a screen has come to rest"""
BARE = ("benchmarks.bare",)
HERE = str(Path(__file__).parents[1])
Figures = dict[str, float]


@contextmanager
def shown(words: tuple[str, ...], mark: str) -> Iterator[tuple[Terminal, float]]:
    """A program in its terminal, and the seconds until `mark` was on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with terminal(Path(folder), words, given={"PYTHONPATH": HERE}) as screen:
            while mark not in screen.text:
                screen.read(0.005)
            yield screen, time.perf_counter() - began


def first_paint(words: tuple[str, ...], mark: str) -> float:
    with shown(words, mark) as (_, seconds):
        return seconds


def wizard() -> Figures:
    with shown(("astroferry",), "Start a new migration") as (screen, _):
        screen.settle(QUIET)
        found: Figures = {"first screen": len(screen.seen)}
        screen.send(ENTER)
        screen.wait_for("be called")
        screen.send("acme", ENTER)
        screen.wait_for("Organization id")
        screen.press(TAB, TAB, "cl", quiet=QUIET)
        found["a letter in a field"] = screen.cost("1", "cl1", QUIET)
        found["Tab to the next question"] = screen.cost(TAB, "Organization name", QUIET)
        # Another option is chosen, and what that changes in the plan is shown.
        screen.press(TAB, TAB, quiet=QUIET)
        found["another option"] = screen.cost(DOWN, '- credentials = "environment"', QUIET)
        found |= _stages(screen, "2 of ", "1 of ", "In the migration guide")
        return found | {IDLING: _idle(screen)}


def bare() -> Figures:
    with shown((*BARE, "form"), "Organization id") as (screen, _):
        screen.settle(QUIET)
        found: Figures = {"first screen": len(screen.seen)}
        screen.press("cl", quiet=QUIET)
        found["a letter in a field"] = screen.cost("1", "cl1", QUIET)
        found["Tab to the next question"] = screen.cost(TAB, "Organization id", QUIET)
        screen.press(TAB, DOWN, quiet=QUIET)
        found["another option"] = screen.cost(" ", f'- credentials = "{CREDENTIALS[0]}"', QUIET)
        found |= _stages(screen, "two: ", "one: ", "the help page")
    with shown((*BARE, "blinking"), "Organization id") as (screen, _):
        return found | {IDLING: _idle(screen)}


def _stages(screen: Terminal, second: str, first: str, helping: str) -> Figures:
    found: Figures = {"to the next stage": screen.cost(F2, f"{second}", QUIET)}
    found["and back"] = screen.cost(ESCAPE, first, QUIET)
    found["help"] = screen.cost(F1, helping, QUIET)
    found["and away with it"] = len(screen.press(ESCAPE, quiet=QUIET))
    return found


def _idle(screen: Terminal) -> float:
    screen.read(QUIET)
    before, end = len(screen.seen), time.monotonic() + IDLE
    while (left := end - time.monotonic()) > 0:
        screen.read(left)
    return len(screen.seen) - before


def _times(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:6.2f} x" if theirs else "  equal" if not ours else "      -"


def main() -> None:
    """Both sides, one after the other, in this one run."""
    ours = _times(lambda: first_paint(("astroferry",), "Start a new migration"))
    empty = _times(lambda: first_paint((*BARE, "empty"), "ready"))
    print(f"{'first paint (median of ' + str(ROUNDS) + ')':34}{'wizard':>10}{'empty app':>12}")
    print(f"{'ms':34}{ours * 1000:10.0f}{empty * 1000:12.0f}   {_ratio(ours, empty)}\n")
    print(f"{'bytes at 80x24':34}{'wizard':>10}{'stock':>12}")
    mine, theirs = wizard(), bare()
    for name, number in mine.items():
        print(f"{name:34}{number:10,.0f}{theirs[name]:12,.0f}   {_ratio(number, theirs[name])}")


if __name__ == "__main__":
    main()
