"""`astroferry apply`: carry the plan out, up to DAGs that lie compared and paused on Astro."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.acts import compare
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.opening import Opened, opened
from astroferry.carry.readiness import must_be_approved
from astroferry.carry.runner import Report, carry_out
from astroferry.carry.waves import advance
from astroferry.errors import CarriedInPartError, Exit, InputNeededError, PlanError, UsageError
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.faces.headless.progress import follow as _follow
from astroferry.faces.headless.verify import must_be_equal, print_comparison
from astroferry.model.words import several

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.action import Action

TEST = "test"


async def run(arguments: argparse.Namespace) -> Exit:
    """0 done, 6 in part (the failed items are listed), 3 where a stage's gate is closed."""
    stage: str | None = getattr(arguments, "stage", None)
    wave: str | None = getattr(arguments, "wave", None)
    dry_run: bool = getattr(arguments, "dry_run", False)
    if stage not in {None, *CARRYING, TEST}:
        raise UsageError(f'There is no stage "{stage}".', hint=f"Stages: {', '.join((*CARRYING, TEST))}.")
    path = Path(arguments.plan)
    async with opened(path, ask=asker(arguments), tell=Narrator(), lock=not dry_run) as way:
        if wave is not None and wave not in {item.name for item in way.plan.waves}:
            known = ", ".join(item.name for item in way.plan.waves)
            raise UsageError(f'There is no wave "{wave}" in {path}.', hint=f"Waves: {known}.")
        if not dry_run:
            must_be_approved(way.plan, "apply")
        confirm_overwriting(way, arguments)
        actions = build(way.plan, way.inventory, way.dags_folder, wave=wave)
        report = await _carry(way, actions, stage, dry_run=dry_run)
        if dry_run:
            return _said(arguments, report, dry_run=True)
        if report.failed:
            _said(arguments, report, dry_run=False)
            raise CarriedInPartError(
                f"{several(len(report.failed), 'item')} of {len(report.steps)} failed.",
                hint="Mend what is said above and run apply again: what is done is not done twice.",
            )
        if stage in {None, "dags"}:
            advance(way, wave, "planned", "deployed to test")
        compared = await compare(way, wave) if stage in {None, TEST} else None
        if compared is not None:
            print_comparison(compared.done)
        _said(arguments, report, dry_run=False, equal=compared.equal if compared is not None else None)
    if compared is not None:
        must_be_equal(compared)
    return Exit.DONE


def confirm_overwriting(way: Opened, arguments: argparse.Namespace) -> None:
    """Where the plan overwrites what others made, a person says the Deployment's name."""
    conflicts = way.plan.conflicts
    if "overwrite" not in {conflicts.connections, conflicts.variables, conflicts.pools}:
        return
    names = sorted({wave.production for wave in way.plan.waves})
    if arguments.confirm not in names:
        raise InputNeededError(
            "The plan overwrites items that are on the target already; their former values cannot be put back.",
            hint=f"Confirm with --confirm {names[0]}." if names else "",
        )


async def _carry(way: Opened, actions: list[Action], stage: str | None, *, dry_run: bool) -> Report:
    """All stages, or one whose gate is looked at first."""
    if stage is None:
        return await carry_out(actions, way.ctx, way.journal, dry_run=dry_run, follow=_follow)
    stages = (*CARRYING, TEST)
    before = [action for action in actions if stages.index(action.info.stage) < stages.index(stage)]
    mine = [action for action in actions if action.info.stage == stage]
    gate = await carry_out(before, way.ctx, way.journal, dry_run=True)
    closed = [step for step in gate.steps if step.outcome != "found"]
    if closed:
        first = closed[0]
        count = sum(step.info.stage == first.info.stage for step in closed)
        raise PlanError(
            f"The stage {stage} comes after {first.info.stage}, where {several(count, 'item')} "
            f"{'is' if count == 1 else 'are'} not done; the first: {first.info.title}.",
            hint=f"Run apply --stage {first.info.stage} first.",
        )
    done = frozenset(action.info.id for action in before)
    return await carry_out(mine, way.ctx, way.journal, dry_run=dry_run, done=done, follow=_follow)


def _said(arguments: argparse.Namespace, report: Report, *, dry_run: bool, equal: bool | None = None) -> Exit:
    counts = {outcome: report.count(outcome) for outcome in ("done", "found", "todo", "failed", "held", "undone")}
    if arguments.json:
        steps = [{"id": step.info.id, "outcome": step.outcome, "why": step.why} for step in report.steps]
        diagnostics.data_json({"dry_run": dry_run, "counts": counts, "equal": equal, "steps": steps})
    else:
        words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        diagnostics.data(f"{'Would be' if dry_run else 'Carried out'}: {words or 'nothing to do'}.")
    return Exit.IN_PART if report.failed else Exit.DONE
