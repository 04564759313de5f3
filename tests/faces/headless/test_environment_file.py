"""`assess --environment FILE`: names of the source's variables, taken over by plan and refresh; never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness import SOURCE

from astroferry.errors import Exit
from astroferry.model import inventoryfile

if TYPE_CHECKING:
    from tests.harness import World

FILE = "STAGE=canary-stage\nAIRFLOW_CONN_ERP=postgres://erp:canary-5ecret@erp/db\nAIRFLOW__CORE__DEFAULT_TASK_RETRIES=2\n"


def test_the_file_goes_with_the_plan_and_is_read_again(world: World) -> None:
    given = world.folder / "source.env"
    given.write_text(FILE, encoding="utf-8")
    ran = world.run("assess", SOURCE, "--environment", str(given), "--out", str(world.inventory_path))
    assert ran.code == 0, ran.err
    assert "environment       3      AIRFLOW_CONN_ERP, AIRFLOW__CORE__DEFAULT_TASK_RETRIES, STAGE" in ran.out
    assert world.make_plan().code == 0
    assert world.plan.source.environment == str(given)
    shown = world.on_plan("show").out
    given.write_text("STAGE=canary-stage\nNEW_ONE=x\n", encoding="utf-8")
    refreshed = world.on_plan("refresh")
    assert refreshed.code == 0, refreshed.err
    assert "NEW_ONE" in refreshed.out
    assert inventoryfile.load(world.inventory_path).environment == ("NEW_ONE", "STAGE")
    written = world.inventory_path.read_text("utf-8") + world.plan_path.read_text("utf-8")
    assert "canary" not in written + shown + ran.out + ran.err + refreshed.out + refreshed.err


def test_a_file_that_is_not_there_is_said_before_anything_is_read(world: World) -> None:
    ran = world.run("assess", SOURCE, "--environment", "gone.env", "--out", str(world.inventory_path))
    assert ran.code == Exit.USAGE
    assert "The environment file gone.env cannot be read: No such file or directory." in ran.err
    assert not world.inventory_path.exists()
    assert world.estate.requests == []
