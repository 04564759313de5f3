"""Whether a DAG runs on the source and on a Deployment at once, whatever its wave; looks only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.prerequisites import Prerequisite
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.model.plan import Deployment


async def on_both_sides(ctx: Context, deployment: Deployment) -> tuple[str, ...]:
    """The DAGs that are unpaused on the source and there, by both lists."""
    airflow = await ctx.target(deployment.name)
    there = {dag.dag_id async for dag in airflow.dags() if not dag.is_paused}
    if not there:
        return ()
    return tuple([dag.dag_id async for dag in ctx.source.dags() if not dag.is_paused and dag.dag_id in there])


async def on_one_side(ctx: Context, deployment: Deployment) -> Prerequisite:
    """Met where none does. The whole folder lies on each Deployment, so that a DAG of any wave may be meant."""
    title = f'No DAG runs on the source and on "{deployment.name}" at once'
    both = await on_both_sides(ctx, deployment)
    if not both:
        return Prerequisite("one-side", title, "met", "none is unpaused on both now", "you")
    moved = ctx.moved(ctx.deployments[deployment.name])
    gone, here = [dag for dag in both if dag in moved], [dag for dag in both if dag not in moved]
    todo = [f"pause on the source, a cutover has moved them: {names(gone)}"] if gone else []
    todo += [f"apply --stage dags pauses on the target: {names(here)}"] if here else []
    return Prerequisite("one-side", title, "missing", "; ".join(todo), "you")
