"""`astroferry status`: what is done, what is not, what failed, and where what was handed over runs.

It reads only the plan, inventory and journal.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry import diagnostics
from astroferry.carry.failures import failures
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.handover.beforehand import to_remove
from astroferry.carry.handover.begun import must_have_its_journal
from astroferry.carry.handover.wave_state import states_in_words
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import dags_folder, journal_path, read_plan
from astroferry.carry.verifying import NOTE
from astroferry.errors import Exit
from astroferry.faces.whereabouts import pages, where_all_run
from astroferry.model.words import several
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from astroferry.carry.journal import Standing
    from astroferry.model.plan import Plan


async def run(arguments: argparse.Namespace) -> Exit:
    """0 where nothing failed, 6 where something did, or a DAG runs on neither side, or on which is in doubt."""
    path = Path(arguments.plan)
    plan, inventory = read_plan(path)
    journal = Journal(journal_path(path))
    must_have_its_journal(plan, inventory, journal)
    standings = journal.standing()
    infos = [action.info for action in build(plan, inventory, dags_folder(plan, path))]
    stages: list[dict[str, Any]] = []
    for stage in CARRYING:
        mine = [info for info in infos if info.stage == stage]
        done = [info for info in mine if (item := standings.get(info.id)) and item.event in {"done", "found"}]
        failed = [
            {"title": info.title, "why": standings[info.id].why}
            for info in mine
            if info.id in standings and standings[info.id].event == "failed"
        ]
        stages.append({"stage": stage, "actions": len(mine), "done": len(done), "failed": failed})
    stages.append(compared := _compared(plan, standings))
    told = {info.id for info in infos} | {f"{NOTE}/{item['title']}" for item in compared["failed"]}
    failed_elsewhere = [
        {"title": action, "why": why} for action, why in failures(journal).items() if action not in told
    ]
    last = journal.entries[-1].at.isoformat(timespec="seconds") if journal.entries else None
    stands = states_in_words(plan, inventory, standings)
    waves = [{"name": wave.name, "state": wave.state, "stands": stands[wave.name]} for wave in plan.waves]
    left = list(to_remove(journal))
    where = where_all_run(journal)
    if arguments.json:
        diagnostics.data_json(
            {
                "plan": str(path),
                "last": last,
                "stages": stages,
                "waves": waves,
                "failed": failed_elsewhere,
                "where": [asdict(item) for item in where],
                "to_do": left,
            }
        )
    else:
        _print(plan.name, stages, waves, failed_elsewhere, last, where=pages(where, str(path)))
        for sentence in left:
            diagnostics.data(f"Still to be done: {sentence}")
    amiss = bool(failed_elsewhere) or any(stage["failed"] for stage in stages)
    return Exit.IN_PART if amiss or any(item.is_open for item in where) else Exit.DONE


def _compared(plan: Plan, standings: Mapping[str, Standing]) -> dict[str, Any]:
    """The test stage: Deployments whose every value was compared and is the same."""
    names = sorted({name for wave in plan.waves for name in (wave.test, wave.production)})
    seen = {name: standings[key] for name in names if (key := f"{NOTE}/{name}") in standings}
    failed = [{"title": name, "why": item.why} for name, item in seen.items() if item.event == "failed"]
    done = sum(item.event == "done" for item in seen.values())
    return {"stage": "test", "actions": len(names), "done": done, "failed": failed}


def _print(
    name: str,
    stages: list[dict[str, Any]],
    waves: list[dict[str, str]],
    elsewhere: list[dict[str, str]],
    last: str | None,
    *,
    where: list[str],
) -> None:
    rows = [(item["stage"], f"{item['done']} of {item['actions']}", str(len(item["failed"]))) for item in stages]
    lines = [f"Migration {name}", "", *table(("stage", "done", "failed"), rows), ""]
    lines += table(("wave", "state"), [(wave["name"], wave["stands"]) for wave in waves])
    if where:
        lines += ["", *where]
    failed = [problem for item in stages for problem in item["failed"]] + elsewhere
    if failed:
        lines += ["", f"{several(len(failed), 'item')} failed"]
        lines += [f"  {item['title']}: {item['why']}" for item in failed]
    lines += ["", f"Last entry in the journal: {last}" if last else "Nothing has been carried out yet."]
    diagnostics.data("\n".join(lines))
