"""Everything that was done, out of the journal: who, when, where, what, and how it ended; no secrets are in there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from astroferry.diagnostics import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.carry.journal import Entry, Event
    from astroferry.model.plan import Plan

_OUTCOMES: dict[Event, str] = {
    "begin": "begun",
    "applied": "taken by the server",
    "done": "done, read back",
    "found": "was so already",
    "refused": "refused, nothing was changed",
    "failed": "failed",
    "undo-begin": "taking back",
    "undone": "taken back",
    "note": "noted",
}
_BY_DAG = frozenset({"cutover", "rollback", "watch", "history"})
_BY_DEPLOYMENT = frozenset(
    {
        "deploy",
        "arrived",
        "environment",
        "deployment",
        "healthy",
        "verify",
        "known-good",
        "connection",
        "variable",
        "pool",
        "code-rollback",
    }
)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that happened. `at` is UTC, ISO. `where`: "source", "target", a Deployment, a wave, or "" (the plan).

    `subject`: the DAG, connection or other thing it was done to.
    """

    number: int
    at: str
    by: str
    action: str
    where: str
    subject: str
    outcome: str
    why: str
    facts: dict[str, Any]


def rows_of(plan: Plan, entries: Iterable[Entry]) -> tuple[AuditRow, ...]:
    """A row for each line of the journal, in its order."""
    waves = {wave.name: wave.production for wave in plan.waves}
    went: dict[tuple[str, ...], str] = {}
    rows: list[AuditRow] = []
    for entry in entries:
        place = tuple(entry.action.split("/")[1:3])
        if entry.action.endswith("/record") and entry.facts.get("deployment"):
            # Where it goes from here on, whatever the plan has made of the wave since.
            went[place] = entry.facts["deployment"]
        rows.append(
            AuditRow(
                number=entry.number,
                at=entry.at.isoformat(timespec="seconds"),
                by=entry.by,
                action=entry.action,
                where=_where(entry.action, waves, went.get(place, "")),
                subject=_subject(entry.action),
                outcome=_OUTCOMES[entry.event],
                why=redact(entry.why),
                facts=entry.facts,
            )
        )
    return tuple(rows)


def as_jsonl(rows: Iterable[AuditRow]) -> str:
    """A JSON object a line."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False, default=str) + "\n" for row in rows)


def as_csv(rows: Iterable[AuditRow]) -> str:
    """A table with a head; facts as JSON. A cell that a spreadsheet would run as a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(field.name for field in fields(AuditRow))
    for row in rows:
        cells = asdict(row)
        cells["facts"] = json.dumps(row.facts, ensure_ascii=False, default=str) if row.facts else ""
        writer.writerow([_cell(value) for value in cells.values()])
    return out.getvalue()


def _cell(value: object) -> object:
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _where(action: str, waves: dict[str, str], went: str) -> str:
    kind, *rest = action.split("/")
    if kind in _BY_DAG and len(rest) >= 3:
        step, deployment = rest[-1], went or waves.get(rest[0], rest[0])
        if step.endswith("source"):
            return "source"
        return "both ends" if step == "record" else deployment
    if kind in _BY_DEPLOYMENT and rest:
        return rest[0]
    if rest and rest[0] in waves:
        return waves[rest[0]]
    return "source" if kind == "decommission" else ""


def _subject(action: str) -> str:
    kind, *rest = action.split("/")
    if kind in _BY_DAG and len(rest) >= 2:
        return rest[1]
    return "/".join(rest[1:]) if len(rest) > 1 else (rest[0] if rest else "")
