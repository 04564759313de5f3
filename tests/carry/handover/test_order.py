from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from astroferry.carry.handover.order import pairs, torn
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback
from astroferry.carry.runner import in_order
from astroferry.model.cutover import DagStanding
from astroferry.model.inventory import Dag, Inventory, Schedule
from astroferry.model.plan import Deployment, Plan, Source, Wave

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def dag(dag_id: str, kind: Any = "cron", **more: Any) -> Dag:
    return Dag(dag_id, Schedule(kind, "@hourly"), is_paused=False, catchup=True, **more)


DAGS = (
    dag("consumer", "dataset", consumes=("s3://x",)),
    dag("maker", produces=("s3://x",)),
    dag("parent", triggers=("child", "elsewhere")),
    dag("child", "none"),
    dag("sensor", waits_for=("maker",)),
)
INVENTORY = Inventory("airflow", "http://source", "2.11.2", NOW, dags=DAGS)
PLAN = Plan(
    "p", Source("http://source"), NOW, deployments=(Deployment("prod", "ws"),), waves=(Wave("w", "prod", "prod"),)
)


def test_who_starts_another_is_drained_first_and_unpaused_last() -> None:
    assert pairs(DAGS) == [("maker", "consumer"), ("parent", "child"), ("sensor", "maker")]
    order = [action.info.id for action in in_order(actions_for_cutover(PLAN, INVENTORY, "w"))]

    def at(dag_id: str, step: str, way: str = "cutover") -> int:
        return order.index(f"{way}/w/{dag_id}/{step}")

    assert at("sensor", "drain-source") < at("maker", "drain-source") < at("consumer", "drain-source")
    assert at("consumer", "unpause-target") < at("maker", "unpause-target") < at("sensor", "unpause-target")
    assert at("child", "unpause-target") < at("parent", "unpause-target")
    order = [action.info.id for action in in_order(actions_for_rollback(PLAN, INVENTORY, "w"))]
    assert at("maker", "drain-target", "rollback") < at("consumer", "drain-target", "rollback")
    assert at("consumer", "unpause-source", "rollback") < at("maker", "unpause-source", "rollback")


def test_a_circle_is_cut_and_a_dag_that_starts_itself_waits_for_nobody() -> None:
    circle = (dag("a", triggers=("b", "a")), dag("b", triggers=("c",)), dag("c", triggers=("a",)))
    assert pairs(circle) == [("a", "b"), ("b", "c")]


def test_who_was_never_begun_is_not_waited_for_on_the_way_back() -> None:
    standings = {"consumer": DagStanding("consumer", source_paused=False, target_paused=True, at=NOW)}
    actions = actions_for_rollback(PLAN, INVENTORY, "w", standings)
    assert {action.info.id.split("/")[2] for action in in_order(actions)} == {"consumer"}


@pytest.mark.parametrize(
    ("moving", "said"),
    [
        ({"maker", "sensor"}, '"maker" starts "consumer", but only "maker" is handed over'),
        ({"consumer", "sensor"}, '"maker" starts "consumer", but only "consumer" is handed over'),
        ({"sensor"}, '"sensor" watches "maker"'),
    ],
)
def test_dags_torn_apart_are_named(moving: set[str], said: str) -> None:
    assert any(said in finding.message for finding in torn(INVENTORY, moving))
    assert torn(INVENTORY, {"maker", "consumer", "sensor", "parent", "child"}) == []
