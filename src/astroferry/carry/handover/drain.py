"""Pausing a DAG without freezing a run half-way: wait until nothing runs, pause, look again.

Airflow stops scheduling the remaining tasks of running runs when their DAG is paused (2.10.5 and 3.3.2), so
"pause, then wait" would leave runs in the middle. A queued run of a paused DAG never starts.

Where the other side runs the DAG already, so that every run here is one too many (somebody unpaused it by hand), it
is paused at once and never unpaused to let a run finish.

A DAG whose runs overlap, or that runs continuously, may never be idle. It is then left as it was, unless the plan
says to freeze it: it is paused as it runs, and what its tasks are doing is waited for. Tried on 2.11.2 and 3.3.2 on
2026-11-25: a queued or running task of a paused DAG goes on to its end, the next one is never started, and the run
stays "running". A run all of whose tasks have ended well is then set to success; any other is named, and stays as it
is until the DAG is unpaused on that side again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan
from astroferry.carry.action import Observation
from astroferry.carry.handover.arriving import Arriving
from astroferry.carry.handover.back import HandBack
from astroferry.carry.handover.between import HALTED
from astroferry.carry.handover.freeze import frozen_runs
from astroferry.carry.handover.halfmade import finish, is_half_made
from astroferry.errors import RemoteError
from astroferry.model.cutover import GAP_PREFIX, opposite
from astroferry.model.drain import DrainSample
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Run

LOOKS_AFTER_PAUSE = 2
"""A scheduler that had begun its round before the pause may still add a run after it (SQLite takes no row lock), so
we look at once and again one `poll` later."""


@dataclass
class DrainAndPause:
    """Wait for a moment with no queued or running run, pause, look again; if a run slipped in, start over.

    On the source for a cutover, on the target for a rollback. Facts: `was_paused`, `waited` (seconds), `slipped`
    (how often a run slipped in); `last` (tick, ISO); `since` (tick, ISO) where it was let go on after a pause of its
    own; `frozen` (run ids), `stood` (since when, ISO) and `ended` where the plan says to freeze what never ends. On
    the line that begins it, `halted` (run ids) and `last` where an earlier try of ours paused it with these half-way.
    """

    handover: Handover
    side: Side = "source"
    way: str = "cutover"
    after: str = "record"

    @property
    def info(self) -> ActionInfo:
        """The step that stops one side."""
        return self.handover.info(
            f"drain-{self.side}",
            f"Drain {self.handover.dag_id} and pause it on the {self.side}",
            way=self.way,
            after=self.after,
            note=f"It is unpaused on the {self.side} again, if it was active and the other side is paused.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where it is paused with nothing unfinished; doubt where somebody else left it frozen half-way.

        Todo also where it was switched on since its last drain, and somebody has paused it by hand: then the journal
        has yet to be told what it had run.
        """
        seen = await self._look(ctx)
        told = ctx.standing(self.info.id)
        by_hand = told is not None and told.event in {"done", "found"} and not self._is_drained(ctx)
        return Observation("todo", "it was paused by hand", seen.facts) if by_hand and seen.state == "done" else seen

    def _is_drained(self, ctx: Context) -> bool:
        return self.side in self.handover.between(ctx).drained

    async def _look(self, ctx: Context) -> Observation:
        """`observe`, whatever the journal was told."""
        dag = await self.handover.dag(ctx, self.side)
        active = await self.handover.unfinished(ctx, self.side)
        now = ctx.clock.now().isoformat()
        facts: Facts = {"was_paused": dag.is_paused, "unfinished": len(active), "at": now}
        if dag.is_paused and not active:
            self.handover.drained.add(self.side)
            return Observation(
                "done", facts=facts | self._stand_still(ctx) | await self.handover.last(ctx, self.side)
            )
        if not dag.is_paused:
            facts |= await self.handover.last(ctx, self.side)
        if not active:
            return Observation("todo", facts=facts)
        half_made = any(is_half_made(run) for run in active)
        if dag.is_paused and not half_made and not self._may_unpause(ctx):
            return Observation("doubt", self._not_ours(active), facts)
        if dag.is_paused and self._may_unpause(ctx) and not await self._runs_elsewhere(ctx):
            facts |= {HALTED: [run.run_id for run in active], **await self.handover.last(ctx, self.side)}
        why = "a marker on it is half made" if half_made else f"not finished: {several(len(active), 'run')}"
        return Observation("todo", why, facts)

    def _stand_still(self, ctx: Context) -> Facts:
        """The runs that stand half-way there, by the plan's choice, and since when the last of them does."""
        stood = self.handover.between(ctx).stood.get(self.side, {})
        since = {run_id: spans[-1][0].isoformat() for run_id, spans in stood.items() if spans[-1][1] is None}
        return {"frozen": list(since), "stood": max(since.values(), default=None)}

    def _may_unpause(self, ctx: Context) -> bool:
        """Whether it was running on that side before we paused it there, so that its runs may be let finish."""
        if self.side == "source":
            return self.handover.was_active(ctx)
        return self.handover.was_let_run(ctx, "target")

    def _not_ours(self, active: Sequence[Run]) -> str:
        ids = ", ".join(run.run_id for run in active[:3])
        return (
            f'"{self.handover.dag_id}" is paused on the {self.side}, and not by us, with '
            f"{several(len(active), 'unfinished run')}; let what is unfinished end there or mark it failed ({ids}), "
            "then run the same command again."
        )

    async def apply(self, ctx: Context) -> Facts:
        """Drain; raises RemoteError when `drain_timeout` has passed, with the DAG left as it was found: unpaused."""
        airflow = await self.handover.airflow(ctx, self.side)
        dag_id = self.handover.dag_id
        begun = ctx.clock.now()
        deadline = begun + timedelta(seconds=ctx.plan.cutover.drain_timeout)
        was_paused = (await airflow.dag(dag_id)).is_paused
        await self._see_that_there_is_a_way_back(ctx, was_paused=was_paused)
        if (ended := await self._found_paused(ctx) if was_paused else None) is not None:
            return {"was_paused": was_paused, **ended}
        if await self._runs_elsewhere(ctx):
            return {"was_paused": was_paused, **await self._freeze(ctx, airflow, let_go=False)}
        if was_paused:
            # A crash of ours came between a pause and the look after it: those runs must finish before we go on. Once
            # unpaused its scheduler makes the latest run alone; what fell since the pause is owed by the line before.
            await airflow.set_paused(dag_id, False)
        slipped = 0
        owed: Facts = {}
        while True:
            arriving = Arriving(self.handover, self.side)
            while (active := await self.handover.unfinished(ctx, self.side)) or await arriving.is_near(ctx):
                ctx.drained(DrainSample(ctx.clock.now(), dag_id, self.side, len(active)))
                if await self._may_freeze(ctx, active, late=ctx.clock.now() >= deadline):
                    return {"was_paused": was_paused, **await self._freeze(ctx, airflow), **owed}
                if ctx.clock.now() >= deadline:
                    raise RemoteError(
                        f'The DAG "{dag_id}" on the {self.side} still had {several(len(active), "unfinished run")} '
                        f"after {ctx.plan.cutover.drain_timeout} s; it was left running as it was.",
                        hint="Raise cutover.drain_timeout in the plan, choose a quieter hour, or name the DAG under "
                        "cutover.freeze.",
                    )
                ctx.tell(f"{dag_id}: waiting for {several(len(active), 'run')} on the {self.side}")
                with ctx.aside():
                    await ctx.clock.sleep(ctx.plan.cutover.poll)
            ctx.drained(DrainSample(ctx.clock.now(), dag_id, self.side, 0))
            await airflow.set_paused(dag_id, True)
            if not await self._slipped_in(ctx, arriving):
                ctx.tell(f"{dag_id}: paused on the {self.side}, nothing is running there")
                waited = (ctx.clock.now() - begun).total_seconds()
                return {
                    "was_paused": was_paused,
                    "waited": round(waited, 1),
                    "slipped": slipped,
                    "frozen": [],
                    **await self.handover.last(ctx, self.side),
                    **owed,
                }
            slipped += 1
            owed = owed or {"since": (await self.handover.last(ctx, self.side)).get("last")}
            ctx.tell(f"{dag_id}: a run slipped in while pausing on the {self.side}; letting it finish")
            await airflow.set_paused(dag_id, False)

    async def _see_that_there_is_a_way_back(self, ctx: Context, *, was_paused: bool) -> None:
        """RemoteError where the source could not take back what a running target has run; it is not paused then."""
        if self.side == "source" or was_paused or isinstance(await self.handover.kind(ctx), SwitchPlan):
            return
        if why := await HandBack(self.handover).no_way_back(ctx):
            raise RemoteError(why)

    async def _found_paused(self, ctx: Context) -> Facts | None:
        """Clear away what an earlier try left queued; facts where nothing is unfinished then.

        RemoteError where what is unfinished is not ours to let loose.
        """
        withdraw = self.side == "target" and not self._may_unpause(ctx)
        await finish(ctx, self.handover, self.side, withdraw=withdraw)
        seen = await self._look(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        return seen.facts if seen.state == "done" else None

    async def _may_freeze(self, ctx: Context, active: Sequence[Run], *, late: bool) -> bool:
        """Whether it is paused as it runs: at once where the plan names it or it would never end, else late.

        What is run on purpose ends first: a backfill that is left open there takes no marker on the way back.
        """
        cutover = ctx.plan.cutover
        if not late and any(run.run_type == "backfill" or run.run_id.startswith(GAP_PREFIX) for run in active):
            return False
        if self.handover.dag_id in cutover.freeze:
            return True
        kind = await self.handover.kind(ctx)
        endless = isinstance(kind, SwitchPlan) and kind.kind == "continuous"
        return cutover.never_idle == "freeze" and (late or endless)

    async def _runs_elsewhere(self, ctx: Context) -> bool:
        """Whether the other side is switched on: the cutover (or the way back) had come that far before."""
        return self.handover.was_active(ctx) and not (await self.handover.dag(ctx, opposite(self.side))).is_paused

    async def _freeze(self, ctx: Context, airflow: Airflow, *, let_go: bool = True) -> Facts:
        """Pause it as it runs and let its tasks end; RemoteError where they do not, unpaused again if `let_go`."""
        dag_id = self.handover.dag_id
        await airflow.set_paused(dag_id, True)
        ctx.tell(f"{dag_id}: paused on the {self.side} while it runs; waiting for its tasks")
        try:
            then = "it was unpaused again" if let_go else "it stays paused, since the other side runs it"
            ended, frozen = await frozen_runs(ctx, airflow, dag_id, then=then)
        except RemoteError:
            if let_go:
                await airflow.set_paused(dag_id, False)
            raise
        for run_id, left in frozen.items():
            ctx.tell(f"{dag_id}: {run_id} stands on the {self.side} with {', '.join(left)} not run")
        not_run = {run: list(tasks) for run, tasks in frozen.items()}
        stood = ctx.clock.now().isoformat()
        return {
            "frozen": list(frozen),
            "stood": stood,
            "ended": ended,
            "left": not_run,
            **await self.handover.last(ctx, self.side),
        }

    async def _slipped_in(self, ctx: Context, arriving: Arriving) -> bool:
        for look in range(LOOKS_AFTER_PAUSE):
            if look:
                await ctx.clock.sleep(ctx.plan.cutover.poll)
            if await self.handover.unfinished(ctx, self.side) or await arriving.is_near(ctx):
                return True
        return False

    async def verify(self, ctx: Context) -> Observation:
        """Paused, and nothing unfinished."""
        return await self._look(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Unpause it again where it was active and the other side is paused; never let both sides run."""
        dag_id = self.handover.dag_id
        if before.facts.get("was_paused", facts.get("was_paused")):
            return f"{dag_id} stays paused on the {self.side}, as it was."
        other = opposite(self.side)
        if not (await self.handover.dag(ctx, other)).is_paused:
            return f"{dag_id} stays paused on the {self.side}, because the {other} runs it; use rollback."
        await (await self.handover.airflow(ctx, self.side)).set_paused(dag_id, False)
        return f"{dag_id} is unpaused on the {self.side} again."
