"""Leaving one side running: a DAG whose handover ends between the sides goes on where it ran, at once.

Between the pause on one side and the unpausing on the other neither side runs the DAG. A step that fails there, one
that another DAG's failure holds back, a stop, or a signal must not leave it so until somebody comes: where the other
side has not run anything, the source goes on (cutover) or the target does (rollback).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.kinds import MarkerPlan
from astroferry.carry.action import Observation
from astroferry.carry.handover.airflow3 import fill
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.halfmade import finish
from astroferry.carry.handover.whereabouts import FINISHED, OWED, is_half_let, let_run, may_stand_still
from astroferry.carry.runner import ends_the_run
from astroferry.errors import AstroferryError, RemoteError
from astroferry.model.cutover import opposite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.advice.ticks import Tick
    from astroferry.carry.action import Action, ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.carry.handover.whereabouts import Way
    from astroferry.carry.journal import Standing
    from astroferry.model.cutover import Side

SHORTLY = 10.0
"""seconds that one who is hurried waits for a side to show what comes next"""


@dataclass
class LetGoOn:
    """Unpause a DAG on `side` again, where it ran before a cutover (source) or rollback (target) that did not end.

    Facts: `unpaused` (bool), `at` (ISO time), `owed` (bool): what fell between is still to be run there; those of
    `gap.RunGap` where it was run, or listed.
    """

    handover: Handover
    side: Side = "source"
    hurried: bool = False
    """somebody ends the process, and does not wait long"""

    @property
    def info(self) -> ActionInfo:
        """A step that only a handover has which did not come to its end."""
        return self.handover.info(
            f"let-{self.side}-run",
            f"Let the {self.side} go on with {self.handover.dag_id}",
            way=self._way,
            undo="irreversible",
            note=f"The next {self._way} drains it again.",
        )

    @property
    def _way(self) -> Way:
        return "cutover" if self.side == "source" else "rollback"

    async def observe(self, ctx: Context) -> Observation:
        """Done where that side runs it, or it was not active; doubt where the other runs it or may have done so."""
        dag_id, other = self.handover.dag_id, opposite(self.side)
        if not self.handover.was_active(ctx):
            return Observation("done", f"{dag_id} was paused on the source, so it stays paused", {"unpaused": False})
        if not (await self.handover.dag(ctx, self.side)).is_paused:
            owed = await self._owed(ctx)
            if owed is not None and owed.state != "done":
                return Observation("todo", f"the {self.side} runs it, and what fell between is not run yet")
            fell = owed.facts if owed is not None else {}
            return Observation("done", f"the {self.side} runs it", {"unpaused": True, **fell})
        if self.handover.was_let_run(ctx, other) or not await self._is_paused_or_away(ctx, other):
            return Observation(
                "doubt",
                f'The {other} may have run "{dag_id}", so the {self.side} does not go on by itself. See that it is '
                "paused there, then run cutover or rollback.",
            )
        return Observation("todo", facts=await self.handover.before_it_runs(ctx, self.side))

    async def _is_paused_or_away(self, ctx: Context, side: Side) -> bool:
        """Whether that side is paused; where it cannot be asked, it is, since the journal says that we paused it."""
        try:
            return (await self.handover.dag(ctx, side)).is_paused
        except AstroferryError as error:
            if not ends_the_run(error):
                raise
            return True

    async def _owed(self, ctx: Context) -> Observation | None:
        """What fell between, where an earlier try unpaused it and did not come so far as to run it; else None."""
        line = ctx.standing(self.info.id)
        paid = line is None or (line.event in FINISHED and not line.made.get(OWED))
        if (paid and self.handover.between(ctx).owed_since is None) or not isinstance(
            await self.handover.kind(ctx), MarkerPlan
        ):
            return None
        return await self._gap.observe(ctx)

    @property
    def _gap(self) -> RunGap:
        return RunGap(self.handover, self.side, way=self._way)

    async def apply(self, ctx: Context) -> Facts:
        """Unpause it, then run there what fell between; what is half made on the other side is cleared away first.

        Where the other side cannot be asked for that, the marker waits there, which does no harm while it is paused;
        and what fell between is run by the next cutover or rollback, before it does anything else.
        """
        seen = await self.observe(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        kind = await self.handover.kind(ctx)
        try:
            if isinstance(kind, MarkerPlan):
                await finish(ctx, self.handover, opposite(self.side), withdraw=True)
        except AstroferryError as error:
            there = await self.handover.airflow(ctx, opposite(self.side))
            if isinstance(kind, MarkerPlan) and kind.fills_first and there.major >= 3:
                # Only there can ticks wait that this side would take for run. Its own failure, and no other DAG's.
                raise RemoteError(
                    f'"{self.handover.dag_id}" does not go on by itself: ticks may wait on the '
                    f"{opposite(self.side)} that were to run first. {error.message}",
                    hint="Run the same command again once it answers.",
                ) from error
        if isinstance(kind, MarkerPlan):
            await self._fill_first(ctx, kind)
        await (await self.handover.airflow(ctx, self.side)).set_paused(self.handover.dag_id, False)
        now = ctx.clock.now().isoformat()
        ctx.tell(f"{self.handover.dag_id}: the {self.side} goes on with it")
        owed = False
        fell: Facts = {}
        try:
            if isinstance(kind, MarkerPlan):
                fell = await self._gap.apply(ctx)
        except AstroferryError as error:
            owed = True
            ctx.tell(f"{self.handover.dag_id}: the next run of this command runs what fell between. {error.message}")
        return {"unpaused": True, "at": now, OWED: owed, **fell}

    async def _fill_first(self, ctx: Context, kind: MarkerPlan) -> None:
        """Start what must not come after a later tick (`MarkerPlan.fills_first`); it goes on whatever comes of it."""
        last = await self.handover.boundary(ctx, self.side)
        paused = (await self.handover.dag(ctx, self.side)).is_paused
        if not kind.fills_first or ctx.plan.cutover.gap == "list" or last is None or not paused:
            return
        try:
            if (await self.handover.airflow(ctx, self.side)).major >= 3:
                await self._fill_until_shown(ctx, last)
            else:
                await self._gap.queue_what_comes_first(ctx)
                if kind.drifts and len(list(kind.ticks.between(last.moment, ctx.clock.now()))) > 1:
                    ctx.tell(
                        f"{self.handover.dag_id}: more than one tick came due while it was paused, so an Airflow 2 "
                        "goes on in another phase; set start_date in its code to the phase that it should have"
                    )
        except AstroferryError as error:
            ctx.tell(f"{self.handover.dag_id}: what fell between could not be started first. {error.message}")

    async def _fill_until_shown(self, ctx: Context, last: Tick) -> None:
        """Run it there on Airflow 3, and wait until what it shows next follows that: else its phase would be lost."""
        ticks = (await self.handover.plan(ctx)).ticks
        deadline = ctx.clock.now() + timedelta(seconds=SHORTLY if self.hurried else ctx.plan.cutover.parse_timeout)
        while ctx.clock.now() < deadline:
            await fill(ctx, self.handover, self.side, last)
            following = ticks.after((await self.handover.newest(ctx, self.side, last)).moment)
            shown = (await self.handover.dag(ctx, self.side)).next_run_after
            if shown == (following.moment if following is not None else None):
                return
            await ctx.clock.sleep(ctx.plan.cutover.poll)

    async def verify(self, ctx: Context) -> Observation:
        """Whether that side runs it; what it owes is told by the facts, since the other side may be away."""
        paused = self.handover.was_active(ctx) and (await self.handover.dag(ctx, self.side)).is_paused
        return Observation("todo" if paused else "done")

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """It goes on as before."""
        del ctx, before, facts
        return f"{self.handover.dag_id} runs on the {self.side}."


def stranded(actions: Sequence[Action], lines: Mapping[str, Standing], *, hurried: bool = False) -> list[LetGoOn]:
    """What lets one side go on with each DAG of these actions that may run on neither, by the journal's `lines`."""
    return [
        LetGoOn(handover, "target" if way == "rollback" and _ran_there(handover, lines) else "source", hurried)
        for handover, way in _ways(actions)
        if may_stand_still(lines, handover.wave, handover.dag_id, way)
    ]


def _ran_there(handover: Handover, lines: Mapping[str, Standing]) -> bool:
    """Whether the target was let run it since its cutover began."""
    begun = f"cutover/{handover.wave}/{handover.dag_id}"
    return let_run(lines.get(f"{begun}/unpause-target"), lines.get(f"{begun}/record"))


def unfinished_lets(actions: Sequence[Action], lines: Mapping[str, Standing]) -> list[LetGoOn]:
    """Those of an earlier run that were killed, or failed, before what fell between was run."""
    return [
        let
        for handover, _ in _ways(actions)
        for let in (LetGoOn(handover, "source"), LetGoOn(handover, "target"))
        if is_half_let(lines, handover.wave, handover.dag_id, let.side)
    ]


def _ways(actions: Sequence[Action]) -> list[tuple[Handover, Way]]:
    """Each DAG of these actions once, and which way it goes."""
    found: dict[str, tuple[Handover, Way]] = {}
    for action in actions:
        handover: Handover | None = getattr(action, "handover", None)
        if handover is not None and action.info.stage in {"cutover", "rollback"}:
            found[handover.dag_id] = handover, "cutover" if action.info.stage == "cutover" else "rollback"
    return list(found.values())
