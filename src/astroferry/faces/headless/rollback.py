"""`astroferry rollback`: give DAGs back to the source, or undo a stage of apply."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.actions.known_good import RollBackCode
from astroferry.carry.acts import give_back
from astroferry.carry.graph import CARRYING, build, concerned
from astroferry.carry.handover.begun import runs_there, waves_begun
from astroferry.carry.handover.tallied import Tallied
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.opening import opened
from astroferry.carry.runner import Report, carry_out
from astroferry.carry.undoing import undo
from astroferry.errors import (
    AstroferryError,
    CarriedInPartError,
    Exit,
    InputNeededError,
    NotAllowedError,
    PlanError,
    UsageError,
)
from astroferry.faces.confirming import are_named
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.cutover import LISTENER, confirm_all, known_wave, must_be_once
from astroferry.faces.headless.progress import Narrator, follow
from astroferry.faces.headless.ticks import tell_ticks, ticks_facts
from astroferry.model.words import names, several

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from astroferry.carry.action import Action
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step

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
    told = _Told()
    try:
        async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
            if code:
                report = await _back_to_good(way, arguments, told)
            elif stage is not None:
                report = await _undo_stage(way, stage, arguments, told)
            else:
                report = await _hand_back(way, wave, dag, arguments, told)
        if report.failed:
            if all(step.denied or step.outcome == "held" for step in report.failed):
                raise NotAllowedError(next(step.why for step in report.failed if step.denied))
            raise CarriedInPartError(
                f"{several(len(report.failed), 'step')} could not be taken back.", hint="See above; run it again."
            )
    except AstroferryError:
        if told.steps or told.waves:
            told.tell(arguments)
        raise
    told.tell(arguments)
    if not report.steps:
        diagnostics.say("There was nothing to roll back.")
    return Exit.DONE


@dataclass(slots=True)
class _Told:
    """What `--json` says in the end, of all waves together, whatever ended it.

    `waves`: those that were given back, with their ticks, as `cutover --json` tells them. `steps`: all that ended.
    """

    waves: list[dict[str, object]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def follow(self, step: Step, done: int, total: int) -> None:
        """A step ended: said at once, and kept."""
        self.steps.append(step)
        follow(step, done, total)

    def tell(self, arguments: argparse.Namespace) -> None:
        """One document."""
        if arguments.json:
            steps = [{"id": step.info.id, "outcome": step.outcome, "why": step.why} for step in self.steps]
            diagnostics.data_json({"waves": self.waves, "steps": steps})


async def _hand_back(
    way: Opened, wave: str | None, dag: str | None, arguments: argparse.Namespace, told: _Told
) -> Report:
    """Waves that were cut over, newest first, or the one that is named; each to its end, whatever the others do.

    What is found amiss (a wave that the plan has no more, a tick that both sides ran) is raised when all are through.
    """
    if wave is not None:
        known_wave(way, wave)
    chosen = [name for name in reversed(waves_begun(way.journal)) if wave in {None, name}]
    if dag is not None:
        # Where more than one wave has had it, the one that has it now; it was given back by the others.
        chosen = [name for name in chosen if dag in standings_of(way.journal, name)]
        chosen.sort(key=lambda name: dag not in standings_of(way.journal, name, given_back=False))
        chosen = chosen[:1]
    if dag is not None and not chosen:
        by = f'the wave "{wave}"' if wave else "any wave"
        raise UsageError(f'The DAG "{dag}" was not handed over by {by}.', hint="See: astroferry status")
    known = {item.name for item in way.plan.waves}
    gone = [name for name in chosen if name not in known and standings_of(way.journal, name, given_back=False)]
    chosen = [name for name in chosen if name in known]
    confirm_all(way, chosen, arguments.confirm)
    whole, ticks = Report(), Tallied()
    for name in chosen:
        ended = await give_back(way, name, replace(LISTENER, follow=told.follow), dag_id=dag)
        told.waves.append(ticks_facts(ended))
        if not arguments.json:
            tell_ticks(ended, arguments)
        ticks.counts |= ended.ticks.counts
        whole.steps += ended.outcome.report.steps
    if gone:
        raise CarriedInPartError(
            f"The plan has no wave {names(gone)} any more, and DAGs of it still run on the target.",
            hint="Put it back into the plan under [[waves]] with its Deployment, then run the same command again.",
        )
    must_be_once(ticks)
    return whole


async def _back_to_good(way: Opened, arguments: argparse.Namespace, told: _Told) -> Report:
    """The named Deployment's DAG code, back to the deploy that the values were found equal with."""
    deployments = {item.name: item for item in way.plan.deployments}
    if arguments.confirm not in deployments:
        raise InputNeededError(
            "This replaces the DAG code that runs on a Deployment by that of an earlier deploy.",
            hint=f"Confirm with --confirm and the Deployment: {', '.join(deployments)}.",
        )
    action = RollBackCode(deployments[arguments.confirm])
    return await carry_out([action], way.ctx, way.journal, follow=told.follow)


async def _undo_stage(way: Opened, stage: str, arguments: argparse.Namespace, told: _Told) -> Report:
    """Undo a stage's own actions, in reverse; what we did not make stays."""
    actions = build(way.plan, way.inventory, way.dags_folder)
    begins = KINDS.get(stage)
    mine = [
        action for action in actions if (action.info.id.startswith(begins) if begins else action.info.stage == stage)
    ]
    needed = _undone_on(way, mine)
    if not are_named(needed, arguments.confirm):
        raise InputNeededError(
            f"This takes back what the stage {stage} made on {names(needed)}.",
            hint=f"Confirm with --confirm {','.join(needed)}.",
        )
    running = sorted({dag for name in waves_begun(way.journal) for dag in runs_there(way.journal, name)})
    if running:
        raise PlanError(
            f"{names(running)} run on Astro by a cutover, with what the stage {stage} made there.",
            hint="Give them back to the source first: astroferry rollback PLAN --confirm NAME.",
        )
    elsewhere = frozenset(action.info.id for action in actions) - {action.info.id for action in mine}
    return await undo(mine, way.ctx, way.journal, done=elsewhere, follow=told.follow)


def _undone_on(way: Opened, actions: Sequence[Action]) -> tuple[str, ...]:
    """The Deployments on which these made something that is to be undone; where none did, those of all waves."""
    standings = way.journal.standing()
    ids = [action.info.id for action in actions if action.info.id.partition("/")[0] != "workspace"]
    ours = [action for action in ids if (standing := standings.get(action)) is not None and standing.ours]
    everywhere = tuple(deployment.name for deployment in concerned(way.plan))
    found = tuple(
        name for name in everywhere if any(f"{action}/".partition("/")[2].startswith(f"{name}/") for action in ours)
    )
    return found or everywhere
