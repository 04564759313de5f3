"""A changed answer marks the stages whose advice it changes, and erases nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.advice.environments import Environment, many_teams, private_vpc, small, walked

from astroferry.faces.navigator import POSITION, Navigator
from astroferry.model.planedit import with_value
from astroferry.stages import DECIDING
from astroferry.stages.changing import concerned
from astroferry.stages.desk import Desk


def after(environment: Environment, key: str, value: Any) -> tuple[str, ...]:
    desk, _ = walked(environment)
    stage = next(item for item in DECIDING if item.key == key.partition(":")[0])
    return concerned(desk, stage, with_value(desk.plan, key.partition(":")[2], value))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("execution:decisions.execution", "remote", {"networking", "secrets"}),
        ("cluster:decisions.cluster", "standard", {"networking"}),
        ("secrets:decisions.secrets_backend", "hashicorp-vault", {"values"}),
        ("networking:places", [{"host": "api.weather.example", "path": "public"}], set()),
        ("version:decisions.airflow", "2", {"execution", "workspaces"}),
    ],
)
def test_what_a_changed_answer_concerns(key: str, value: Any, expected: set[str]) -> None:
    found = set(after(private_vpc(), key, value))
    assert expected <= found
    stages = [stage.key for stage in DECIDING]
    assert all(stages.index(name) > stages.index(key.partition(":")[0]) for name in found)
    if not expected:
        assert found == set()


def test_the_same_answer_concerns_nobody() -> None:
    desk, _ = walked(small())
    assert all(concerned(desk, stage, desk.plan) == stage.upsets for stage in DECIDING if not stage.upsets)


def test_the_source_s_address_concerns_its_inventory_whatever_the_advice() -> None:
    assert after(small(), "source:source.url", "https://other.example") == ("inventory",)


def test_workspaces_concern_waves() -> None:
    environment = many_teams()
    few = tuple(dag for dag in environment.inventory.dags if dag.dag_id.endswith("0"))
    environment = replace(environment, inventory=replace(environment.inventory, dags=few))
    desk, _ = walked(environment)
    assert "waves" in after(environment, "workspaces:workspaces", [desk.plan.workspaces[0]])


def test_nothing_is_erased_on_the_walk() -> None:
    desk, _ = walked(private_vpc())
    before = desk.plan
    nav = Navigator(Desk(Path("migration.toml"), desk.plan, desk.inventory, desk.facts))
    nav.index = POSITION["execution"]
    nav.draft("decisions.execution", "remote")
    # Remote is not in this organization's plan, so it is not taken, and nothing is marked.
    assert nav.next() is not None
    assert nav.desk.plan == before
    nav.drafts.clear()
    nav.index = POSITION["cluster"]
    nav.draft("decisions.cluster", "standard")
    assert nav.next() is None
    assert "networking" in nav.desk.plan.review_again
    assert nav.desk.plan.decisions.networking == before.decisions.networking
    assert nav.desk.plan.waves == before.waves
