"""Watching that one side runs alone, and stopping the other where somebody has switched it on again by hand.

Which side is the safe one is never a question then: only the side that is watched has the boundary of the other (its
marker), so only it goes on without running again what has run. The other is paused at once, and what it has run since
the boundary is named.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan
from astroferry.advice.schedule import copied, is_marker, rows_by_tick
from astroferry.carry.action import Observation
from astroferry.errors import RemoteError
from astroferry.model.cutover import opposite
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side

WOKEN = "woken"
"""fact of an observation: the other side was unpaused"""
MOST = 12
"""ticks in doubt that a sentence names"""


class WatchAlone(ABC):
    """The last step of either way: see that `side` runs, and that the other stays paused and quiet.

    Alarm (doubt, or RemoteError while waiting) where it does not. Where the other side was unpaused by hand, it is
    paused again before the alarm.
    """

    handover: Handover
    side: Side
    way: str
    after: str

    @property
    def info(self) -> ActionInfo:
        """The last step of either way."""
        return self.handover.info(
            f"watch-{self.side}",
            self._title(),
            way=self.way,
            after=self.after,
            note="It changes nothing, unless the other side is switched on by hand: then that is paused again.",
        )

    @property
    def _other(self) -> Side:
        return opposite(self.side)

    async def observe(self, ctx: Context) -> Observation:
        """Done where there is nothing left to wait for; todo also where the other side has to be stopped."""
        seen = self.handover.judged(await self._look(ctx), self._other)
        return Observation("todo", seen.why, seen.facts) if seen.facts.get(WOKEN) else seen

    async def _look(self, ctx: Context) -> Observation:
        dag_id = self.handover.dag_id
        if not self.handover.was_active(ctx):
            return Observation("done", f"{dag_id} stays paused, so there is nothing to watch")
        if why := self._nothing_to_watch():
            return Observation("done", why)
        if not (await self.handover.dag(ctx, self._other)).is_paused:
            return Observation("doubt", f'"{dag_id}" was unpaused on the {self._other}.', {WOKEN: True})
        active = await self.handover.unfinished(ctx, self._other)
        if active:
            return Observation(
                "doubt",
                f'"{dag_id}" has {several(len(active), "unfinished run")} on the {self._other}, which is paused: '
                "somebody still starts it there.",
            )
        return await self._seen(ctx)

    async def apply(self, ctx: Context) -> Facts:
        """Wait; raises RemoteError on an alarm."""
        begun = ctx.clock.now()
        while (seen := await self._look(ctx)).state != "done":
            if seen.facts.get(WOKEN):
                raise await stopped(ctx, self.handover, self.side)
            if seen.state == "doubt":
                raise RemoteError(seen.why, hint="The count of ticks at the end of this run shows who ran what.")
            await self._wait(ctx, seen, begun)
        return seen.facts

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the servers."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing was changed."""
        del ctx, before, facts
        return "Nothing was changed by watching."

    @abstractmethod
    def _title(self) -> str:
        """What people read of the step."""

    def _nothing_to_watch(self) -> str:
        """Why there is nothing to wait for; empty where there is."""
        return ""

    @abstractmethod
    async def _seen(self, ctx: Context) -> Observation:
        """How far this side is, the other being quiet."""

    @abstractmethod
    async def _wait(self, ctx: Context, seen: Observation, begun: datetime) -> None:
        """Until the next look; RemoteError where it takes too long."""


async def stopped(ctx: Context, handover: Handover, side: Side) -> RemoteError:
    """Pause the DAG on the side that somebody switched on while `side` runs it; the error that says what is in doubt.

    At once, not drained: what it runs now, `side` runs too.
    """
    other = opposite(side)
    await (await handover.airflow(ctx, other)).set_paused(handover.dag_id, True)
    ctx.tell(f"{handover.dag_id}: paused on the {other} again, where it was unpaused by hand")
    return in_doubt(handover.dag_id, side, await strayed(ctx, handover, side))


def in_doubt(dag_id: str, side: Side, ran: list[str]) -> RemoteError:
    """What is said of a DAG that was unpaused on the other side while `side` ran it; `ran` as `strayed` gives it."""
    other = opposite(side)
    what = (
        f"In doubt is what the {other} ran meanwhile: {names(ran, MOST)}." if ran else "Nothing ran there meanwhile."
    )
    verb = "cutover" if side == "target" else "rollback"
    return RemoteError(
        f'"{dag_id}" was unpaused on the {other} while the {side} runs it. It is paused on the {other} again, and '
        f"the {side} goes on alone. {what}",
        hint=f"Compare both sides' runs of each, delete the {other}'s there, then run {verb} again."
        if ran
        else f"Run {verb} again.",
    )


async def strayed(ctx: Context, handover: Handover, side: Side) -> list[str]:
    """What the other side has run since its boundary: ticks (ISO), or run ids of a DAG without ticks to count."""
    other = opposite(side)
    began = handover.standing.at if handover.standing is not None else None
    if isinstance(await handover.kind(ctx), SwitchPlan):
        way = "cutover" if other == "source" else "rollback"
        drained = ctx.standing(f"{way}/{handover.wave}/{handover.dag_id}/drain-{other}")
        since = (drained.at if drained is not None else None) or began
        runs = await (await handover.airflow(ctx, other)).runs(handover.dag_id)
        history = copied(runs, await ctx.source.runs(handover.dag_id)) if other == "target" else frozenset()
        return sorted(
            run.run_id
            for run in runs
            if run.run_id not in history and (since is None or run.start_date is None or run.start_date > since)
        )
    marker = await newest_marker(ctx, handover, side)
    rows = await handover.ran_itself(ctx, other, marker if marker is not None else began)
    return [moment.isoformat() for moment in sorted(rows_by_tick(rows))]


async def newest_marker(ctx: Context, handover: Handover, side: Side) -> datetime | None:
    """The newest tick that has a marker on that side; None where it has none."""
    rows = rows_by_tick(await handover.rows(ctx, side, None))
    return max((moment for moment, run in rows.items() if is_marker(run)), default=None)


def late(ctx: Context, begun: datetime) -> bool:
    """Whether `parse_timeout` has passed since."""
    return ctx.clock.now() >= begun + timedelta(seconds=ctx.plan.cutover.parse_timeout)
