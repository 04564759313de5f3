"""What a DAG's moves have left between the two sides, by the journal's lines as they follow one another.

A drain brings one side to a stand; later one side is switched on. What fell due in between nobody has run, and the
scheduler that is switched on runs the latest of it alone: the rest is owed, from the last tick that ran before, until
a `gap.RunGap` comes to its end, whichever way is gone in between. A run that a pause of ours caught half-way stands
still until its side is switched on again. Pure: nothing here asks a server.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from astroferry.carry.handover.whereabouts import FINISHED, OWED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from astroferry.advice.schedule import Stood
    from astroferry.carry.journal import Entry
    from astroferry.model.cutover import Side

_SIDES: tuple[Side, ...] = ("source", "target")
_SWITCHES = {"start-untouched-source": "source"} | {
    f"{step}-{side}{rest}": side for side in _SIDES for step, rest in (("unpause", ""), ("let", "-run"))
}
"""step -> the side that it switches on"""
_A_MOMENT = timedelta(microseconds=1)
HALTED = "halted"
"""fact of the first look of a drain, or of what unpauses a side: ids of runs that an earlier try caught half-way"""


@dataclass(frozen=True, slots=True)
class Between:
    """How a DAG stands between its sides after some lines.

    `owed_since`: the last tick before the first that may lie unrun although a side was switched on since; None where
    none do. `stands`: neither side runs it, by us; `since`: the last tick that had run then, or when that was, where
    none ever had. `drained`: sides that were drained and not switched on since. `source_ended`: the last tick that
    the source had run when its cutover drained it. `stood`: side -> run id -> when it stood still, and until when
    (None: it does).
    """

    owed_since: datetime | None = None
    stands: bool = False
    since: datetime | None = None
    drained: frozenset[Side] = frozenset()
    source_ended: datetime | None = None
    stood: Mapping[Side, Mapping[str, tuple[Stood, ...]]] = field(default_factory=lambda: MappingProxyType({}))

    def frozen(self, side: Side) -> frozenset[str]:
        """Ids of the runs that stand half-way on that side now."""
        return frozenset(run_id for run_id, spans in self.stood.get(side, {}).items() if spans[-1][1] is None)

    def stopped(self, side: Side, last: datetime | None, at: datetime | None = None) -> Between:
        """That side was drained, having had `last`; a target that has run nothing begins where the source ended.

        `at`: when that was, where neither side has ever had a tick.
        """
        ended = last if side == "source" else self.source_ended
        told = replace(self, drained=self.drained | {side}, source_ended=ended)
        if self.stands:
            return told
        here = [last, ended if side == "target" else None]
        return replace(told, stands=True, since=max((moment for moment in here if moment is not None), default=at))

    def switched_on(self, side: Side, at: datetime, last: datetime | None = None) -> Between:
        """That side runs it (again): what fell since it came to a stand is owed, and what stood there goes on.

        `last`: the last tick that had run, where no line says that it had come to a stand (killed as it was paused).
        """
        stood = {
            run_id: tuple((begin, at if end is None else end) for begin, end in spans)
            for run_id, spans in self.stood.get(side, {}).items()
        }
        return replace(
            self.owing(self.since or last),
            stands=False,
            since=None,
            drained=self.drained - {side},
            stood={**self.stood, side: stood},
        )

    def owing(self, since: datetime | None) -> Between:
        """Ticks after that one may lie unrun."""
        found = [moment for moment in (self.owed_since, since) if moment is not None]
        return replace(self, owed_since=min(found, default=None))

    def halting(self, side: Side, run_ids: Collection[str], begin: datetime) -> Between:
        """These runs stand still on that side since then."""
        here = self.stood.get(side, {})
        fresh = [run_id for run_id in run_ids if run_id not in self.frozen(side)]
        spans = {run_id: (*here.get(run_id, ()), (begin, None)) for run_id in fresh}
        return replace(self, stood={**self.stood, side: {**here, **spans}})


@dataclass
class _Reading:
    """The lines read so far."""

    now: Between = field(default_factory=Between)
    before: tuple[str, Between] = ("", Between())
    """the step that was begun last, and how it stood until then"""
    lets_owed: bool = False
    drains: dict[Side, datetime] = field(default_factory=dict)
    """when a drain of a side that ran was begun last; it is paused some time after that"""
    owed_before: dict[Side, datetime | None] = field(default_factory=dict)
    """what was owed when a drain was begun that has not come to its end"""

    def read(self, line: Entry) -> None:
        """Go on by one line."""
        step = line.action.rpartition("/")[2]
        if side := next((side for side in _SIDES if step == f"drain-{side}"), None):
            self._drain(side, line)
        elif side := next((side for side in _SIDES if _SWITCHES.get(step) == side), None):
            self._switch(side, line)
            if step.startswith("let-"):
                self._let(line)
        elif step.startswith("gap-") and line.event in {"done", "found"}:
            self._paid()
        elif step.startswith("gap-") and line.event == "begin" and line.facts.get("missed"):
            # Known to lie unrun, whatever becomes of the step.
            self.now = self.now.owing(datetime.fromisoformat(min(line.facts["missed"])) - _A_MOMENT)
        elif step == "record" and line.event == "applied":
            self.now = replace(self.now, source_ended=None)
        if step not in _SWITCHES:
            self.before = "", self.now
        if line.event == "begin":
            self.lets_owed = False

    def _drain(self, side: Side, line: Entry) -> None:
        facts, at = line.facts, _at(line)
        if line.event == "begin" and not facts.get("was_paused"):
            # Where it was drained before: by hand, or by a drain that was killed while it let a run finish.
            self.drains[side] = at
            self.now = self.now.switched_on(side, at)
            # It may pause it, and unpause it again minutes later, as it fails: then what fell between is owed.
            self.owed_before[side] = self.now.owed_since
            self.now = self.now.owing(_moment(facts.get("last")))
        elif line.event == "begin" and HALTED in facts:
            # It is unpaused until they have ended.
            begun = self.drains.get(side, at)
            self.now = self.now.owing(_moment(facts.get("last"))).halting(side, facts[HALTED], begun)
            self.now = self.now.switched_on(side, at)
            self.owed_before[side] = self.now.owed_since
        elif line.event in FINISHED and "frozen" in facts:
            if side in self.owed_before:
                self.now = replace(self.now, owed_since=self.owed_before.pop(side))
            self.now = self.now.owing(_moment(facts.get("since")))
            self.now = self.now.stopped(side, _moment(facts.get("last")), at if "last" in facts else None)
            self.now = self.now.halting(side, facts["frozen"], _moment(facts.get("stood")) or at)

    def _switch(self, side: Side, line: Entry) -> None:
        if line.event == "begin" and self.before[0] != line.action:
            # A drain that was broken off before it told what it had caught.
            halted = line.facts.get(HALTED, ())
            self.before = line.action, self.now.halting(side, halted, self.drains.get(side, _at(line)))
        known, former = self.before
        if line.event == "begin":
            # Where it was begun before, it has been looked at again, and found paused.
            self.now = former.switched_on(side, _at(line), _moment(line.facts.get("last")))
        elif line.event == "refused" or (line.event in FINISHED and line.facts.get("unpaused") is False):
            if known == line.action:
                self.now = former
        elif line.event in FINISHED:
            if line.event == "applied" and known == line.action:
                # Until then it stood, and not only until it was begun.
                self.now = replace(self.now, stood=former.stood)
            # What is found again repeats what was told when it was made.
            self.now = self.now.switched_on(side, _at(line) if line.event == "applied" else line.at)

    def _let(self, line: Entry) -> None:
        """What a side that was let go on owes; it runs what fell between by itself."""
        if line.event == "applied":
            self.lets_owed = bool(line.facts.get(OWED))
        elif line.event in {"done", "found"} and not self.lets_owed:
            self._paid()

    def _paid(self) -> None:
        self.now = replace(self.now, owed_since=None)
        self.owed_before.clear()


def between(lines: Iterable[Entry]) -> Between:
    """What the lines of one DAG's steps, of both ways, come to."""
    reading = _Reading()
    for line in lines:
        reading.read(line)
    return reading.now


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _at(line: Entry) -> datetime:
    """When that was, by the servers' clock where the line tells it, else by this machine's."""
    return _moment(line.facts.get("at")) or line.at
