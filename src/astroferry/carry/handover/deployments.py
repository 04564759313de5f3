"""On which Deployment a wave's DAGs are: where its cutover has begun that is the journal's word, else the plan's.

A plan is edited: a Deployment is renamed, or a wave is given another one. What was handed over stays where it is, and
is watched, counted and given back there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.actions.deployment import find
from astroferry.carry.handover.begun import not_on_source, waves_begun
from astroferry.carry.handover.wave import standings_of
from astroferry.errors import NotFoundError, PlanError, RemoteError
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.model.plan import Plan


def deployments_of(plan: Plan, journal: Journal, wave: str) -> tuple[str, ...]:
    """The names of the Deployments that a wave's DAGs were handed over to; the plan's where none is begun.

    One, unless the journal does not tell it. KeyError where the plan has no such wave.
    """
    production = plan.wave(wave).production
    begun = standings_of(journal, wave, given_back=False).values()
    return tuple(dict.fromkeys(standing.deployment or production for standing in begun)) or (production,)


async def find_again(ctx: Context, plan: Plan, journal: Journal, wave: str) -> None:
    """Let `ctx` know the Deployments that DAGs of the wave were handed over to, and the one that the plan names.

    RemoteError where one that DAGs of it are on is not on Astro any more.
    """
    await find(ctx, plan.deployment(plan.wave(wave).production))
    begun = sorted(standings_of(journal, wave).values(), key=lambda standing: standing.at)
    left = {standing.deployment_id for standing in standings_of(journal, wave, given_back=False).values()}
    for name, deployment_id in {item.deployment: item.deployment_id for item in begun}.items():
        if not deployment_id:
            continue
        try:
            await ctx.astro.deployment(deployment_id)
        except NotFoundError as error:
            if deployment_id not in left:
                continue
            raise RemoteError(
                f'The Deployment "{name}" ({deployment_id}) that the wave "{wave}" was handed over to is not on '
                "Astro any more, or this token does not see it.",
                hint="Use a token that sees it. If it was deleted, nothing of the wave runs on Astro: "
                "`astroferry explain CUT-refused` says how a DAG is moved by hand.",
            ) from error
        ctx.deployments[name] = deployment_id


async def must_go_on_there(way: Opened, wave: str) -> None:
    """PlanError where DAGs of the wave were handed over elsewhere: to another Deployment, or by another wave."""
    production = way.plan.wave(wave).production
    await find(way.ctx, way.plan.deployment(production))
    here = way.ctx.deployments.get(production)
    for standing in standings_of(way.journal, wave, given_back=False).values():
        same = standing.deployment_id == here if standing.deployment_id else standing.deployment in {"", production}
        if not same:
            raise PlanError(
                f'The wave "{wave}" was begun on the Deployment "{standing.deployment}" ({standing.deployment_id}), '
                f'and the plan names "{production}" ({here or "not on Astro"}) for it now.',
                hint="Name the former one again under [[waves]], or give the wave back first: astroferry rollback.",
            )
        way.ctx.deployments |= {standing.deployment: here} if standing.deployment and here else {}
    mine = set(way.plan.dags_of(way.plan.wave(wave), tuple(dag.dag_id for dag in way.inventory.dags)))
    for other in waves_begun(way.journal):
        gone = not_on_source(way.journal, other).values() if other != wave else ()
        if moved := [item.dag_id for item in gone if item.dag_id in mine and not item.source_paused]:
            raise PlanError(
                f'The wave "{other}" has handed {names(moved)} over, and "{wave}" takes them in the plan now.',
                hint=f'Put them back into "{other}" in the plan, or give them back first: astroferry rollback.',
            )


def moved_to(journal: Journal, deployment_id: str) -> dict[str, str]:
    """The DAGs that were handed over to that Deployment (its Astro id; "": to any), and the wave that did.

    Those that the source does not run any more, of each the newest wave.
    By the journal alone: a wave of which one step failed has no other state in the plan than before it was begun.
    """
    return {
        dag_id: wave
        for wave in waves_begun(journal)
        for dag_id, standing in not_on_source(journal, wave).items()
        if not deployment_id or standing.deployment_id in {"", deployment_id}
    }
