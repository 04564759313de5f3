"""`astroferry rollback`: give DAGs back to the source, or undo a stage of apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.actions.deployment import find
from astroferry.carry.actions.known_good import RollBackCode
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.handover.wave import actions_for_rollback, hand_over, standings_of
from astroferry.carry.opening import opened
from astroferry.carry.runner import Report, carry_out, undo
from astroferry.carry.waves import set_state
from astroferry.errors import CarriedInPartError, Exit, InputNeededError, NotAllowedError, RemoteError, UsageError
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.cutover import confirm, known_wave, must_be_once, say_where
from astroferry.faces.headless.progress import Narrator, follow
from astroferry.faces.headless.ticks import tell_ticks
from astroferry.model.words import several

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.opening import Opened

KINDS = {
    "environment": "environment/",
    "connections": "connection/",
    "variables": "variable/",
    "pools": "pool/",
}
"""parts of a stage that can be taken back alone -> how the ids of their actions begin"""


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when it is as it was; 6 where something could not be put back, and is named."""
    stage: str | None = getattr(arguments, "stage", None)
    wave: str | None = getattr(arguments, "wave", None)
    dag: str | None = getattr(arguments, "dag", None)
    code: bool = getattr(arguments, "code", False)
    if (stage is not None or code) and (wave or dag or (stage and code)):
        raise UsageError("--stage and --code go without --wave and --dag.", hint="See: astroferry rollback --help")
    if stage not in {None, *CARRYING, *KINDS}:
        known = ", ".join((*CARRYING, *KINDS))
        raise UsageError(f'There is no stage "{stage}" to undo.', hint=f"Stages and parts of them: {known}.")
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        if code:
            report = await _back_to_good(way, arguments)
        elif stage is not None:
            report = await _undo_stage(way, stage, arguments)
        else:
            report = await _hand_back(way, wave, dag, arguments)
    if report.failed:
        raise CarriedInPartError(
            f"{several(len(report.failed), 'step')} could not be taken back.", hint="See above; run it again."
        )
    if not report.steps:
        diagnostics.say("There was nothing to roll back.")
    return Exit.DONE


async def _hand_back(way: Opened, wave: str | None, dag: str | None, arguments: argparse.Namespace) -> Report:
    """Waves that were cut over, newest first, or the one that is named."""
    if wave is not None:
        known_wave(way, wave)
    chosen = [wave] if wave else [item.name for item in reversed(way.plan.waves) if _begun(way, item.name)]
    whole = Report()
    for name in chosen:
        confirm(way, name, arguments.confirm)
        await find(way.ctx, way.plan.deployment(way.plan.wave(name).production))
        standings = standings_of(way.journal, name)
        actions = [
            action
            for action in actions_for_rollback(way.plan, way.inventory, name, standings, dag_id=dag)
            if action.info.id.split("/")[2] in standings
        ]
        if dag is not None and not actions:
            raise UsageError(
                f'The DAG "{dag}" was not handed over by the wave "{name}".', hint="See: astroferry status"
            )
        try:
            report = await hand_over(actions, way.ctx, way.journal, follow=follow)
        except (RemoteError, NotAllowedError):
            say_where(way, name, "rollback")
            raise
        if not report.failed and dag is None:
            set_state(way, name, "tested")
        must_be_once(await tell_ticks(way, name, arguments, ()))
        whole.steps += report.steps
    return whole


def _begun(way: Opened, wave: str) -> bool:
    return any(action.startswith(f"cutover/{wave}/") for action in way.journal.standing())


async def _back_to_good(way: Opened, arguments: argparse.Namespace) -> Report:
    """The named Deployment's DAG code, back to the deploy that the values were found equal with."""
    deployments = {item.name: item for item in way.plan.deployments}
    if arguments.confirm not in deployments:
        raise InputNeededError(
            "This replaces the DAG code that runs on a Deployment by that of an earlier deploy.",
            hint=f"Confirm with --confirm and the Deployment: {', '.join(deployments)}.",
        )
    action = RollBackCode(deployments[arguments.confirm])
    return await carry_out([action], way.ctx, way.journal, follow=follow)


async def _undo_stage(way: Opened, stage: str, arguments: argparse.Namespace) -> Report:
    """Undo a stage's own actions, in reverse; what we did not make stays."""
    names = sorted({wave.production for wave in way.plan.waves})
    if arguments.confirm not in names:
        raise InputNeededError(
            f"This takes back what the stage {stage} made on Astro.", hint=f"Confirm with --confirm {names[0]}."
        )
    actions = build(way.plan, way.inventory, way.dags_folder)
    begins = KINDS.get(stage)
    mine = [
        action for action in actions if (action.info.id.startswith(begins) if begins else action.info.stage == stage)
    ]
    elsewhere = frozenset(action.info.id for action in actions) - {action.info.id for action in mine}
    return await undo(mine, way.ctx, way.journal, done=elsewhere, follow=follow)
