"""The journal: one synced line before and after everything that changes a server, so that any crash can be resumed.

It lies beside the plan (`migration.journal.jsonl`) and holds ids, counts and outcomes; never a secret.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from astroferry.errors import PlanError
from astroferry.model.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Event = Literal[
    "begin",  # about to change something; facts: what was observed before
    "applied",  # the server took it; facts: what was made
    "done",  # read back and found so
    "found",  # it was so already; nothing was changed by us
    "failed",  # could not; `why`
    "undo-begin",
    "undone",
    "note",  # something worth keeping that is no action (a wave's state, a confirmation)
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `at` is UTC; `facts` is JSON-able."""

    number: int
    at: datetime
    action: str
    event: Event
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one action stands after all its lines.

    `before`: what the *first* begin since the last undo observed; that is what undoing restores, however often the
    action was begun again after a crash. `made`: the facts of what was made.
    """

    event: Event
    before: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    at: datetime | None = None

    @property
    def ours(self) -> bool:
        """Whether we changed something that has not been undone (or may have: a begin without an end)."""
        return self.event in {"begin", "applied", "done", "failed", "undo-begin"} and bool(self.before)


class Journal:
    """Append-only; each line is synced before `write` returns.

    Raises PlanError where the file cannot be read or written.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self.entries: list[Entry] = []
        self._load()

    def write(self, action: str, event: Event, *, why: str = "", facts: dict[str, Any] | None = None) -> Entry:
        """Append one line and sync it to the disk."""
        entry = Entry(len(self.entries) + 1, self._now(), action, event, why, facts or {})
        record: dict[str, Any] = {"n": entry.number, "at": entry.at.isoformat(), "action": action, "event": event}
        if why:
            record["why"] = why
        if entry.facts:
            record["facts"] = entry.facts
        new = not self.path.exists()
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise PlanError(f"The journal {self.path} cannot be written: {error.strerror}.") from error
        if new:
            sync_folder(self.path.parent)
        self.entries.append(entry)
        return entry

    def standing(self) -> dict[str, Standing]:
        """Where every action stands."""
        standings: dict[str, Standing] = {}
        for entry in self.entries:
            standings[entry.action] = _next(standings.get(entry.action), entry)
        return standings

    def _load(self) -> None:
        """Read what is there; a last line torn by a crash is cut off, anything else wrong is an error."""
        if not self.path.exists():
            return
        raw = self.path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) != len(raw):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        for number, line in enumerate(whole.decode("utf-8").splitlines(), 1):
            try:
                record = json.loads(line)
                entry = Entry(
                    number,
                    datetime.fromisoformat(record["at"]),
                    record["action"],
                    record["event"],
                    record.get("why", ""),
                    record.get("facts", {}),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise PlanError(
                    f"The journal {self.path} cannot be read at line {number}.",
                    hint="Restore it from a backup: it says what has been done and how to undo it.",
                ) from error
            self.entries.append(entry)


def _next(standing: Standing | None, entry: Entry) -> Standing:
    before = standing.before if standing else {}
    made = standing.made if standing else {}
    if entry.event == "begin":
        if standing is None or standing.event in {"undone", "found"} or not before:
            before, made = {"observed": entry.facts}, {}
    elif entry.event == "applied":
        made = {**made, **entry.facts}
    elif entry.event == "undone":
        before, made = {}, {}
    elif entry.event == "found" and not before:
        made = entry.facts
    return Standing(entry.event, before, made, entry.why, entry.at)
