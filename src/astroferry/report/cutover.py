"""The cutover section of the report: what each DAG's handover came to, out of the journal; data, no pages.

`report/pictures.py` draws it. Whoever makes the page takes `cutover_section` and decides how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from astroferry.model.cutover import TickRow
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from astroferry.carry.journal import Entry
    from astroferry.model.drain import DrainSample
    from astroferry.model.plan import Plan
    from astroferry.model.watching import DagVerdict

_ENDED = frozenset({"done", "found"})


@dataclass(frozen=True, slots=True)
class DagHandover:
    """One DAG of a wave; all times UTC, None where that has not come yet.

    `paused_at`: when it stood still on the source. `resumed_at`: when it ran on the target. `boundary`: the last tick
    that the source ran. `next`: the tick that the target showed before it was unpaused. `filled`: ticks between the
    sides that were run on purpose, `listed`: those that were only listed, and so are not `missed`. `slipped`: how
    often a run began while it was being paused. `uncounted`: what no ticks tell of, in clauses (events not carried,
    runs left standing, who else started it). `failed`: the step that did not go well and why. `given_back_at`: when a
    rollback ended.
    """

    dag_id: str
    began: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    boundary: datetime | None = None
    next: datetime | None = None
    waited_seconds: float | None = None
    slipped: int = 0
    filled: tuple[datetime, ...] = ()
    listed: tuple[datetime, ...] = ()
    uncounted: tuple[str, ...] = ()
    ticks: tuple[TickRow, ...] = ()
    once: int = 0
    twice: int = 0
    missed: int = 0
    verdict: DagVerdict | None = None
    failed: str = ""
    given_back_at: datetime | None = None

    @property
    def gap_seconds(self) -> float | None:
        """How long neither side ran it; None before the target did."""
        if self.paused_at is None or self.resumed_at is None:
            return None
        return max(0.0, (self.resumed_at - self.paused_at).total_seconds())


@dataclass(frozen=True, slots=True)
class CutoverSection:
    """One wave. `samples`: the drain curve's points of its DAGs, oldest first. `checklist`: key -> what was seen."""

    wave: str
    state: str
    dags: tuple[DagHandover, ...]
    samples: tuple[DrainSample, ...]
    checklist: dict[str, str]

    @property
    def exact(self) -> bool:
        """Whether every tick that was counted ran exactly once, by the cutover, the way back and the watch."""
        watched = [dag.verdict for dag in self.dags if dag.verdict is not None]
        wrong = sum(dag.twice + dag.missed for dag in self.dags) + sum(seen.twice + seen.missed for seen in watched)
        return not wrong


def cutover_section(
    plan: Plan,
    entries: Sequence[Entry],
    samples: Iterable[DrainSample],
    wave: str,
    verdicts: Mapping[str, DagVerdict] | None = None,
    *,
    state: str = "",
) -> CutoverSection:
    """A wave's section, of the last time its DAGs were handed over. KeyError where the plan has no such wave.

    `samples`: `carry.drainfile.read_samples`. `verdicts`: `carry.watching.last_verdicts`. `state`: how the wave
    stands, in words; without them as the plan says.
    """
    state = state or plan.wave(wave).state
    steps: dict[str, dict[str, list[Entry]]] = {}
    checklist: dict[str, str] = {}
    for entry in entries:
        way, _, rest = entry.action.partition("/")
        if way == "ready" and rest == wave:
            checklist = {str(key): str(value) for key, value in entry.facts.get("checks", {}).items()}
        parts = entry.action.split("/")
        if way in {"cutover", "rollback"} and len(parts) >= 4 and parts[1] == wave:
            dag_id, step = "/".join(parts[2:-1]), f"{way}/{parts[-1]}"
            if step == "cutover/record" and entry.event == "begin":
                steps[dag_id] = {}  # what an earlier handover did is history
            steps.setdefault(dag_id, {}).setdefault(step, []).append(entry)
    dags = tuple(_handover(dag_id, of, (verdicts or {}).get(dag_id)) for dag_id, of in steps.items())
    began = {dag_id: of["cutover/record"][0].at for dag_id, of in steps.items() if "cutover/record" in of}
    drained = tuple(item for item in samples if item.dag_id in began and item.at >= began[item.dag_id])
    return CutoverSection(wave, state, dags, drained, checklist)


def _handover(dag_id: str, steps: dict[str, list[Entry]], verdict: DagVerdict | None) -> DagHandover:
    record, drain, mark, unpause, gap, watch = (
        _facts(steps, f"cutover/{step}")
        for step in ("record", "drain-source", "mark", "unpause-target", "gap-target", "watch-target")
    )
    # After a rollback, what the source was seen to run from there on.
    watches = (watch, _facts(steps, "rollback/watch-source"))
    kept, crowded = _moments(gap.get("missed")), _moments(gap.get("crowded"))
    failed = [entry for entries in steps.values() for entry in entries[-1:] if entry.event == "failed"]
    listed = crowded if gap.get("run") else kept
    ticks = tuple(_row(item) for seen in watches for item in seen.get("ticks") or ())
    return DagHandover(
        dag_id=dag_id,
        began=_moment(record.get("at")),
        paused_at=_ended(steps, "cutover/drain-source"),
        resumed_at=_moment(unpause.get("at")) if unpause.get("unpaused") else None,
        boundary=_moment(mark.get("boundary")),
        next=_moment(mark.get("next")),
        waited_seconds=drain.get("waited"),
        slipped=int(drain.get("slipped") or 0),
        filled=kept if gap.get("run") else (),
        listed=listed,
        uncounted=tuple(_uncounted(record, drain, watch)),
        ticks=ticks,
        once=sum(int(seen.get("once") or 0) for seen in watches),
        twice=sum(int(seen.get("twice") or 0) for seen in watches),
        missed=sum(int(seen.get("missed") or 0) for seen in watches),
        verdict=verdict,
        failed=f"{failed[-1].action.rsplit('/', 1)[-1]}: {failed[-1].why}" if failed else "",
        given_back_at=_ended(steps, "rollback/unpause-source"),
    )


def _uncounted(record: dict[str, Any], drain: dict[str, Any], watch: dict[str, Any]) -> Iterator[str]:
    events = dict.fromkeys([*(record.get("queued_events") or ()), *(watch.get("queued_events") or ())])
    if events:
        yield f"{names(list(events))} waited on the source and was not carried"
    for run_id, tasks in (drain.get("left") or {}).items():
        yield f"the run {run_id} stands on the source with {names(tasks)} not run"
    if times := int(record.get("started_by_others") or 0):
        yield f"people or programs started it {times:,} times in the thirty days before; they start it on Astro now"


def _facts(steps: dict[str, list[Entry]], step: str) -> dict[str, Any]:
    """All facts that a step's lines keep, the later over the earlier."""
    return {key: value for entry in steps.get(step, ()) for key, value in entry.facts.items()}


def _ended(steps: dict[str, list[Entry]], step: str) -> datetime | None:
    """When a step was last found done; None where it is not."""
    lines = steps.get(step, [])
    return lines[-1].at if lines and lines[-1].event in _ENDED else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def _moments(texts: object) -> tuple[datetime, ...]:
    found = texts if isinstance(texts, list) else ()
    return tuple(moment for moment in map(_moment, found) if moment is not None)


def _row(facts: Mapping[str, Any]) -> TickRow:
    known = {**facts, "tick": _moment(facts["tick"]), "logical_date": _moment(facts.get("logical_date"))}
    return TickRow(**known)
