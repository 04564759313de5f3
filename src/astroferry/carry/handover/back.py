"""Giving a DAG back to an Airflow 2 source: what the target has run must not run there again.

Airflow 2 has no backfill in its API, it reserves the ids `scheduled__...` and `backfill__...` (400), and a manual run
does not move what it counts from. But its scheduler makes no run where a row of that logical date exists, whoever
made it: it skips on to the next. So every tick that the target has run gets a manual run with that logical date and
data interval on the paused source, set to success before it could start. Tried on 2.11.2 on 2026-11-22 with catchup
on and off: after unpausing, every tick but those came once, and nothing of the marked ones ran. But with catchup on
each parse of the file goes back to the first marked tick, and each round of the scheduler (about a second) passes
one: 41 markers were not passed with a parse interval of 5 s. So more than `passable` are not left to luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.schedule import is_marker, rows_by_tick, unfinished
from astroferry.carry.action import Observation
from astroferry.errors import ConflictError, RemoteError
from astroferry.model.cutover import MARKER_NOTE, MARKER_PREFIX

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.inventory import Dag, Inventory


PARSE_INTERVAL = 30
"""seconds; Airflow 2's default of scheduler.min_file_process_interval"""


def passable(inventory: Inventory) -> int:
    """How many marked ticks the source's scheduler can pass between two parses of the file, with some room."""
    shown = inventory.config.get("scheduler", {}).get("min_file_process_interval", "")
    interval = int(shown) if shown.isdigit() else PARSE_INTERVAL
    return max(5, interval * 2 // 3)


@dataclass
class HandBack:
    """Mark on the paused source each tick that the target has run. Facts: `marked` (ticks, ISO)."""

    handover: Handover

    @property
    def info(self) -> ActionInfo:
        """The step between the two sides, on the way back."""
        return self.handover.info(
            "mark-source",
            f"Mark on the source what the target has run of {self.handover.dag_id}",
            way="rollback",
            after="drain-target",
            undo="compensate",
            note="The rows stay in the source's history; they only keep it from running those ticks again.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where every tick the target ran has a finished row on the source."""
        return self.handover.judged(await self._look(ctx), "target")

    async def _look(self, ctx: Context) -> Observation:
        source, target = await self.handover.dag(ctx, "source"), await self.handover.dag(ctx, "target")
        todo = await self._todo(ctx)
        facts: Facts = {"todo": [tick.isoformat() for tick in todo]}
        if todo and not source.is_paused:
            return Observation(
                "doubt",
                f'"{source.dag_id}" runs on the source, where {len(todo)} ticks that the target ran are not marked; '
                "pause it and see which of them it has repeated.",
                facts,
            )
        if not target.is_paused:
            return Observation("doubt", f'"{target.dag_id}" is not paused on the target; drain it first.', facts)
        if not todo and source.is_paused and (stuck := await self._stuck(ctx, source)):
            return Observation("doubt", stuck, facts)
        return Observation("todo" if todo else "done", facts=facts)

    async def apply(self, ctx: Context) -> Facts:
        """Mark them, oldest first; raises RemoteError where one side is not quiet."""
        seen = await self._look(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        dag_id = self.handover.dag_id
        todo = await self._todo(ctx)
        ticks = (await self.handover.plan(ctx)).ticks
        for moment in todo:
            tick = ticks.after(ticks.before(moment))
            if tick is None or tick.moment != moment:
                raise RemoteError(
                    f'The target ran "{dag_id}" at {moment.isoformat()}, which the source\'s schedule does not have.',
                    hint="The schedule was changed on the target; the source keeps its own, so nothing was unpaused.",
                )
            run_id = f"{MARKER_PREFIX}{moment.isoformat()}"
            note = f"{MARKER_NOTE}: {self.handover.deployment} on Astro ran this tick; nothing ran here."
            try:
                await ctx.source.trigger(
                    dag_id,
                    run_id=run_id,
                    logical_date=tick.logical_date(),
                    data_interval=tick.data_interval(),
                    note=note,
                )
            except ConflictError:
                # Made before a crash; then its state is set now. A row under another id is somebody else's.
                if await ctx.source.run(dag_id, run_id) is None:
                    raise
            await ctx.source.set_run_state(dag_id, run_id, "success")
        ctx.tell(f"{dag_id}: {len(todo)} ticks that the target ran are marked on the source")
        if stuck := await self._stuck(ctx, await self.handover.dag(ctx, "source")):
            raise RemoteError(stuck)
        return {"marked": [moment.isoformat() for moment in todo]}

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """The rows stay: they say what is true."""
        del ctx, before
        return f"{len(facts.get('marked') or ())} markers of {self.handover.dag_id} stay in the source's history."

    async def _stuck(self, ctx: Context, source: Dag) -> str:
        """Why the source's scheduler would not get past the markers; empty where it will."""
        if source.next_run_after is None:
            return ""
        before = (await self.handover.plan(ctx)).ticks.before(source.next_run_after)
        ahead = [run for run in await self.handover.rows(ctx, "source", before) if is_marker(run)]
        if len(ahead) <= passable(ctx.inventory):
            return ""
        last = max(run.data_interval_end for run in ahead if run.data_interval_end is not None)
        return (
            f'The target ran {len(ahead)} ticks of "{source.dag_id}"; they are marked on the source, but its '
            f"scheduler would not get past so many. Set start_date={last.isoformat()} in the DAG's code there, "
            "wait until its next run is shown after that, then run the same command again."
        )

    async def _todo(self, ctx: Context) -> list[datetime]:
        """Ticks that the target ran and the source has no finished row of, oldest first."""
        target = rows_by_tick(await self.handover.rows(ctx, "target", None))
        if not target:
            return []
        before = (await self.handover.plan(ctx)).ticks.before(min(target))
        source = rows_by_tick(await self.handover.rows(ctx, "source", before))
        return sorted(
            moment
            for moment, run in target.items()
            if not is_marker(run)
            and (moment not in source or (is_marker(source[moment]) and unfinished([source[moment]])))
        )
