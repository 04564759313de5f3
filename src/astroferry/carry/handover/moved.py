"""Whether a DAG has moved before: by another wave, or by a cutover that this journal knows nothing of.

The journal may be lost, left on another machine, or its wave renamed. Then both sides look like before a cutover,
but for the rows: paused on the source, and the target has gone on behind the source's last run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan
from astroferry.advice.schedule import copied, is_marker, rows_by_tick
from astroferry.errors import RemoteError
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.inventory import Dag

MOST = 3


async def must_not_have_moved(ctx: Context, handover: Handover, source: Dag, target: Dag, *, known: bool) -> None:
    """RemoteError where the DAG has moved already; the sides are as shown before this cutover touched anything.

    `known`: this journal has a handover of it that is over, so that markers of it are no riddle.
    """
    dag_id, there = handover.dag_id, handover.deployment
    if (wave := ctx.moved("").get(dag_id)) is not None:
        raise RemoteError(
            f'The DAG "{dag_id}" was handed over by the wave "{wave}", and the source does not run it any more.',
            hint=f'Name it in the wave "{wave}" again (a wave that was renamed: by its former name), or give it back '
            "first: astroferry rollback.",
        )
    if not source.is_paused:
        if not target.is_paused:
            raise RemoteError(
                f'The DAG "{dag_id}" is already unpaused on the Deployment "{there}".',
                hint="Pause it there, compare its runs with the source's, delete them there, then run the same "
                "command again.",
            )
        return
    if not target.is_paused:
        raise RemoteError(
            f'The DAG "{dag_id}" runs on the Deployment "{there}" and is paused on the source: it has moved already.',
            hint="Leave it so, and put the journal of the cutover that moved it beside the plan; without one, take "
            "it out of the plan's waves. Where it was unpaused there by mistake: pause it there, delete what it ran "
            "there, then run the same command again.",
        )
    if ran := await _went_on(ctx, handover, known=known):
        raise RemoteError(
            f'The DAG "{dag_id}" is paused on both sides, and on the Deployment "{there}" it has gone on behind the '
            f"source's last run ({names(ran, MOST)}): a cutover moved it that is not in this journal.",
            hint="Put that cutover's journal beside the plan and run the same command again. Without it: unpause the "
            "DAG there, where it goes on after its last run, and take it out of the plan's waves. Only where those "
            "runs were tests: delete them there, then run the same command again.",
        )


async def _went_on(ctx: Context, handover: Handover, *, known: bool) -> list[str]:
    """The rows that only a cutover explains: its ticks and markers (ISO), or run ids where it has no ticks."""
    kind = await handover.kind(ctx)
    if isinstance(kind, SwitchPlan):
        return [] if known or kind.kind == "none" else await _ran_since(ctx, handover)
    last = await handover.boundary(ctx, "source")
    source = rows_by_tick(await handover.rows(ctx, "source", None)) if last is not None else {}
    own = {run.run_id for run in await handover.ran_itself(ctx, "target", None)}
    return [
        moment.isoformat()
        for moment, run in sorted(rows_by_tick(await handover.rows(ctx, "target", None)).items())
        if (run.run_id in own or (is_marker(run) and not known))
        and (last is None or moment >= last.moment)
        # A marker on the source says that it was given back.
        and not (moment in source and is_marker(source[moment]))
    ]


async def _ran_since(ctx: Context, handover: Handover) -> list[str]:
    """What the target has run by itself since the source's last run began: run ids."""
    runs = await ctx.source.runs(handover.dag_id)
    last = max((run.start_date for run in runs if run.start_date is not None), default=None)
    rows = await (await handover.airflow(ctx, "target")).runs(handover.dag_id)
    history = copied(rows, runs)
    return sorted(
        run.run_id
        for run in rows
        if run.run_type != "manual"
        and run.run_id not in history
        and run.start_date is not None
        and (last is None or run.start_date > last)
    )
