"""Workspaces, their DAGs and their Deployments, proposed from owners, tags and folders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rulecase import CRON, PLAN, case, source

from astroferry.advice import layouts
from astroferry.advice.assignment import assigned, dag_root, folder_of, home
from astroferry.advice.placing import placed, steps
from astroferry.advice.roles import ROLES, in_words, teams
from astroferry.advice.rules.workspaces import suggest_deployments, suggest_workspaces
from astroferry.advice.waves import Proposed
from astroferry.model.inventory import Dag
from astroferry.model.plan import Deployment, Plan, Workspace

EMPTY = replace(PLAN, workspaces=(), deployments=(), waves=())


def dag(dag_id: str, owner: str = "airflow", folder: str = "", **changes: Any) -> Dag:
    file = f"/opt/airflow/dags/{folder + '/' if folder else ''}{dag_id}.py"
    return replace(Dag(dag_id, CRON, is_paused=False, owners=(owner,), fileloc=file), **changes)


TEAMS = source(
    dags=(dag("a", "sales", "crm"), dag("b", "ops", "crm"), dag("c", "ops", "erp"), dag("d", "ops", "erp"))
)


def test_the_dag_folder_is_as_configured_or_what_holds_all_files() -> None:
    configured = replace(TEAMS, config={"core": {"dags_folder": "/opt/airflow"}})
    assert dag_root(configured) == "/opt/airflow/"
    assert folder_of(configured.dags[0], dag_root(configured)) == "dags"
    assert dag_root(TEAMS) == "/opt/airflow/dags/"
    assert folder_of(dag("x"), dag_root(TEAMS)) == ""
    assert folder_of(replace(dag("x"), fileloc="/elsewhere/x.py"), dag_root(TEAMS)) == ""
    assert dag_root(source()) == ""


def test_by_team_business_unit_and_project() -> None:
    def made(layout: str, inventory: Any = TEAMS) -> tuple[Workspace, ...]:
        return layouts.workspaces(case(EMPTY, inventory, workspaces=layout))

    assert made("team") == (Workspace("ops", owners=("ops",)), Workspace("sales", owners=("sales",)))
    assert made("business-unit") == (Workspace("crm", folders=("crm",)), Workspace("erp", folders=("erp",)))
    assert made("project") == made("business-unit")
    tagged = source(dags=(dag("a", tags=("x",)), dag("b", tags=("y", "x"))))
    assert made("project", tagged) == (Workspace("x", tags=("x",)), Workspace("y", tags=("y",)))
    assert made("one") == made("team", source()) == (Workspace("p"),)
    assert [item.name for item in made("environment")] == ["p production", "p development"]
    some = source(dags=(*TEAMS.dags, dag("e")))
    assert made("team", some)[-1] == Workspace("p shared")


def test_names_that_become_the_same_share_a_workspace() -> None:
    long = "a team with a name that is longer than fifty characters, number "
    same = source(dags=(dag("a", long + "1"), dag("b", long + "2"), dag("c", "ops"), dag("d", "Ops")))
    made = layouts.workspaces(case(EMPTY, same, workspaces="team"))
    assert [item.owners for item in made] == [("Ops", "ops"), (long + "1", long + "2")]
    assert all(len(item.name) <= 50 for item in made)


def test_exceptions_win_and_the_first_rule_that_fits() -> None:
    plan = replace(
        EMPTY,
        workspaces=(
            Workspace("sales", owners=("sales",), dags=("d",)),
            Workspace("crm", folders=("crm",)),
            Workspace("rest"),
        ),
    )
    assert assigned(plan, TEAMS) == {"a": "sales", "b": "crm", "c": "rest", "d": "sales"}
    assert assigned(replace(plan, workspaces=plan.workspaces[:2]), TEAMS) == {"a": "sales", "b": "crm", "d": "sales"}
    assert assigned(EMPTY, TEAMS) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from(["sales", "ops", "airflow", "x" * 60]), st.sampled_from(["", "crm"])), max_size=9
    ),
    st.sampled_from(["one", "team", "environment", "business-unit", "project"]),
)
def test_every_dag_gets_a_workspace_and_every_workspace_a_deployment(given_dags: Any, layout: str) -> None:
    inventory = source(dags=tuple(dag(f"d{n}", owner, folder) for n, (owner, folder) in enumerate(given_dags)))
    first = case(EMPTY, inventory, workspaces=layout)
    plan: Plan = replace(first.plan, workspaces=layouts.workspaces(first))
    where = assigned(plan, inventory)
    assert set(where) == {item.dag_id for item in inventory.dags}
    made = layouts.deployments(case(plan, inventory))
    assert len({item.name for item in made}) == len(made)
    assert {item.workspace for item in made} == {item.name for item in plan.workspaces}


def test_deployments_are_sized_for_their_own_dags() -> None:
    heavy = source(dags=(dag("a", "sales", queues=("heavy",)), dag("b", "ops", pod_overrides=True)))
    plan = replace(EMPTY, workspaces=(Workspace("ops", owners=("ops",)), Workspace("sales", owners=("sales",))))
    found = {item.name: item for item in layouts.deployments(case(plan, heavy))}
    assert found["ops-production"].executor == "KUBERNETES"
    assert [queue.name for queue in found["sales-production"].worker_queues] == ["heavy"]
    assert found["ops-production"].worker_queues == ()


def test_many_dags_are_tried_on_a_deployment_for_tests() -> None:
    many = source(dags=tuple(dag(f"d{number}", "sales", queues=("heavy",)) for number in range(60)))
    one = replace(EMPTY, workspaces=(Workspace("all"),))
    production, test = layouts.deployments(case(one, many))
    assert [(item.role, item.development_mode) for item in (production, test)] == [
        ("production", False),
        ("test", True),
    ]
    assert 1 <= test.worker_max < production.worker_max
    assert test.worker_queues[0].worker_max < production.worker_queues[0].worker_max
    (wave,) = placed(
        replace(one, deployments=(production, test)), many, (Proposed("one", ("d1",), ("*",), "low", (1, 0, 0)),)
    )
    assert (wave.test, wave.production) == (test.name, production.name)
    assert "2 more for tests" not in suggest_deployments(case(one, many)).reason
    assert "and one for tests, in development mode" in suggest_deployments(case(one, many)).reason
    few = replace(many, dags=many.dags[:50])
    assert [item.role for item in layouts.deployments(case(one, few))] == ["both"]


def test_agents_have_no_workers_on_astro() -> None:
    (made,) = layouts.deployments(case(replace(EMPTY, workspaces=(Workspace("all"),)), TEAMS, execution="remote"))
    assert made == Deployment("p-production", "all", executor="ASTRO")
    found = suggest_deployments(case(EMPTY, TEAMS, execution="remote"))
    assert found.evidence[1:] == ("p-production: ASTRO, SMALL, no workers on Astro",)
    assert "agents run the tasks" in found.reason


def test_suggestions_name_what_they_rest_on() -> None:
    by_team = case(EMPTY, TEAMS, workspaces="team")
    found = suggest_workspaces(by_team)
    assert found.evidence == ("ops: 3 DAGs", "sales: 1 DAG")
    assert "owners" in found.reason
    assert [item.name for item in suggest_deployments(by_team).value] == ["ops-production", "sales-production"]
    assert "do not divide" in suggest_workspaces(case(EMPTY, source(), workspaces="team")).reason
    assert [item.role for item in suggest_deployments(case(EMPTY, TEAMS, workspaces="environment")).value] == [
        "production",
        "test",
    ]


def test_deployments_are_given_what_the_dags_rely_on() -> None:
    retried = source(dags=TEAMS.dags, config={"core": {"default_task_retries": "3"}})
    made = suggest_deployments(case(EMPTY, retried)).value
    assert made[0].environment["AIRFLOW__CORE__DEFAULT_TASK_RETRIES"] == "3"


def test_waves_go_to_the_deployment_of_their_dags_workspace() -> None:
    plan = replace(
        EMPTY,
        workspaces=(Workspace("ops", owners=("ops",)), Workspace("sales", owners=("sales",))),
        deployments=(Deployment("ops-production", "ops"), Deployment("sales-production", "sales")),
    )
    waves = (
        Proposed("one", ("a", "b"), ("a", "b"), "low", (2, 0, 0)),
        Proposed("two", ("c", "d"), ("*",), "high", (0, 0, 2)),
    )
    made = placed(plan, TEAMS, waves)
    assert [(item.name, item.production) for item in made] == [
        ("one ops", "ops-production"),
        ("one sales", "sales-production"),
        ("two ops", "ops-production"),
    ]
    taken = replace(plan, waves=made).divided(["a", "b", "c", "d"])
    assert taken == {"a": ("one sales",), "b": ("one ops",), "c": ("two ops",), "d": ("two ops",)}
    numbered = (Proposed("wave-01-ops", ("a", "b"), ("*",), "low", (2, 0, 0)),)
    critical = (Proposed("wave-02-critical", ("c", "d"), ("*",), "high", (0, 0, 2)),)
    assert [item.name for item in placed(plan, TEAMS, (*numbered, *critical))] == [
        "wave-01 ops",
        "wave-01 sales",
        "wave-02-critical ops",
    ]
    assert list(steps(replace(plan, waves=placed(plan, TEAMS, (*numbered, *critical)))).values()) == [0, 0, 1]
    slashed = replace(
        plan,
        workspaces=(Workspace("a/b", owners=("ops",)), Workspace("a-b", owners=("sales",))),
        deployments=(Deployment("one", "a/b"), Deployment("two", "a-b")),
    )
    told = placed(slashed, TEAMS, numbered)
    assert {(item.name, item.production) for item in told} == {("wave-01 a-b", "two"), ("wave-01 a-b-2", "one")}
    slashed = replace(slashed, workspaces=(slashed.workspaces[0], Workspace("sales", owners=("sales",))))
    slashed = replace(slashed, deployments=(Deployment("one", "a/b"), Deployment("two", "sales")))
    told = placed(slashed, TEAMS, numbered)
    assert [item.name for item in told] == ["wave-01 a-b", "wave-01 sales"]
    assert set(steps(replace(slashed, waves=told)).values()) == {0}, "they go at the same time"
    one = replace(plan, workspaces=(Workspace("ops"),), deployments=(Deployment("x", "ops"),))
    assert [(item.name, item.dags) for item in placed(one, TEAMS, waves)] == [("one", ("a", "b")), ("two", ("*",))]


def test_a_workspace_without_a_deployment_of_its_own_uses_the_first() -> None:
    plan = replace(
        EMPTY,
        workspaces=(Workspace("ops", owners=("ops",)), Workspace("sales", owners=("sales",))),
        deployments=(Deployment("t", "ops", "test"), Deployment("x", "ops", "production")),
    )
    assert home(plan, "sales", "test") is None
    made = placed(plan, TEAMS, (Proposed("one", ("a", "b", "c", "d"), ("*",), "low", (4, 0, 0)),))
    assert {(item.test, item.production) for item in made} == {("t", "x")}


def test_one_deployment_for_tests_serves_all_workspaces_where_they_have_none() -> None:
    plan = replace(
        EMPTY,
        workspaces=(Workspace("ops", owners=("ops",)), Workspace("sales", owners=("sales",))),
        deployments=(
            Deployment("ops-production", "ops", "production"),
            Deployment("sales-production", "sales", "production"),
            Deployment("everybody-test", "ops", "test"),
        ),
    )
    made = placed(plan, TEAMS, (Proposed("one", ("a", "b", "c", "d"), ("*",), "low", (4, 0, 0)),))
    assert {(item.test, item.production) for item in made} == {
        ("everybody-test", "ops-production"),
        ("everybody-test", "sales-production"),
    }


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.airflow)
def test_roles_are_astros_own(role: Any) -> None:
    assert role.astro in {"", "WORKSPACE_OWNER", "WORKSPACE_OPERATOR", "WORKSPACE_AUTHOR", "WORKSPACE_MEMBER"}
    assert role.differs


def test_a_team_for_each_owner() -> None:
    plan = replace(EMPTY, workspaces=(Workspace("ops", owners=("ops", "platform")), Workspace("rest")))
    assert [(item.team, item.workspace) for item in teams(plan)] == [("ops", "ops"), ("platform", "ops")]
    assert "Team ops: WORKSPACE_AUTHOR in ops." in in_words(plan)
