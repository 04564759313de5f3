"""`astroferry watch`: the first full cycle on the target, DAG by DAG, until it is over or something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.handover.begun import watched
from astroferry.carry.opening import opened
from astroferry.carry.watching import WaveWatch, watch
from astroferry.errors import AstroferryError, CarriedInPartError, Exit, PlanError
from astroferry.faces.ending import tell_the_end, warn_if_unheard
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.cutover import known_wave
from astroferry.faces.headless.progress import Narrator
from astroferry.faces.watched import watched_facts
from astroferry.model.watching import ORDER
from astroferry.model.words import several
from astroferry.report.table import page_width, table

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.opening import Opened
    from astroferry.model.watching import DagVerdict, Usual

HEADINGS = ("verdict", "DAG", "ticks", "succeeded", "usual time", "why")


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when all went well; 6 when a DAG is amiss, or both sides may run; 3 where nothing was cut over."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator(), lock=False) as way:
        named: str | None = getattr(arguments, "wave", None)
        waves = [known_wave(way, named)] if named else watched(way.plan, way.journal)
        if not waves:
            raise PlanError("No wave has been cut over, so there is nothing to watch.", hint="Run cutover first.")
        once: bool = getattr(arguments, "once", False)
        await warn_if_unheard(way.plan, diagnostics.say)
        try:
            found = await watch([WaveWatch(way, wave) for wave in waves], once=once, told=_Follow())
        except AstroferryError as error:
            await tell_the_end(way.plan, {"verdict": "not watched", "why": error.message})
            raise
        await _tell(arguments, way, found)
    verdicts = tuple(item for items in found.values() for item in items)
    bad = [item for item in verdicts if item.verdict in {"amiss", "alarm"}]
    if bad:
        raise CarriedInPartError(
            f"{several(len(bad), 'DAG')} did not go well: {', '.join(item.dag_id for item in bad)}.",
            hint="See above; `astroferry rollback` gives a DAG or a wave back to the source.",
        )
    return Exit.DONE


class _Follow:
    """Says a DAG's verdict when it changes, and rings the bell for an alarm."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, ...]] = {}

    def __call__(self, verdicts: tuple[DagVerdict, ...]) -> None:
        for item in verdicts:
            now = (item.verdict, *item.reasons)
            if self._last.get(item.dag_id) != now:
                self._last[item.dag_id] = now
                why = "; ".join(item.reasons)
                ends = f" until {item.cycle_ends:%Y-%m-%d %H:%M} UTC" if item.cycle_ends else ""
                shown = f"watching{ends}" if item.verdict == "watching" else item.verdict
                diagnostics.say(f"  {item.dag_id}: {shown}" + (f": {why}" if why else ""))


async def _tell(arguments: argparse.Namespace, way: Opened, found: dict[str, tuple[DagVerdict, ...]]) -> None:
    """The table, the bell, the webhook."""
    data = watched_facts(found)
    if arguments.json:
        diagnostics.data_json({"plan": way.plan.name, **data})
    else:
        for wave, verdicts in found.items():
            diagnostics.data("\n".join(page(wave, verdicts)))
    await tell_the_end(way.plan, data)


def page(wave: str, verdicts: tuple[DagVerdict, ...]) -> list[str]:
    """The verdicts of a wave as a table, the worst first."""
    ordered = sorted(verdicts, key=lambda item: (-ORDER.index(item.verdict), item.dag_id))
    rows = [
        (
            item.verdict,
            item.dag_id,
            f"{item.once} once, {item.twice} twice, {item.missed} missed",
            f"{_percent(item.target)} (before {_percent(item.source)})",
            f"{_seconds(item.target)} (before {_seconds(item.source)})",
            "; ".join(item.reasons),
        )
        for item in ordered
    ]
    return [f'The first full cycle of "{wave}"', *table(HEADINGS, rows, width=page_width(140))]


def _percent(usual: Usual) -> str:
    return f"{usual.success * 100:.0f} % of {usual.runs}" if usual.success is not None else "none yet"


def _seconds(usual: Usual) -> str:
    return f"{usual.median_seconds:g} s" if usual.median_seconds is not None else "-"
