"""The DAGs of a wave: where each runs, how far its handover is, its ticks; signs for steps where room is scarce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.handing import handed_over
from astroferry.carry.handover.wave import refusals
from astroferry.faces.handed import (
    HEADINGS,
    SHORT_HEADINGS,
    STEPS,
    event_in_words,
    handed,
    in_full,
    next_tick,
    ticks_in_words,
)
from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from astroferry.faces.session import Session
    from astroferry.faces.work import Work
    from astroferry.model.cutover import TickCount
    from astroferry.model.plan import Wave

WIDE = 100
"""cells from which each step has a column of its own"""


class HandedList(RowList):
    """One row for each DAG of `wave`."""

    def __init__(self, session: Session) -> None:
        super().__init__(SHORT_HEADINGS, id="handed")
        self._session = session
        self.wave: Wave | None = None

    @property
    def dag_id(self) -> str | None:
        """The DAG under the cursor."""
        return None if self.row is None else self.rows[self.row][0]

    def show(self, wave: Wave | None, work: Work | None, ticks: Mapping[str, TickCount]) -> None:
        """As plan, journal and the run in hand tell it; `ticks`: the last count of each DAG."""
        self.wave = wave
        plan, inventory = self._session.desk.plan, self._session.desk.inventory
        if wave is None or inventory is None:
            return
        standings = self._session.standings
        stay = {finding.subject for finding in refusals(plan, inventory, wave.name)}
        dags = plan.dags_of(wave, tuple(dag.dag_id for dag in inventory.dags))
        outcomes = {key: step.outcome for key, step in work.steps.items()} if work is not None else {}
        since = work.since if work is not None and work.running else None
        wide = self.size.width >= WIDE
        self.headings = HEADINGS if wide else SHORT_HEADINGS
        self.keep = len(self.headings)
        rows = []
        for item in handed(standings, wave.name, dags, outcomes, since=since):
            steps = item.steps if wide else (item.in_short,)
            if item.dag_id in stay:
                steps = ("stays", *[""] * (len(steps) - 1))
            rows.append((item.dag_id, item.side, *steps, ticks_in_words(ticks, standings, wave.name, item.dag_id)))
        self.set_rows(rows)

    def detail(self, work: Work | None, now: datetime) -> tuple[list[str], datetime | None]:
        """The DAG under the cursor in lines, and when its schedule is due next: they are to be made anew then."""
        inventory, dag_id = self._session.desk.inventory, self.dag_id
        dag = next((dag for dag in inventory.dags if dag.dag_id == dag_id), None) if inventory else None
        if inventory is None or dag is None or self.wave is None:
            return [], None
        said = [work.told[dag.dag_id]] if work is not None and work.running and dag.dag_id in work.told else []
        kind = handed_over(self._session.desk.plan, inventory, dag)
        lines = in_full(self._session.standings, self.wave.name, dag, kind, now)
        return [*said, *lines], next_tick(kind, now)

    def steps_in_full(self, dag_id: str) -> list[tuple[str, str]]:
        """Each step of a DAG with its reason, both ways."""
        inventory, wave = self._session.desk.inventory, self.wave
        if inventory is None or wave is None:
            return []
        stay = refusals(self._session.desk.plan, inventory, wave.name)
        parts = [("stays", f"{finding.message}\n{finding.todo}") for finding in stay if finding.subject == dag_id]
        for way, steps in STEPS.items():
            for step, heading in steps:
                standing = self._session.standings.get(f"{way}/{wave.name}/{dag_id}/{step}")
                if standing is not None:
                    when = f"{standing.at:%H:%M:%S} UTC" if standing.at else ""
                    why = f"\n{standing.why}" if standing.why else ""
                    parts.append((f"{way} · {heading}", f"{event_in_words(standing.event):<8} {when}{why}"))
        return parts or [("", "Nothing has been done with it yet.")]
