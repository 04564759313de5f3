"""One DAG between its two ends: what every step of its handover looks at, read from the servers each time.

Nothing that matters is kept in memory: a step that comes after a crash finds the same from the rows alone. Only how
the DAG stood before the first change (`DagStanding`) cannot be read back; it comes from the journal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from astroferry.advice.kinds import MarkerPlan, Refusal, SwitchPlan, handover_kind
from astroferry.advice.schedule import (
    boundary,
    copied,
    is_marker,
    is_of_a_tick,
    rows_by_tick,
    tick_of,
    unfinished,
)
from astroferry.carry.action import ActionInfo, Observation
from astroferry.carry.handover.between import HALTED, between
from astroferry.carry.handover.whereabouts import FINISHED, let_run
from astroferry.carry.handover.zone import zone_of
from astroferry.carry.journal import Standing
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.advice.ticks import Tick, Timetable
    from astroferry.carry.action import Undo
    from astroferry.carry.context import Context
    from astroferry.carry.handover.between import Between
    from astroferry.carry.journal import Entry
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import DagStanding, Side
    from astroferry.model.inventory import Dag, Run

CROWDED = "crowded"
"""fact of a step that ran what fell between: ticks that were passed over for it, and are listed"""
GAPS = frozenset({"gap-target", "gap-source", "let-source-run", "let-target-run"})
"""steps that run or list what fell between the sides"""
FIRST_ROWS = 200
ALL_ROWS = 100_000


@dataclass
class Handover:
    """One DAG of one wave. `deployment` is the plan's name of the target; `standing` comes from `Record`.

    `also_needs`: step -> ids of other DAGs' steps that must come first (`order.py`).
    """

    dag_id: str
    wave: str
    deployment: str
    standing: DagStanding | None = None
    drained: set[Side] = field(default_factory=set)
    """sides that this process has seen drained; before that, an unpaused one is no alarm but the beginning"""
    also_needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _kind: MarkerPlan | SwitchPlan | None = None

    def info(
        self, step: str, title: str, *, way: str = "cutover", after: str = "", undo: Undo = "undo", note: str = ""
    ) -> ActionInfo:
        """The identity of one step; `after` is the step before it in the same `way` (cutover or rollback).

        Steps that watch change nothing and wait.
        """
        place = f"{way}/{self.wave}/{self.dag_id}"
        return ActionInfo(
            id=f"{place}/{step}",
            title=title,
            stage=way,
            needs=((f"{place}/{after}",) if after else ()) + self.also_needs.get(step, ()),
            undo=undo,
            undo_note=note,
            wave=self.wave,
            waits=step.startswith("watch-"),
        )

    async def airflow(self, ctx: Context, side: Side) -> Airflow:
        """The Airflow of that side."""
        return ctx.source if side == "source" else await ctx.target(self.deployment)

    async def dag(self, ctx: Context, side: Side) -> Dag:
        """The DAG as that side tells it now."""
        return await (await self.airflow(ctx, side)).dag(self.dag_id)

    async def kind(self, ctx: Context) -> MarkerPlan | SwitchPlan:
        """Which way the DAG is handed over, looked up on the source once; RemoteError where it cannot be any more."""
        if self._kind is None:
            source = await self.dag(ctx, "source")
            timed = source.schedule.kind
            zone = await zone_of(ctx.source, source, ctx.inventory) if timed == "cron" else ""
            last = await self._boundary(ctx, "source") if timed == "timedelta" else None
            tasks = await ctx.source.tasks(self.dag_id)
            kind = handover_kind(
                source,
                (await self.airflow(ctx, "target")).major,
                source_major=ctx.source.major,
                cron_data_intervals=ctx.plan.decisions.cron_data_intervals,
                depends_on_past=any(task.depends_on_past or task.wait_for_downstream for task in tasks),
                zone=zone,
                last=last.moment if last else None,
            )
            if isinstance(kind, Refusal):
                raise RemoteError(f'The DAG "{self.dag_id}" is not handed over: {kind.reason}.')
            self._kind = await self._as_on_the_target(ctx, kind)
        return self._kind

    async def _as_on_the_target(self, ctx: Context, kind: MarkerPlan | SwitchPlan) -> MarkerPlan | SwitchPlan:
        """`kind`, where the target shows that its code names the timetable, whatever the Deployment is set to."""
        if isinstance(kind, SwitchPlan) or not kind.dates_move:
            return kind
        target = await self.dag(ctx, "target")
        shown: Timetable = "trigger" if target.schedule.triggers_only else "interval"
        same = target.next_data_interval_end is not None and shown == kind.ticks.timetable
        return replace(kind, target=shown) if same else kind

    async def plan(self, ctx: Context) -> MarkerPlan:
        """The DAG's ticks, as the source schedules them; RemoteError where it has none (any more)."""
        kind = await self.kind(ctx)
        if isinstance(kind, SwitchPlan):
            raise RemoteError(f'The DAG "{self.dag_id}" has no ticks to count: its schedule is {kind.kind}.')
        return kind

    async def boundary(self, ctx: Context, side: Side) -> Tick | None:
        """The last tick that side has run or taken over; None where it has had none."""
        last = await self._boundary(ctx, side)
        if last is None:
            return None
        # A trigger timetable's row tells no start; the tick has one all the same.
        return (await self.plan(ctx)).ticks.at(last.moment) or last

    async def _boundary(self, ctx: Context, side: Side) -> Tick | None:
        airflow = await self.airflow(ctx, side)
        runs = await airflow.runs(self.dag_id, limit=FIRST_ROWS)
        last = boundary(runs)
        if last is None and len(runs) == FIRST_ROWS:
            # Many runs started by hand may stand before the last scheduled one.
            last = boundary(await airflow.runs(self.dag_id, limit=ALL_ROWS))
        return last

    async def last(self, ctx: Context, side: Side) -> dict[str, str | None]:
        """What a step tells that pauses or unpauses that side: `at`, by the servers' clock; `last`, its last tick.

        Both ISO. `last` is left out of a DAG without ticks, and None where that side has had none.
        """
        now = {"at": ctx.clock.now().isoformat()}
        if isinstance(await self.kind(ctx), SwitchPlan):
            return {**now}
        tick = await self._boundary(ctx, side)
        return {**now, "last": tick.moment.isoformat() if tick is not None else None}

    async def before_it_runs(self, ctx: Context, side: Side) -> dict[str, Any]:
        """What a step tells that unpauses that side: `last`, and which runs a drain of ours caught half-way."""
        halted = [run.run_id for run in await self.unfinished(ctx, side) if run.state == "running"]
        return {**await self.last(ctx, side), **({HALTED: halted} if halted else {})}

    def _step(self, ctx: Context, way: str, step: str) -> Standing:
        """Where a step of this DAG stands in the journal."""
        return ctx.standing(f"{way}/{self.wave}/{self.dag_id}/{step}") or Standing("note")

    def was_let_run(self, ctx: Context, side: Side) -> bool:
        """Whether the journal says that this cutover, or its way back, has (or may have) unpaused that side."""
        step = self._step(ctx, "cutover" if side == "target" else "rollback", f"unpause-{side}")
        return let_run(step, self._step(ctx, "cutover", "record"))

    def was_drained(self, ctx: Context) -> bool:
        """Whether the journal says that this cutover has (or may have) paused the source."""
        drain = self._step(ctx, "cutover", "drain-source")
        return max(drain.begun, drain.ended) > self._step(ctx, "cutover", "record").ended

    def between(self, ctx: Context) -> Between:
        """What its moves have left between the two sides, by the journal."""
        return between(ctx.lines(*self._places()))

    def listed(self, ctx: Context) -> frozenset[datetime]:
        """Ticks between the sides that were only listed, by the journal."""
        return listed_by(self._gaps(ctx))

    def crowded(self, ctx: Context) -> frozenset[datetime]:
        """Those of `listed` for which there was no room beside what was run on purpose."""
        return frozenset(moment for gap in self._gaps(ctx) for moment in _moments(gap, CROWDED))

    def _gaps(self, ctx: Context) -> list[Entry]:
        return gaps_in(ctx.lines(*self._places()))

    def _places(self) -> list[str]:
        return [f"{way}/{self.wave}/{self.dag_id}" for way in ("cutover", "rollback")]

    async def unfinished(self, ctx: Context, side: Side) -> tuple[Run, ...]:
        """That side's queued and running runs, but for those frozen on purpose.

        What somebody queued by hand on a target that was never unpaused is left out too: it waits there for ever.
        """
        active = unfinished(await (await self.airflow(ctx, side)).active_runs(self.dag_id))
        left = self.between(ctx).frozen(side)
        if side == "target" and not self.was_let_run(ctx, "target"):
            left |= {run.run_id for run in active if run.state == "queued" and not is_of_a_tick(run)}
        return tuple(run for run in active if run.run_id not in left)

    async def rows(self, ctx: Context, side: Side, after: datetime | None) -> tuple[Run, ...]:
        """That side's rows of ticks due after `after` (all where None), newest first.

        Airflow 2 cuts by logical date, which lies one interval before the tick, so a row more is read and left out.
        """
        airflow = await self.airflow(ctx, side)
        since = None
        if after is not None:
            since = (await self.plan(ctx)).ticks.at_or_before(after)
        runs = await airflow.runs(self.dag_id, limit=ALL_ROWS, since=since)
        return tuple(run for run in runs if (tick := tick_of(run)) is not None and (after is None or tick > after))

    async def ran_itself(self, ctx: Context, side: Side, after: datetime | None) -> tuple[Run, ...]:
        """Those of `rows` that this side ran or is to run: no markers, and on the target no history of the source."""
        rows = tuple(run for run in await self.rows(ctx, side, after) if not is_marker(run))
        if side == "source" or not rows:
            return rows
        history = copied(rows, await self.rows(ctx, "source", after))
        return tuple(run for run in rows if run.run_id not in history)

    async def row_of(self, ctx: Context, side: Side, tick: Tick) -> Run | None:
        """That side's row of that tick, whoever made it."""
        before = (await self.plan(ctx)).ticks.before(tick.moment)
        return rows_by_tick(await self.rows(ctx, side, before)).get(tick.moment)

    async def newest(self, ctx: Context, side: Side, marked: Tick) -> Tick:
        """The newest tick that has a row on that side: the marker's, or one that ran or is to run after it."""
        rows = await self.rows(ctx, side, (await self.plan(ctx)).ticks.before(marked.moment))
        return max(boundary(rows) or marked, marked)

    def judged(self, seen: Observation, drained: Side) -> Observation:
        """`seen`, where a doubt is only what is still to be done as long as that side was not drained (a dry run)."""
        if seen.state == "doubt" and drained not in self.drained:
            return Observation("todo", seen.why, seen.facts)
        return seen

    def was_active(self, ctx: Context) -> bool:
        """Whether the DAG was running on the source before we came: by the journal, else by the inventory."""
        if self.standing is not None:
            return not self.standing.source_paused
        dag = ctx.inventory.dag(self.dag_id)
        return dag is not None and not dag.is_paused


def gaps_in(lines: Iterable[Entry]) -> list[Entry]:
    """Those of a DAG's lines that say what fell between its sides, each time that it moved."""
    return [line for line in lines if line.action.rpartition("/")[2] in GAPS and line.event in FINISHED]


def listed_by(gaps: Iterable[Entry]) -> frozenset[datetime]:
    """The ticks between the sides that these lines (of `gaps_in`) list, and that were not run.

    All, as the plan had it then, or those for which there was no room beside the others.
    """
    return frozenset(
        moment
        for gap in gaps
        for moment in (*_moments(gap, CROWDED), *(() if gap.facts.get("run") else _moments(gap, "missed")))
    )


def _moments(gap: Entry, fact: str) -> list[datetime]:
    return [datetime.fromisoformat(tick) for tick in gap.facts.get(fact) or ()]
