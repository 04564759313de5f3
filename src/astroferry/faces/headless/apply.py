"""`astroferry apply`: carry the plan out, up to DAGs that lie compared and paused on Astro."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.acts import compare
from astroferry.carry.applying import TEST, Applied, Follower, apply, would_apply
from astroferry.carry.graph import CARRYING
from astroferry.carry.opening import Opened, opened
from astroferry.errors import CarriedInPartError, Exit, InputNeededError, UsageError
from astroferry.faces.confirming import are_named, overwrites, to_overwrite_on
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.faces.headless.progress import follow as _follow
from astroferry.faces.headless.verify import comparison_facts, must_be_equal, print_comparison
from astroferry.model.words import names, several

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.acts import Compared

WAITING = "the stage before it is not done"


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
        confirm_overwriting(way, wave, arguments.confirm)
        follower = Follower(follow=_follow)
        if dry_run:
            return _said(arguments, Applied(await would_apply(way, follower, wave=wave, stage=stage)), dry_run=True)
        applied = await apply(way, follower, wave=wave, stage=stage)
        if not applied.is_whole:
            _said(arguments, applied, dry_run=False)
            failed, tried = applied.report.failed, applied.report.steps
            raise CarriedInPartError(
                f"{several(len(failed), 'item')} of {len(tried) + len(applied.waiting)} failed{_waiting(applied)}.",
                hint="Mend what is said above and run apply again: what is done is not done twice.",
            )
        compared = await compare(way, wave) if stage in {None, TEST} else None
        if compared is not None and not arguments.json:
            print_comparison(compared.done)
        _said(arguments, applied, dry_run=False, compared=compared)
    if compared is not None:
        must_be_equal(compared)
    return Exit.DONE


def confirm_overwriting(way: Opened, wave: str | None, said: str) -> None:
    """Where the plan overwrites what others made, a person names every Deployment that this may be on."""
    needed = to_overwrite_on(way.plan, wave)
    if overwrites(way.plan) and not are_named(needed, said):
        raise InputNeededError(
            f"The plan overwrites items that are there already on {names(needed)}; former values cannot be put back.",
            hint=f"Confirm with --confirm {','.join(needed)}.",
        )


def _waiting(applied: Applied) -> str:
    """What the stages after the failed one come to, or empty."""
    count = len(applied.waiting)
    return f"; {several(count, 'item')} of later stages {'waits' if count == 1 else 'wait'} for that" if count else ""


def _said(
    arguments: argparse.Namespace, applied: Applied, *, dry_run: bool, compared: Compared | None = None
) -> Exit:
    report = applied.report
    counts = {outcome: report.count(outcome) for outcome in ("done", "found", "todo", "failed", "held", "undone")}
    counts["waiting"] = len(applied.waiting)
    if arguments.json:
        steps = [{"id": step.info.id, "outcome": step.outcome, "why": step.why} for step in report.steps]
        steps += [{"id": info.id, "outcome": "waiting", "why": WAITING} for info in applied.waiting]
        found: dict[str, object] = {"equal": None}
        if compared is not None:
            found = {"equal": compared.equal, "compared": [comparison_facts(item) for item in compared.done]}
        diagnostics.data_json({"dry_run": dry_run, "counts": counts, **found, "steps": steps})
    else:
        words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        diagnostics.data(f"{'Would be' if dry_run else 'Carried out'}: {words or 'nothing to do'}.")
    return Exit.IN_PART if report.failed else Exit.DONE
