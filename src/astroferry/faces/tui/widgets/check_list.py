"""A checklist: each check with its outcome as sign and word, and the evidence; Enter on one says all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.carry.prerequisites import Outcome, Prerequisite

SIGNS: dict[Outcome, str] = {
    "met": "✓ met",
    "missing": "× not met",
    "confirmed": "✓ confirmed",
    "to be confirmed": "! to be confirmed",
}


class CheckList(RowList):
    """`checks` in the order shown."""

    def __init__(self) -> None:
        super().__init__(("outcome", "check", "evidence"), keep=2, id="checks")
        self.checks: tuple[Prerequisite, ...] = ()

    def show(self, checks: Sequence[Prerequisite]) -> None:
        """Other checks; the cursor stays on its row."""
        cursor = self.cursor
        self.checks = tuple(checks)
        self.set_rows([(SIGNS[check.outcome], check.title, check.detail) for check in checks])
        self.cursor = min(cursor, max(0, len(self.checks) - 1))

    def go_to_open(self) -> None:
        """The cursor to the next check that is open: to one that people can settle, if there is one."""
        for outcome in ("to be confirmed", "missing"):
            rows = [number for number, check in enumerate(self.checks) if check.outcome == outcome]
            if rows:
                self.action_move(next((row for row in rows if row >= self.cursor), rows[0]) - self.cursor)
                return

    @property
    def check(self) -> Prerequisite | None:
        """The one under the cursor."""
        return self.checks[self.row] if self.row is not None and self.row < len(self.checks) else None
