"""One way of a wave as the faces go it, on Airflows in this process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from astroferry.carry.handover.deployments import moved_to
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, hand_over, standings_of
from astroferry.carry.runner import never

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.carry.handover.two_airflows import World

    from astroferry.carry.journal import Journal
    from astroferry.carry.runner import Report

Way = Literal["cutover", "rollback"]


async def go(here: World, journal: Journal, way: Way, *, stop: Callable[[], bool] = never) -> Report:
    """The wave "one", this way."""
    ctx = here.context()
    ctx.standing, ctx.lines, ctx.moved = journal.standing_of, journal.lines, partial(moved_to, journal)
    if way == "cutover":
        standings = standings_of(journal, "one", given_back=False)
        actions = actions_for_cutover(here.plan, here.inventory, "one", standings)
    else:
        actions = actions_for_rollback(here.plan, here.inventory, "one", standings_of(journal, "one"))
    return await hand_over(actions, ctx, journal, stop=stop)
