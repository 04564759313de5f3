"""`astroferry cutover`: drain a wave on the source, hand its schedule over, watch the first ticks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.actions.deployment import find
from astroferry.carry.handover.wave import actions_for_cutover, refusals, standings_of
from astroferry.carry.opening import opened
from astroferry.carry.readiness import must_be_ready
from astroferry.carry.runner import carry_out
from astroferry.carry.waves import gate, set_state
from astroferry.errors import CarriedInPartError, Exit, InputNeededError, PlanError, UsageError
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator, follow
from astroferry.faces.headless.ticks import tell_ticks
from astroferry.model.words import several

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.opening import Opened


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when every DAG of the wave runs on the target alone; 3 where the gate is closed; 6 where some stayed."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        wave = known_wave(way, arguments.wave)
        confirm(way, wave, arguments.confirm)
        gate(way, wave)
        await must_be_ready(way, wave)
        await find(way.ctx, way.plan.deployment(way.plan.wave(wave).production))
        stay = refusals(way.plan, way.inventory, wave)
        for finding in stay:
            diagnostics.say(f"{finding.severity}: {finding.message} {finding.todo}")
        standings = standings_of(way.journal, wave, given_back=False)
        actions = actions_for_cutover(way.plan, way.inventory, wave, standings)
        if not actions:
            raise PlanError(f'No DAG of the wave "{wave}" can be handed over.', hint="The reasons stand above.")
        report = await carry_out(actions, way.ctx, way.journal, follow=follow)
        if not report.failed:
            set_state(way, wave, "cut over")
        twice = await tell_ticks(way, wave, arguments, stay)
    must_be_once(twice)
    if report.failed:
        raise CarriedInPartError(
            f"{several(len(report.failed), 'step')} did not go well; the DAGs concerned run on one side or on none, "
            "never on both.",
            hint="Mend what is said above and run cutover again, or run rollback.",
        )
    return Exit.DONE


def must_be_once(twice: list[str]) -> None:
    """CarriedInPartError that names the DAGs of which a tick ran on both sides."""
    if twice:
        raise CarriedInPartError(
            f"A tick ran on both sides: {', '.join(twice)}.",
            hint="The table above shows which; look at what it did before anything else runs.",
        )


def known_wave(way: Opened, name: str) -> str:
    """The wave's name; UsageError where the plan has none of that name."""
    waves = [wave.name for wave in way.plan.waves]
    if name not in waves:
        raise UsageError(f'There is no wave "{name}" in {way.path}.', hint=f"Waves: {', '.join(waves)}.")
    return name


def confirm(way: Opened, wave: str, said: str) -> None:
    """A person names the production Deployment: from here on, production moves."""
    name = way.plan.wave(wave).production
    if said != name:
        raise InputNeededError(
            f'This moves the schedules of wave "{wave}" between {way.plan.source.url} and "{name}"; '
            "it can be rolled back.",
            hint=f"Confirm with --confirm {name}.",
        )
