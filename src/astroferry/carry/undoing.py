"""Undoing what was carried out: the last first, and only what the journal says that we made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.action import Observation
from astroferry.carry.runner import Report, Step, ends_the_run, in_order, nothing
from astroferry.errors import AstroferryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from astroferry.carry.action import Action
    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal


async def undo(
    actions: Iterable[Action],
    ctx: Context,
    journal: Journal,
    *,
    done: frozenset[str] = frozenset(),
    follow: Callable[[Step, int, int], None] = nothing,
) -> Report:
    """Undo what the journal says we did, in reverse order; what was there before us is left alone."""
    standings = journal.standing()
    ours = [
        action
        for action in reversed(in_order(list(actions), done=done))
        if (standing := standings.get(action.info.id)) is not None and standing.ours
    ]
    report = Report()
    for number, action in enumerate(ours, 1):
        step = await _undo_one(action, ctx, journal)
        report.steps.append(step)
        follow(step, number, len(ours))
    return report


async def _undo_one(action: Action, ctx: Context, journal: Journal) -> Step:
    info = action.info
    standing = journal.standing()[info.id]
    if info.undo == "irreversible":
        return Step(info, "failed", info.undo_note or "this cannot be undone")
    before = Observation("todo", facts=standing.before.get("observed", {}))
    made = standing.made
    try:
        if standing.event == "begin" and (seen := await action.observe(ctx)).state == "done":
            # Killed between making it and journalling what was made.
            made = journal.write(info.id, "applied", facts=seen.facts).facts
        journal.write(info.id, "undo-begin")
        said = await action.undo(ctx, before, made)
    except AstroferryError as error:
        if ends_the_run(error):
            raise
        return Step(info, "failed", str(error))
    journal.write(info.id, "undone", why=said)
    return Step(info, "undone", said)
