"""Putting a wave back while nobody sits beside: tried again until both ends let us, for a night if need be.

A night that ends with DAGs switched off on both sides is the worst of all ends. So a refused credential, of one DAG
or of all, ends nothing, and an end that is away is waited for. Where the target cannot be asked, the DAGs that were
never switched on there are switched on again on the source at once: by the journal they are paused on the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import boundary
from astroferry.carry.action import ActionInfo, Observation
from astroferry.carry.handover.begun import to_give_back
from astroferry.carry.handover.ends import FIRST_ROWS
from astroferry.carry.handover.wave import hand_over, standings_of
from astroferry.carry.handover.whereabouts import let_run, place_of
from astroferry.carry.runner import Report, carry_out, ends_the_run, nothing
from astroferry.errors import AstroferryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.carry.action import Facts
    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step
    from astroferry.model.cutover import DagStanding

PATIENCE = timedelta(hours=12)
PAUSE = 60.0
"""seconds between two tries"""
_MOVING = frozenset({"record", "drain-source", "mark", "unpause-target"})
"""steps that begin a DAG's cutover or move it from side to side"""


async def put_back(way: Opened, wave: str, follow: Callable[[Step, int, int], None] = nothing) -> Report:
    """Give all that this window has begun back to the source; what the last try came to.

    What a cutover before it has handed over is no part of tonight's change, and stays where it runs; what it has left
    between the sides runs nowhere, and goes back too. What the source was let run again is gone through as well:
    ticks may be owed that fell between while the target was away.

    Raises what ended the last try, where neither end could be asked for `PATIENCE`.
    """
    lines, begun = way.journal.standing(), standings_of(way.journal, wave).items()
    nowhere = {dag_id for dag_id, _ in begun if place_of(lines, wave, dag_id) in {"neither", "in doubt"}}
    mine = begun_in_window(way.journal, wave) | nowhere
    standings = {dag_id: standing for dag_id, standing in begun if dag_id in mine}
    until = way.ctx.clock.now() + PATIENCE
    while True:
        report, ended = Report(), None
        try:
            actions = await to_give_back(way, wave, standings=standings)
            report = await hand_over(actions, way.ctx, way.journal, follow=follow, alone=True)
        except AstroferryError as error:
            if not ends_the_run(error):
                raise
            ended = error
        denied = [step for step in report.failed if step.denied]
        if ended is None and not denied:
            return report
        await _start_untouched(way, wave, standings)
        if way.ctx.clock.now() >= until:
            if ended is not None:
                raise ended
            return report
        why = ended.message if ended is not None else denied[0].why
        way.ctx.tell(f"not everything is back yet: {why} Trying again every {PAUSE:g} s.")
        await way.ctx.clock.sleep(PAUSE)


def begun_in_window(journal: Journal, wave: str) -> frozenset[str]:
    """The DAGs of which a step between the sides was begun since the wave's window opened, by the journal's lines.

    A window that was interrupted, or could not put everything back, is still open when the next one begins.
    """
    opened, found = False, set[str]()
    for entry in journal.entries:
        parts = entry.action.split("/")
        if parts == ["window", wave]:
            opened = entry.event not in {"done", "undone"}
        elif parts == ["wave", wave]:
            opened = False
        elif opened and entry.event == "begin" and parts[:2] == ["cutover", wave] and parts[-1] in _MOVING:
            found.add(parts[2])
        if not opened:
            found.clear()
    return frozenset(found)


async def _start_untouched(way: Opened, wave: str, standings: dict[str, DagStanding]) -> None:
    """Switch on again on the source what was active there and was never switched on on the target."""
    lines = way.journal.standing()
    actions = [
        StartUntouched(dag_id, wave)
        for dag_id, standing in standings.items()
        if not standing.source_paused
        and not let_run(
            lines.get(f"cutover/{wave}/{dag_id}/unpause-target"), lines.get(f"cutover/{wave}/{dag_id}/record")
        )
    ]
    try:
        await carry_out(actions, way.ctx, way.journal, alone=True)
    except AstroferryError as error:
        way.ctx.tell(error.message)


@dataclass
class StartUntouched:
    """Unpause a DAG on the source without asking the target."""

    dag_id: str
    wave: str

    @property
    def info(self) -> ActionInfo:
        """A step beside those of a rollback, which follow when the target answers."""
        return ActionInfo(
            id=f"rollback/{self.wave}/{self.dag_id}/start-untouched-source",
            title=f"Unpause {self.dag_id} on the source, which was never unpaused on the target",
            stage="rollback",
            wave=self.wave,
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where it runs on the source."""
        if not (await ctx.source.dag(self.dag_id)).is_paused:
            return Observation("done", facts={"was_paused": False})
        last = boundary(await ctx.source.runs(self.dag_id, limit=FIRST_ROWS))
        facts = {
            "was_paused": True,
            "at": ctx.clock.now().isoformat(),
            "last": last.moment.isoformat() if last else None,
        }
        return Observation("todo", facts=facts)

    async def apply(self, ctx: Context) -> Facts:
        """Unpause it there."""
        await ctx.source.set_paused(self.dag_id, False)
        ctx.tell(f"{self.dag_id}: unpaused on the source again; it was never unpaused on the target")
        return {"unpaused": True, "at": ctx.clock.now().isoformat()}

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the source."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """A cutover begins anew."""
        del ctx, before, facts
        return f"{self.dag_id} is left as it is; run cutover again."
