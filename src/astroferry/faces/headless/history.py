"""`astroferry history`: finished runs, tasks and tries of a wave, written to the target by Starship there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.handover.deployments import deployments_of, find_again
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.history.carrying import CarryHistory, writer
from astroferry.carry.history.rows import NOT_CARRIED
from astroferry.carry.opening import opened
from astroferry.carry.runner import carry_out
from astroferry.errors import CarriedInPartError, Exit
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.cutover import known_wave
from astroferry.faces.headless.progress import Narrator, follow
from astroferry.model.words import several
from astroferry.report.table import page_width, table

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.opening import Opened


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when every finished run of the wave is on the target; 5 where it cannot be written; 6 where some are not."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        wave = known_wave(way, arguments.wave)
        moved = standings_of(way.journal, wave, given_back=False)
        deployment = deployments_of(way.plan, way.journal, wave)[0]
        await find_again(way.ctx, way.plan, way.journal, wave)
        await writer(await way.ctx.target(deployment))  # refused as a whole, before the first DAG
        diagnostics.say(f"Not carried: {', '.join(NOT_CARRIED)}. Unfinished runs and the newest tick stay behind.")
        ids = way.plan.dags_of(way.plan.wave(wave), tuple(dag.dag_id for dag in way.inventory.dags))
        actions = [CarryHistory(dag, wave, deployment, way.plan.history.runs, moved=dag in moved) for dag in ids]
        report = await carry_out(actions, way.ctx, way.journal, follow=follow)
        _tell(arguments, way, actions)
    if report.failed:
        raise CarriedInPartError(
            f"The history of {several(len(report.failed), 'DAG')} is not (whole) on the target.",
            hint="See above; run it again: what is there is not written twice.",
        )
    return Exit.DONE


def _tell(arguments: argparse.Namespace, way: Opened, actions: list[CarryHistory]) -> None:
    standings = way.journal.standing()
    made = {action.dag_id: item.made for action in actions if (item := standings.get(action.info.id)) is not None}
    if arguments.json:
        diagnostics.data_json(made)
        return
    rows = [
        (
            dag,
            *(str(facts.get(name, 0)) for name in ("runs", "tasks", "tries")),
            ", ".join(f"{number} {why}" for why, number in (facts.get("left") or {}).items()),
        )
        for dag, facts in made.items()
    ]
    diagnostics.data(
        "\n".join(table(("DAG", "runs", "tasks", "earlier tries", "left behind"), rows, width=page_width(118)))
    )
