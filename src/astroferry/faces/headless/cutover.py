"""`astroferry cutover`: drain a wave on the source, hand its schedule over, watch the first ticks."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.acts import Listener, cut_over, may_cut_over
from astroferry.carry.handover.deployments import deployments_of, must_go_on_there
from astroferry.carry.handover.tallied import what_to_do
from astroferry.carry.opening import opened
from astroferry.carry.window import Outcome, Window, must_be_moments, wait_for
from astroferry.errors import AstroferryError, CarriedInPartError, Exit, InputNeededError, UsageError
from astroferry.faces.confirming import are_named
from astroferry.faces.ending import tell_the_end, warn_if_unheard
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator, follow
from astroferry.faces.headless.ticks import tell_ticks
from astroferry.model.words import names, several

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from astroferry.carry.handover.tallied import Tallied
    from astroferry.carry.opening import Opened
    from astroferry.model.finding import Finding


def _accepted(finding: Finding) -> None:
    diagnostics.say(f"{finding.severity}: {finding.message} {finding.todo}")


LISTENER = Listener(finding=_accepted, say=lambda line: diagnostics.say(f"  {line}"), follow=follow)
"""this face, following a cutover or a rollback"""


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when every DAG of the wave runs on the target alone; 3 where the gate is closed; 6 where some stayed.

    With `--at` it checks first, waits, and checks again; with either `--at` or `--until` it stops itself and puts
    everything back when a limit of the plan is crossed, and the plan's webhook is told how it ended.
    """
    begin, end = getattr(arguments, "at", None), getattr(arguments, "until", None)
    if not begin and not end:
        return await _cut_over(arguments, None)
    must_be_moments(begin, end)
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator(), lock=False) as way:
        window = Window.of(begin, end, way.ctx.clock.now())
        wave = await _confirmed(way, arguments)
        await may_cut_over(way, wave, keep=False)
        clock, plan = way.ctx.clock, way.plan
    await warn_if_unheard(plan, diagnostics.say)
    if window.at is not None:
        await wait_for(window.at, clock, Narrator())
    try:
        code = await _cut_over(arguments, window)
    except AstroferryError as error:
        # Not begun, stopped half-way, put back: nobody sits beside to read it.
        await tell_the_end(plan, {"wave": wave, "verdict": "not all cut over", "why": error.message})
        raise
    await tell_the_end(plan, {"wave": wave, "verdict": "cut over", "why": ""})
    return code


async def _cut_over(arguments: argparse.Namespace, window: Window | None) -> Exit:
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        ended = await cut_over(way, await _confirmed(way, arguments), LISTENER, window=window)
        tell_ticks(ended, arguments)
        for sentence in ended.to_do:
            diagnostics.say(sentence)
    must_be_once(ended.ticks)
    _must_have_gone_well(ended.outcome)
    if not ended.outcome.cut_short:
        diagnostics.say(f"Next: {shlex.join(['astroferry', 'watch', str(arguments.plan), '--wave', ended.wave])}")
    return Exit.DONE


async def _confirmed(way: Opened, arguments: argparse.Namespace) -> str:
    """The wave's name, where a person has named the Deployment that it is, or was, handed over to."""
    wave = known_wave(way, arguments.wave)
    await must_go_on_there(way, wave)
    confirm_all(way, [wave], arguments.confirm)
    return wave


def _must_have_gone_well(outcome: Outcome) -> None:
    """CarriedInPartError where a limit was crossed or a step failed; a watch cut short is only said."""
    if outcome.crossed and outcome.is_back:
        crossed = outcome.crossed[:1].upper() + outcome.crossed[1:].rstrip(".")
        what = f"What this window began was put back; {names(outcome.stayed)} were not part of it and run on Astro"
        raise CarriedInPartError(
            f"{crossed}. {what if outcome.stayed else 'Everything was put back: the source runs it again'}.",
            hint="The journal says what happened; `astroferry audit` shows it.",
        )
    if outcome.crossed:
        crossed = outcome.crossed[:1].upper() + outcome.crossed[1:].rstrip(".")
        raise CarriedInPartError(
            f"{crossed}, and not everything could be put back.",
            hint="Run rollback at once; `astroferry status` names the steps that failed.",
        )
    if outcome.report.failed:
        raise CarriedInPartError(
            f"{several(len(outcome.report.failed), 'step')} did not go well; the DAGs concerned run on one side or "
            "on none, never on both.",
            hint="Mend what is said above and run cutover again, or run rollback.",
        )
    if outcome.cut_short:
        watched = names(outcome.cut_short)
        diagnostics.say(f"The window ended while {watched} was watched; nothing was amiss. Go on: astroferry watch")


def must_be_once(ticks: Tallied) -> None:
    """CarriedInPartError that names the DAGs of which a tick ran on both sides, or on neither."""
    if ticks.amiss:
        raise CarriedInPartError(ticks.amiss, hint=f"The table above shows which. {what_to_do(ticks)}")


def known_wave(way: Opened, name: str) -> str:
    """The wave's name; UsageError where the plan has none of that name."""
    waves = [wave.name for wave in way.plan.waves]
    if name not in waves:
        raise UsageError(f'There is no wave "{name}" in {way.path}.', hint=f"Waves: {', '.join(waves)}.")
    return name


def confirm_all(way: Opened, waves: Sequence[str], said: str) -> None:
    """A person names the Deployments of all these waves, with commas between: from here on, production moves."""
    needed = list(dict.fromkeys(name for wave in waves for name in deployments_of(way.plan, way.journal, wave)))
    if not are_named(needed, said):
        moved = f'wave "{waves[0]}"' if len(waves) == 1 else f"waves {names(waves)}"
        raise InputNeededError(
            f"This moves the schedules of {moved} between {way.plan.source.url} and {names(needed)}; "
            "it can be rolled back.",
            hint=f"Confirm with --confirm {','.join(needed)}.",
        )
