"""`astroferry check`: is the plan complete, valid, and still true of both ends? changes nothing."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.advice.repeated import once
from astroferry.advice.suggest import problems as held_against
from astroferry.carry.opening import opened, read_facts
from astroferry.carry.prerequisites import ROLES, prerequisites
from astroferry.carry.readiness import open_checks, readiness
from astroferry.carry.verifying import NOTE
from astroferry.carry.waves import READY
from astroferry.code.find import signs_in
from astroferry.errors import AstroferryError, Exit
from astroferry.faces.headless.asking import asker
from astroferry.faces.whereabouts import pages, where_all_run
from astroferry.model.inventoryfile import drift
from astroferry.model.travelling import connections_to_carry, variables_to_carry
from astroferry.report.table import page_width, table
from astroferry.secrets.load import file_findings
from astroferry.sources.airflow import take_inventory

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.model.finding import Finding


async def run(arguments: argparse.Namespace) -> Exit:
    """0 where the plan can be carried out; 3 where something refuses, is missing, or could not be compared."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=diagnostics.say, lock=False) as way:
        diagnostics.say("Reading both ends; nothing is changed.")
        needed = await prerequisites(way)
        now = await take_inventory(
            way.ctx.source, clock_now=lambda: datetime.now(UTC), tell=lambda _: None, kind=way.plan.source.kind
        )
        changed = drift(way.inventory, now)
        facts = await read_facts(way.ctx.astro, way.plan.decisions.cloud)
        held = held_against(way.plan, way.inventory, facts, signs_in(way.dags_folder))
        findings = [*once(held), *file_findings(way.plan, way.path.parent)]
        uncompared = _uncompared(way.journal)
        lacking = await _lacking(way)
        waves = {
            wave.name: await readiness(way, wave.name)
            for wave in way.plan.waves
            if wave.state in READY - {"cut over"}
        }
    halfway = [item for item in where_all_run(way.journal) if item.is_open]
    refused = [finding for finding in findings if finding.severity == "refuse"]
    missing = [item for item in needed if item.outcome == "missing"]
    good = not refused and not missing and not uncompared and not lacking
    if arguments.json:
        diagnostics.data_json(
            {
                "ready": good,
                "prerequisites": [{"key": item.key, "outcome": item.outcome, "detail": item.told} for item in needed],
                "drift": changed,
                "findings": [
                    {"code": item.code, "severity": item.severity, "message": item.message} for item in findings
                ],
                "not_compared": uncompared,
                "values_missing": lacking,
                "halfway": [asdict(item) for item in halfway],
                "cutover": {
                    wave: [{"key": item.key, "outcome": item.outcome, "detail": item.told} for item in checks]
                    for wave, checks in waves.items()
                },
            }
        )
    else:
        diagnostics.data("\n".join(_page(needed, changed, findings, uncompared, lacking, good=good)))
        for wave, checks in waves.items():
            diagnostics.data("\n".join(checklist(wave, checks)))
        if halfway:
            diagnostics.data("\n".join(["", "Half-way", *pages(halfway, arguments.plan)]))
    return Exit.DONE if good else Exit.PLAN


async def _lacking(way: Opened) -> dict[str, str]:
    """What must travel and has no value yet, with the reason; typed values are asked for when they are needed."""
    if "typed" in {way.plan.values.connections, way.plan.values.variables}:
        return {}
    try:
        values = await way.ctx.values()
    except AstroferryError as error:
        return {"all values": error.message}
    carried = {*connections_to_carry(way.plan, way.inventory), *variables_to_carry(way.plan, way.inventory)}
    lacking = {**values.missing_connections, **values.missing_variables}
    return {name: why for name, why in lacking.items() if name in carried}


def _uncompared(journal: Journal) -> list[str]:
    """Items that the last comparison could not compare."""
    return [
        item
        for action, standing in journal.standing().items()
        if action.startswith(f"{NOTE}/")
        for item in standing.made.get("not_compared", [])
    ]


def _page(
    needed: tuple[Prerequisite, ...],
    changed: tuple[str, ...],
    findings: list[Finding],
    uncompared: list[str],
    lacking: dict[str, str],
    *,
    good: bool,
) -> list[str]:
    rows = [(item.stands, item.title, item.told, item.who) for item in needed]
    lines = ["Prerequisites", *table(("", "what", "", "who grants it"), rows, width=page_width(118))]
    lines += ["", "The smallest roles that each stage needs"]
    lines += table(("stage", "on the source", "of the Astro token"), ROLES, width=page_width(118))
    lines += ["", "Changed on the source since the plan was made", *(f"  {line}" for line in changed or ("nothing",))]
    if findings:
        lines += ["", "Findings", *(line for finding in findings for line in told(finding))]
    if uncompared:
        lines += ["", f"Could not be compared: {', '.join(uncompared)}"]
    if lacking:
        lines += ["", "Values that could not be had", *(f"  {name}: {why}" for name, why in lacking.items())]
    return [*lines, "", "The plan can be carried out." if good else "The plan cannot be carried out yet: see above."]


def told(finding: Finding) -> list[str]:
    """A finding on one line; on a terminal on as many as it needs there, broken between words."""
    text = f"{finding.severity:6} {finding.message} {finding.todo} [{finding.code}]"
    return textwrap.wrap(
        text,
        page_width(len(text) + 2),
        initial_indent="  ",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )


def checklist(wave: str, checks: tuple[Prerequisite, ...]) -> list[str]:
    """The guide's checklist of one wave, with what was seen; it refuses a cutover, not the carrying out."""
    rows = [(item.stands, item.title, item.told) for item in checks]
    left = len(open_checks(checks))
    end = f"{left} open: a cutover would be refused." if left else "A cutover may begin."
    return ["", f'Before the cutover of "{wave}"', *table(("", "what", "evidence"), rows, width=page_width(118)), end]
