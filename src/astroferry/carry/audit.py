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
"""`KIND/WAVE/DAG/STEP`"""
_BY_DEPLOYMENT = frozenset(
    {
        "deploy",
        "arrived",
        "environment",
        "deployment",
        "healthy",
        "verify",
        "known-good",
        "code-rollback",
        "starship-removed",
    }
)
"""`KIND/DEPLOYMENT`"""
_ITEMS = frozenset({"connection", "variable", "pool"})
"""`KIND/DEPLOYMENT/NAME`: a name may hold slashes, a Deployment's too"""
_LOOKED_AT = frozenset({"ready", "watch", "decommission"})
"""kinds of which a line tells what was seen, and not what was done"""
_BY_WAVE = frozenset({"wave", "window", "ready"})
"""`KIND/WAVE`"""


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
    deployments = sorted((item.name for item in plan.deployments), key=len, reverse=True)
    went: dict[tuple[str, ...], str] = {}
    rows: list[AuditRow] = []
    for entry in entries:
        place = tuple(entry.action.split("/")[1:3])
        if entry.action.endswith("/record") and entry.facts.get("deployment"):
            # Where it goes from here on, whatever the plan has made of the wave since.
            went[place] = entry.facts["deployment"]
        where, subject = _told(entry.action, deployments, waves, went.get(place, ""))
        rows.append(
            AuditRow(
                number=entry.number,
                at=entry.at.isoformat(timespec="seconds"),
                by=entry.by,
                action=entry.action,
                where=where,
                subject=subject,
                outcome=_outcome(entry),
                why=redact(entry.why),
                facts=entry.facts,
            )
        )
    return tuple(rows)


def _outcome(entry: Entry) -> str:
    """A look says what was seen: nothing "was so already"."""
    looked = entry.event == "found" and entry.action.partition("/")[0] in _LOOKED_AT
    return "looked at" if looked else _OUTCOMES[entry.event]


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


def _told(action: str, deployments: list[str], waves: dict[str, str], went: str) -> tuple[str, str]:
    """Where, and to what; `deployments`: those of the plan, the longest name first."""
    kind, _, rest = action.partition("/")
    if kind in _BY_DAG and rest.count("/") >= 2:
        wave, dag_id, *_, step = rest.split("/")
        if step.endswith("source"):
            return "source", dag_id
        return "both ends" if step == "record" else went or waves.get(wave, wave), dag_id
    if kind in _ITEMS:
        first = rest.partition("/")[0]
        deployment = next((name for name in deployments if rest.startswith(f"{name}/")), first)
        return deployment, rest[len(deployment) + 1 :]
    if kind in _BY_DEPLOYMENT:
        return rest, rest
    if kind in _BY_WAVE:
        return waves.get(rest, ""), rest
    return "source" if kind == "decommission" else "", rest
