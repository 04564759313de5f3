"""The DAG folder is read as text: advice follows, and what was decided on other code is looked at again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import PlanError
from astroferry.faces.session import Session
from astroferry.model import inventoryfile, planfile
from astroferry.stages import DECIDING
from astroferry.stages.ends import folder_known

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan
    from astroferry.sources.progress import Progress


async def test_other_code_stirs_what_was_decided(
    plan: Plan, inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dags = Path("dags")
    dags.mkdir()
    (dags / "sales.py").write_text('from airflow import DAG\nDAG("daily_sales")\n', encoding="utf-8")
    path = Path("migration.toml")
    planfile.save(dataclasses.replace(plan, decided=tuple(stage.key for stage in DECIDING)), path)
    inventoryfile.save(inventory, Path("inventory.json"))
    session = Session.open(path)
    told: list[Progress] = []
    try:
        assert session.folder_to_read == plan.code.dags_folder
        await session.read_folder("dags", told.append)
        assert (told[-1].done, told[-1].total) == (1, 1)
        assert session.desk.plan.review_again == (), "it was decided with this code in view"
        assert list(folder_known(session.desk)) == [
            "DAG folder: 1 DAG in 1 file.",
            "No file there defines hourly_stock, by_hand, which the source has.",
        ]
        (dags / "old.py").write_text(
            "from airflow import DAG\nfrom airflow.operators.subdag import SubDagOperator\n"
            'DAG("by_hand", schedule=None, catchup=False)\n',
            encoding="utf-8",
        )
        await session.read_folder("dags", told.append)
        assert "version" in session.desk.plan.review_again
        with pytest.raises(PlanError, match="does not exist"):
            await session.read_folder("nowhere", told.append)
        assert session.desk.found is None
    finally:
        session.close()
