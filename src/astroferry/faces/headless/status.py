"""`astroferry status`: what is done, what is not, and what failed; reads only the plan, inventory and journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry import diagnostics
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.handover.beforehand import to_remove
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import dags_folder, journal_path, read_plan
from astroferry.errors import Exit
from astroferry.model.words import several
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse


async def run(arguments: argparse.Namespace) -> Exit:
    """0 where nothing failed, 6 where something did."""
    path = Path(arguments.plan)
    plan, inventory = read_plan(path)
    journal = Journal(journal_path(path))
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
    failed_elsewhere = [
        {"title": action, "why": standing.why}
        for action, standing in standings.items()
        if standing.event == "failed" and action not in {info.id for info in infos}
    ]
    last = journal.entries[-1].at.isoformat(timespec="seconds") if journal.entries else None
    waves = [{"name": wave.name, "state": wave.state} for wave in plan.waves]
    left = list(to_remove(journal))
    if arguments.json:
        diagnostics.data_json(
            {
                "plan": str(path),
                "last": last,
                "stages": stages,
                "waves": waves,
                "failed": failed_elsewhere,
                "to_do": left,
            }
        )
    else:
        _print(plan.name, stages, waves, failed_elsewhere, last)
        for sentence in left:
            diagnostics.data(f"Still to be done: {sentence}")
    return Exit.IN_PART if failed_elsewhere or any(stage["failed"] for stage in stages) else Exit.DONE


def _print(
    name: str,
    stages: list[dict[str, Any]],
    waves: list[dict[str, str]],
    elsewhere: list[dict[str, str]],
    last: str | None,
) -> None:
    rows = [(item["stage"], f"{item['done']} of {item['actions']}", str(len(item["failed"]))) for item in stages]
    lines = [f"Migration {name}", "", *table(("stage", "done", "failed"), rows), ""]
    lines += table(("wave", "state"), [(wave["name"], wave["state"]) for wave in waves])
    failed = [problem for item in stages for problem in item["failed"]] + elsewhere
    if failed:
        lines += ["", f"{several(len(failed), 'item')} failed"]
        lines += [f"  {item['title']}: {item['why']}" for item in failed]
    lines += ["", f"Last entry in the journal: {last}" if last else "Nothing has been carried out yet."]
    diagnostics.data("\n".join(lines))
