"""A journal that dies after one of its lines, as a process does that is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.carry.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.journal import Entry


class KilledError(BaseException):
    """The process is gone."""


class Killing(Journal):
    """A journal after whose nth line the process dies."""

    def __init__(self, path: Path, after: int) -> None:
        super().__init__(path)
        self.after = after

    def write(self, action: str, event: Any, **more: Any) -> Entry:
        entry = super().write(action, event, **more)
        self.after -= 1
        if self.after == 0:
            raise KilledError
        return entry
