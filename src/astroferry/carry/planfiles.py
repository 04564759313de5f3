"""The files of a plan: the inventory and the journal beside it, and the DAG folder that it names; no network here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import PlanError
from astroferry.model import inventoryfile, planfile
from astroferry.model.files import beside

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


def read_plan(path: Path) -> tuple[Plan, Inventory]:
    """The plan and the inventory beside it; PlanError names what is wrong with either."""
    plan = planfile.load(path)
    return plan, inventoryfile.load(beside(path, plan.source.inventory))


def journal_path(path: Path) -> Path:
    """`migration.toml` -> `migration.journal.jsonl`, beside it."""
    return path.with_suffix(".journal.jsonl")


def dags_folder(plan: Plan, path: Path) -> Path:
    """The DAG folder; PlanError where the plan names none or it is not there."""
    if not plan.code.dags_folder:
        raise PlanError("The plan names no DAG folder.", hint='Set code.dags_folder = "path/to/dags".')
    folder = beside(path, plan.code.dags_folder)
    if not folder.is_dir():
        raise PlanError(f"There is no DAG folder at {folder} (code.dags_folder).")
    if not any(folder.iterdir()):
        # Said before anything is made on Astro, not when the DAGs' turn comes.
        raise PlanError(
            f"The DAG folder {folder} is empty (code.dags_folder).", hint="Name the folder that holds the DAG files."
        )
    return folder
