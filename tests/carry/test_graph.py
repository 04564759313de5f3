from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.carry.graph import CARRYING, build, expected_dags
from astroferry.carry.runner import in_order
from astroferry.errors import PlanError
from astroferry.model.plan import Code, Deployment, Values, Wave, Workspace
from astroferry.model.travelling import connections_to_carry, variables_to_carry

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

FOLDER = Path("dags")


def ids(plan: Plan, inventory: Inventory, **options: Any) -> list[str]:
    return [action.info.id for action in build(plan, inventory, FOLDER, **options)]


def test_every_action_of_a_plan_in_order(plan: Plan, inventory: Inventory) -> None:
    actions = build(plan, inventory, FOLDER)
    assert [action.info.id for action in actions] == [
        "workspace/data",
        *(f"{step}/data-{role}" for role in ("test", "prod") for step in ("deployment", "healthy", "environment")),
        *(
            f"{item.partition('/')[0]}/data-{role}/{item.partition('/')[2]}"
            for role in ("test", "prod")
            for item in (
                "pool/warehouse",
                "variable/region",
                "variable/settings",
                "connection/warehouse_pg",
                "connection/files_sftp",
            )
        ),
        *(f"{step}/data-{role}" for role in ("test", "prod") for step in ("deploy", "arrived")),
    ]
    # Its order is its needs' order, and every need is among them.
    assert in_order(actions) == actions
    stages = [CARRYING.index(action.info.stage) for action in actions]
    assert stages == sorted(stages)
    assert all(action.info.title and action.info.undo_note for action in actions)


def test_conflict_policies_reach_their_items(plan: Plan, inventory: Inventory) -> None:
    chosen = replace(plan, conflicts=replace(plan.conflicts, pools="skip", variables="overwrite"))
    policies = {
        action.info.id.partition("/")[0]: action.conflict
        for action in build(chosen, inventory, FOLDER)
        if hasattr(action, "conflict")
    }
    assert policies == {"pool": "skip", "variable": "overwrite", "connection": "fail"}


def test_a_wave_brings_only_what_it_needs(plan: Plan, inventory: Inventory) -> None:
    wider = replace(
        plan,
        workspaces=(*plan.workspaces, Workspace("other"), Workspace("unused")),
        deployments=(*plan.deployments, Deployment("alone", "other"), Deployment("unused", "unused")),
        waves=(*plan.waves, Wave("last", "alone", "alone", dags=("hourly_stock",))),
    )
    assert {name for name in ids(wider, inventory, wave="last") if "/alone" not in name} == {"workspace/other"}
    assert not [name for name in ids(wider, inventory, wave="first") if "alone" in name or "other" in name]
    assert not [name for name in ids(wider, inventory) if "unused" in name]
    assert set(ids(wider, inventory)) == {
        *ids(wider, inventory, wave="first"),
        *ids(wider, inventory, wave="last"),
    }


def test_a_wave_that_is_not_in_the_plan_is_refused(plan: Plan, inventory: Inventory) -> None:
    with pytest.raises(PlanError, match='The plan names no wave "frist"'):
        build(plan, inventory, FOLDER, wave="frist")


def test_without_a_dag_folder_there_is_nothing_to_deploy(plan: Plan, inventory: Inventory) -> None:
    with pytest.raises(PlanError, match=r"names no DAG folder\. Set code\.dags_folder"):
        build(replace(plan, code=Code()), inventory, FOLDER)


@pytest.mark.parametrize("travel", ["backend", "none"])
def test_values_that_stay_where_they_are_are_not_copied(plan: Plan, inventory: Inventory, travel: Any) -> None:
    still = replace(plan, values=Values(connections=travel, variables=travel))
    assert {name.partition("/")[0] for name in ids(still, inventory)}.isdisjoint({"variable", "connection"})
    assert "pool/data-prod/warehouse" in ids(still, inventory)


def test_only_listed_values_that_are_not_skipped_are_carried(plan: Plan, inventory: Inventory) -> None:
    assert connections_to_carry(plan, inventory) == ("warehouse_pg", "files_sftp")
    assert variables_to_carry(plan, inventory) == ("region", "settings")
    skipping = replace(plan, values=Values(skip_connections=("files_sftp",), skip_variables=("region", "gone")))
    assert connections_to_carry(skipping, inventory) == ("warehouse_pg",)
    assert variables_to_carry(skipping, inventory) == ("settings",)
    elsewhere = tuple(replace(seen, origin="code") for seen in inventory.variables)
    assert variables_to_carry(plan, replace(inventory, variables=elsewhere)) == ()


def test_the_dags_of_all_its_waves_are_expected_on_a_deployment(plan: Plan, inventory: Inventory) -> None:
    first, rest = plan.waves
    production = plan.deployment("data-prod")
    assert expected_dags(plan, inventory, production, [first, rest]) == ("daily_sales", "hourly_stock", "by_hand")
    assert expected_dags(plan, inventory, production, [first]) == ("by_hand",)
    assert expected_dags(plan, inventory, production, [rest]) == ("daily_sales", "hourly_stock")
    assert expected_dags(plan, inventory, Deployment("alone", "data"), [first, rest]) == ()
