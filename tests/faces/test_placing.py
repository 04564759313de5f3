"""DAGs put into a Workspace in bulk: the same plan by keys, by lines, and as data."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.prompts.scripted import Scripted

from astroferry.advice.assignment import assigned
from astroferry.faces.navigator import POSITION
from astroferry.faces.placing import division_of, into_workspace, production_in
from astroferry.faces.prompts.tabling import ask_tables
from astroferry.faces.session import Session
from astroferry.faces.tables import as_tables, wave_of
from astroferry.faces.tui.app import Ferry
from astroferry.model import inventoryfile, planfile
from astroferry.model.plan import Deployment, Workspace
from astroferry.stages import DECIDING
from astroferry.stages.desk import Desk
from astroferry.stages.walk import fill

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALL = tuple(stage.key for stage in DECIDING)


def wave_tables(plan: Plan) -> list[dict[str, Any]]:
    return as_tables(plan.waves)


def test_a_workspace_with_a_deployment_takes_them_there(plan: Plan, inventory: Inventory) -> None:
    there = plan.deployment("data-prod")
    division = division_of(plan, wave_tables(plan))
    found = into_workspace(plan, inventory, division, ["by_hand"], workspace=there.workspace)
    assert found.deployments == plan.deployments
    ends = {wave["name"]: wave["production"] for wave in found.waves}
    assert ends[wave_of(found.waves, ["by_hand"])["by_hand"]] == production_in(division, there.workspace)[0].name


def test_without_a_deployment_there_one_like_theirs_is_made(plan: Plan, inventory: Inventory) -> None:
    big = dataclasses.replace(plan.deployment("data-prod"), scheduler_size="LARGE", description="ours")
    shaped = dataclasses.replace(
        plan, deployments=tuple(big if item.name == big.name else item for item in plan.deployments)
    )
    found = into_workspace(
        shaped, inventory, division_of(shaped, wave_tables(plan)), ["hourly_stock"], workspace="Sales & Co"
    )
    assert found.workspaces[-1] == Workspace("Sales & Co")
    made = found.deployments[-1]
    assert (made.name, made.workspace, made.role) == ("sales-co-production", "Sales & Co", "both")
    assert (made.scheduler_size, made.description) == ("LARGE", "")
    (wave,) = [wave for wave in found.waves if wave["production"] == made.name]
    assert (wave["test"], wave["dags"]) == (made.name, ["hourly_stock"])
    again = into_workspace(shaped, inventory, found, ["by_hand"], workspace="Sales & Co")
    assert again.deployments == found.deployments, "the second time it is there"
    assert {"workspaces", "deployments"} == set(again.beside_waves(shaped))


def test_a_test_deployment_there_is_where_they_are_tested(plan: Plan, inventory: Inventory) -> None:
    own = (*plan.deployments, Deployment("s-test", "S", role="test"))
    with_test = dataclasses.replace(plan, workspaces=(*plan.workspaces, Workspace("S")), deployments=own)
    found = into_workspace(
        with_test, inventory, division_of(with_test, wave_tables(plan)), ["by_hand"], workspace="S"
    )
    (wave,) = [wave for wave in found.waves if wave["production"] == "s-production"]
    assert wave["test"] == "s-test"
    assert found.deployments[-1].role == "production"


def test_where_rules_divide_them_they_become_exceptions(plan: Plan, inventory: Inventory) -> None:
    ruled = dataclasses.replace(
        plan, workspaces=(Workspace(plan.workspaces[0].name), Workspace("S", dags=("by_hand",), owners=("ada",)))
    )
    found = into_workspace(
        ruled, inventory, division_of(ruled, wave_tables(plan)), ["by_hand"], workspace=ruled.workspaces[0].name
    )
    assert [item.dags for item in found.workspaces] == [(), ()]
    back = into_workspace(ruled, inventory, found, ["by_hand", "daily_sales"], workspace="S")
    assert back.workspaces[1].dags == ("by_hand", "daily_sales")
    now = dataclasses.replace(ruled, workspaces=back.workspaces)
    assert assigned(now, inventory) == {
        "daily_sales": "S",
        "hourly_stock": ruled.workspaces[0].name,
        "by_hand": "S",
    }


# -- the same plan on the three faces --------------------------------------------------------------------------------


@pytest.fixture
def path(plan: Plan, inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("dags").mkdir()
    planfile.save(dataclasses.replace(plan, decided=ALL[: ALL.index("waves")]), Path("migration.toml"))
    inventoryfile.save(inventory, Path("inventory.json"))
    return Path("migration.toml")


def opened(path: Path) -> Session:
    session = Session.open(path, now=lambda: NOW)
    session.nav.index = POSITION["waves"]
    return session


async def by_keys(path: Path) -> bytes:
    app = Ferry(path.parent, session=opened(path), now=lambda: NOW, pace=0.01)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        for key in ("f7", "slash", *"hourly", "enter", "o", "end", "enter", *"Stock", "enter", "f2", "f2"):
            await pilot.press(key)
            await pilot.pause()
        await app.workers.wait_for_complete()
        await app.leave()
    return path.read_bytes()


async def by_lines(path: Path) -> bytes:
    session = opened(path)
    (asked,) = session.nav.trial().asked
    console = Scripted(["assign", "hourly", "1", "workspace Stock", ""])
    answer = await ask_tables(asked, session, console)
    assert "A new Deployment stock-production" in console.page
    session.nav.draft("waves", answer)
    assert session.nav.next() is None
    session.save()
    session.close()
    return path.read_bytes()


def as_data(path: Path, inventory: Inventory, by: Plan) -> bytes:
    """What a person writes into the answers file for the same."""
    plan = planfile.load(path, unfinished=True)
    desk = Desk(path, plan, inventory)
    asked = {key: as_tables(getattr(by, key)) for key in ("workspaces", "deployments", "waves")}
    known = {"target.organization": plan.target.organization, "decisions.runtime": plan.decisions.runtime}
    fill(desk, {**known, **asked})
    for key, tables in asked.items():
        assert as_tables(getattr(desk.plan, key)) == tables
    return path.read_bytes()


async def test_the_same_on_every_face(path: Path, inventory: Inventory) -> None:
    before = path.read_bytes()
    keys = await by_keys(path)
    plan = planfile.load(path, unfinished=True)
    assert plan.workspaces[-1].name == "Stock"
    assert plan.deployments[-1].name == "stock-production"
    assert [wave.dags for wave in plan.waves if wave.production == "stock-production"] == [("hourly_stock",)]
    path.write_bytes(before)
    assert (await by_lines(path)).decode().splitlines() == keys.decode().splitlines()
    as_data(path, inventory, plan)
