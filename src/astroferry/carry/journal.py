"""The journal: one synced line before and after everything that changes a server, so that any crash can be resumed.

It lies beside the plan (`migration.journal.jsonl`) and holds ids, counts and outcomes; never a secret.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from astroferry.diagnostics import redact
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
    "refused",  # what was begun has surely changed nothing: refused by the server, or never sent
    "failed",  # could not; `why`
    "undo-begin",
    "undone",
    "note",  # something worth keeping that is no action (a wave's state, a confirmation)
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `at` is UTC; `facts` is JSON-able; `by`: who carried it out ("" in lines that do not say)."""

    number: int
    at: datetime
    action: str
    event: Event
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    by: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one action stands after all its lines.

    `before`: what the *first* begin since the last undo observed; that is what undoing restores, however often the
    action was begun again after a crash. `made`: the facts of what was made. `begun`, `ended`: numbers of the last
    line that began it, and of the last that says what was made or found (0: none), to tell what came after what; a
    clock may be set back. `held`: of the last that says it was read back and found so. `former`: before, made and
    begun as they were when it was last begun, to which a refusal goes back.
    """

    event: Event
    before: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    at: datetime | None = None
    begun: int = 0
    ended: int = 0
    former: tuple[dict[str, Any], dict[str, Any], int] = ({}, {}, 0)
    held: int = 0

    @property
    def ours(self) -> bool:
        """Whether we changed something that has not been undone (or may have: a begin without an end)."""
        events = {"begin", "applied", "done", "refused", "failed", "undo-begin"}
        return self.event in events and bool(self.before)

    @property
    def holds(self) -> bool:
        """Whether it was read back and found so; a later look that failed (a server was away) takes nothing back."""
        return self.event in {"done", "found"} or (self.event == "failed" and self.held > self.begun)


def operator() -> str:
    """Who carries the plan out: ASTROFERRY_OPERATOR (for CI), else the user of this machine and its name."""
    if named := os.environ.get("ASTROFERRY_OPERATOR", "").strip():
        return named
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"


class Journal:
    """Append-only; each line is synced before `write` returns.

    Raises PlanError where the file cannot be read or written.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._by = operator()
        self.entries: list[Entry] = []
        self._standings: dict[str, Standing] = {}
        self._places: dict[str, list[Entry]] = {}
        self._counted = 0
        self._load()

    def write(self, action: str, event: Event, *, why: str = "", facts: dict[str, Any] | None = None) -> Entry:
        """Append one line and sync it to the disk; `why` may hold a server's words and is redacted."""
        why = redact(why)
        entry = Entry(len(self.entries) + 1, self._now(), action, event, why, facts or {}, self._by)
        record: dict[str, Any] = {"n": entry.number, "at": entry.at.isoformat(), "action": action, "event": event}
        if self._by:
            record["by"] = self._by
        if why:
            record["why"] = why
        if entry.facts:
            record["facts"] = entry.facts
        # A lone surrogate, as a server may send one, becomes its own JSON escape.
        line = json.dumps(record, ensure_ascii=False, default=str).encode(errors="backslashreplace") + b"\n"
        new = not self.path.exists()
        try:
            self._append(line)
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise PlanError(f"The journal {self.path} cannot be written: {error.strerror}.") from error
        self.entries.append(entry)
        return entry

    def _append(self, line: bytes) -> None:
        """Add a line and sync it; half a line, by a crash before it or by a full disk now, is taken away.

        Only here, because whoever writes holds the plan's lock: to one who only reads, the half line of another
        process may be one that is just being written.
        """
        size = _whole_size(self.path)
        try:
            with self.path.open("ab") as file:
                file.truncate(size)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(self.path, size)
            raise

    def standing(self) -> dict[str, Standing]:
        """Where every action stands."""
        return dict(self._up_to_date())

    def standing_of(self, action: str) -> Standing | None:
        """Where one action stands; None where it has no line."""
        return self._up_to_date().get(action)

    def lines(self, *places: str) -> list[Entry]:
        """The lines of the steps at these places ("cutover/first/sales"), in the order in which they were written."""
        self._up_to_date()
        found = [entry for place in places for entry in self._places.get(place, ())]
        return sorted(found, key=lambda entry: entry.number)

    def _up_to_date(self) -> dict[str, Standing]:
        """The standings after every line; each is counted once, since a large wave asks at each of its steps."""
        for entry in self.entries[self._counted :]:
            self._standings[entry.action] = _next(self._standings.get(entry.action), entry)
            self._places.setdefault(entry.action.rpartition("/")[0], []).append(entry)
        self._counted = len(self.entries)
        return self._standings

    def _load(self) -> None:
        """Read what is there, but for a last line that is not whole (yet); anything else wrong is an error."""
        try:
            raw = self.path.read_bytes()
            whole = raw[: raw.rfind(b"\n") + 1]
        except FileNotFoundError:
            return
        except OSError as error:
            raise PlanError(f"The journal {self.path} cannot be read: {error.strerror}.") from error
        # Bytes are split, not text: U+2028 and its like stand inside strings.
        for number, line in enumerate(whole.split(b"\n")[:-1], 1):
            try:
                self.entries.append(_entry(number, line))
            except (ValueError, KeyError, TypeError) as error:
                raise PlanError(
                    f"The journal {self.path} cannot be read at line {number}.",
                    hint="Restore it from a backup: it says what has been done and how to undo it.",
                ) from error


def _whole_size(path: Path) -> int:
    """How many bytes of the file are whole lines; 0 where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if file.read(1) in {b"\n", b""}:
                return size
    except FileNotFoundError:
        return 0
    return path.read_bytes().rfind(b"\n") + 1


def _entry(number: int, line: bytes) -> Entry:
    """The entry that a line holds; ValueError, KeyError or TypeError where it holds none."""
    record = json.loads(line)
    at, event = datetime.fromisoformat(record["at"]), record["event"]
    facts = record.get("facts", {})
    if event not in get_args(Event) or not isinstance(facts, dict):
        raise ValueError(line)
    return Entry(number, at, record["action"], event, record.get("why", ""), facts, str(record.get("by", "")))


def _next(standing: Standing | None, entry: Entry) -> Standing:
    last = standing or Standing("note")
    before, made, former, begun, ended = last.before, last.made, last.former, last.begun, last.ended
    if entry.event == "begin":
        # What is not there now was not made by an earlier try, or is gone.
        gone = entry.facts.get("existed") is False
        former = ({}, {}, begun) if gone else (before, made, begun)
        begun = entry.number
        if standing is None or standing.event in {"undone", "found"} or not before or gone:
            before, made = {"observed": entry.facts}, {}
    elif entry.event == "refused":
        before, made, begun = former
    elif entry.event == "applied":
        made = {**made, **entry.facts}
    elif entry.event == "undone":
        before, made, begun = {}, {}, 0
    elif entry.event == "found" and not before:
        made = entry.facts
    if entry.event in {"applied", "done", "found"}:
        ended = entry.number
    held = entry.number if entry.event in {"done", "found"} else last.held
    return Standing(entry.event, before, made, entry.why, entry.at, begun, ended, former, held)
