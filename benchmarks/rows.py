"""14,000 DAGs in our list and in Textual's DataTable: fill, filter, sort, an arrow key; each as a ratio.

Run: python -m benchmarks.rows

Measured on 2026-11-26, nothing else running (Python 3.11, 2 cores), milliseconds until drawn:

14,000 rows             RowList   DataTable
fill                         27        1603     0.02 x
filter                       18          70     0.26 x
no filter again              10        1509     0.01 x
sort                         37          80     0.47 x
40 arrow keys               345         368     0.94 x
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.widgets import DataTable

from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.pilot import Pilot

ROUNDS = 3
HEADINGS = ("DAG", "state", "schedule", "owner")
ROWS = [
    (
        f"team_{number % 40:02}_dag_{number:05}",
        "paused" if number % 3 else "active",
        f"{number % 60} * * * *",
        f"team-{number % 40}",
    )
    for number in range(14_000)
]
PART = [row for row in ROWS if "team_07" in row[0]]


class Ours(App[None]):
    def compose(self) -> ComposeResult:
        self.list = RowList(HEADINGS, marks=True, sorts=True)
        yield self.list

    def fill(self) -> None:
        self.list.set_rows(ROWS)

    def filter(self) -> None:
        self.list.filter("team_07")

    def no_filter(self) -> None:
        self.list.filter("")

    def sort(self) -> None:
        self.list.sort_by(2)


class Theirs(App[None]):
    def compose(self) -> ComposeResult:
        self.table: DataTable[Any] = DataTable(cursor_type="row")
        yield self.table

    def on_mount(self) -> None:
        self.columns = self.table.add_columns(*HEADINGS)

    def fill(self) -> None:
        self.table.add_rows(ROWS)

    def filter(self) -> None:
        self.table.clear()
        self.table.add_rows(PART)

    def no_filter(self) -> None:
        self.table.clear()
        self.table.add_rows(ROWS)

    def sort(self) -> None:
        self.table.sort(self.columns[2])


async def _until_drawn(pilot: Pilot[None], change: Callable[[], None]) -> float:
    """Seconds of processor time until the change is on the screen; waiting for nothing costs none."""
    began = time.process_time()
    change()
    await pilot.pause()
    await pilot.pause()
    return time.process_time() - began


async def measure(app: Ours | Theirs) -> dict[str, float]:
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.focus_next()
        await pilot.pause()
        found = {
            "fill": await _until_drawn(pilot, app.fill),
            "filter": await _until_drawn(pilot, app.filter),
            "no filter again": await _until_drawn(pilot, app.no_filter),
            "sort": await _until_drawn(pilot, app.sort),
        }
        began = time.process_time()
        for _ in range(40):
            await pilot.press("down")
        found["40 arrow keys"] = time.process_time() - began
        return found


def main() -> None:
    """The best of some rounds, ours and theirs in turn."""
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        ours.append(asyncio.run(measure(Ours())))
        theirs.append(asyncio.run(measure(Theirs())))
    print(f"{f'{len(ROWS):,} rows, ms until drawn':34}{'RowList':>10}{'DataTable':>12}")
    for name in ours[0]:
        mine, its = min(one[name] for one in ours), min(one[name] for one in theirs)
        print(f"{name:34}{mine * 1000:10.0f}{its * 1000:12.0f}   {mine / its:6.2f} x")


if __name__ == "__main__":
    main()
