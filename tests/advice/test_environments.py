"""The full advice for ten environments: read as pages in snapshots/advice, and the guide's path in the first five."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.advice.advicepage import advice_page
from tests.advice.environments import Environment, case_of, dag, environments, seen, walked

from astroferry.advice.cost import cost
from astroferry.advice.needs import backend_needs, network_needs
from astroferry.advice.placing import steps
from astroferry.advice.suggest import problems
from astroferry.advice.verdict import verdicts
from astroferry.model import planfile
from astroferry.model.plancheck import problems_of

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case
    from astroferry.model.plan import Decisions

SNAPSHOTS = Path(__file__).parents[2] / "snapshots" / "advice"
NAMES = tuple(item.name for item in environments())


@cache
def named(name: str) -> Environment:
    return next(item for item in environments() if item.name == name)


@cache
def case(name: str) -> Case:
    return case_of(named(name))


def decisions(name: str) -> Decisions:
    return case(name).plan.decisions


def codes(name: str, severity: str = "") -> set[str]:
    found = problems(case(name).plan, case(name).inventory, case(name).facts)
    return {finding.code for finding in found if severity in {"", finding.severity}}


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_advice(name: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    text = advice_page(named(name))
    if os.environ.get("ASTROFERRY_REWRITE_SNAPSHOTS") and not os.environ.get("CI"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text("utf-8"), f"{path.name} differs; look, then rewrite it"


def test_a_private_vpc_gets_a_dedicated_cluster_and_peering() -> None:
    decided = decisions("private-vpc")
    assert (decided.cluster, decided.networking) == ("dedicated", "vpc-peering")
    assert (decided.cloud, decided.region, decided.cluster_name) == ("AWS", "eu-west-1", "harbour")
    # As the cluster, which is there, has it; nothing is proposed, and nobody is to make it.
    assert case("private-vpc").plan.network.vpc_subnet_range == "172.16.0.0/20"
    assert not any("Create the dedicated cluster" in line for line in network_needs(case("private-vpc")))
    assert codes("private-vpc", "refuse") == set()


def test_vault_stays_the_backend() -> None:
    assert decisions("vault").secrets_backend == "hashicorp-vault"
    values = case("vault").plan.values
    assert (values.connections, values.variables) == ("backend", "backend")
    assert codes("vault", "refuse") == set()
    assert {"SEC-021", "SEC-env"} <= codes("vault")


def test_hundreds_of_dags_move_in_waves_the_low_risk_first() -> None:
    made = case("hundreds")
    ids = tuple(item.dag_id for item in made.inventory.dags)
    assert len(made.plan.waves) > 3
    # Tested apart from production, as the guide stages it; both sides go on side by side until the last wave.
    assert all(wave.test != wave.production for wave in made.plan.waves)
    assert cost(made.plan).weeks == len(set(steps(made.plan).values())) + 1 < len(made.plan.waves) + 1
    found = {item.code: item for item in problems(made.plan, made.inventory, made.facts)}
    assert "90 days" in found["DEP-011"].message
    assert "source, paused, as the way back" in found["DEP-011"].todo
    sizes = [len(made.plan.dags_of(wave, ids)) for wave in made.plan.waves]
    assert sum(sizes) == 600
    pilot = [made.inventory.dag(name) for name in made.plan.dags_of(made.plan.waves[0], ids)]
    assert all(item is not None and not item.is_paused and "critical" not in item.tags for item in pilot)
    early = {name for wave in made.plan.waves[: len(made.plan.waves) // 2] for name in made.plan.dags_of(wave, ids)}
    assert not any(item.dag_id in early and "critical" in item.tags for item in made.inventory.dags)
    assert codes("hundreds", "refuse") == set()
    assert "WAV-order" not in found


def test_airflow_1_is_told_to_go_to_2_first() -> None:
    assert "VER-001" in codes("airflow-1", "refuse")
    found = problems(case("airflow-1").plan, case("airflow-1").inventory, case("airflow-1").facts)
    told = next(finding for finding in found if finding.code == "VER-001")
    assert "2.11" in told.todo
    judged = verdicts(case("airflow-1").inventory, found)
    assert judged.environment.word == "not ready"


def test_tasks_in_their_own_cloud_are_run_by_agents() -> None:
    decided = decisions("own-cloud")
    assert (decided.execution, decided.airflow, decided.networking) == ("remote", "3", "remote-agents")
    assert decided.secrets_backend not in {"airflow", "astro-environment"}
    assert {item.executor for item in case("own-cloud").plan.deployments} == {"ASTRO"}
    assert codes("own-cloud", "refuse") == set()
    assert {"EXE-009", "EXE-010", "SEC-014"} <= codes("own-cloud")
    # Whatever needs packages says that they go into the agents' image.
    for item in problems(case("own-cloud").plan, case("own-cloud").inventory, case("own-cloud").facts):
        assert "requirements.txt" not in item.todo, item.code
    assert not any("requirements.txt" in line for line in backend_needs(case("own-cloud")))


def test_the_others_get_what_they_need() -> None:
    assert (decisions("small").cluster, decisions("small").networking) == ("standard", "public")
    assert (decisions("composer").cloud, decisions("composer").region) == ("GCP", "europe-west4")
    assert case("composer").plan.network.pod_subnet_range == "100.64.0.0/16"
    assert (decisions("mwaa").cluster, decisions("mwaa").region) == ("dedicated", "eu-central-1")
    # Another cluster of theirs has Astro's default range.
    assert case("mwaa").plan.network.vpc_subnet_range == "172.16.0.0/20"
    assert decisions("mwaa").secrets_backend == "aws-secrets-manager"
    assert [queue.name for queue in case("mwaa").plan.deployments[0].worker_queues] == ["large"]
    assert len(case("many-teams").plan.workspaces) == 25
    assert "WSP-cross" in codes("many-teams")
    assert not {"WSP-wave", "HAZ-001", "EXE-more"} & codes("many-teams")
    assert case("broken").plan.deployments[0].executor == "KUBERNETES"


def test_what_is_proposed_is_not_found_fault_with() -> None:
    """Six teams of thirty: each small enough to be tried in place, one of them with a DAG that many depend on."""
    dags = tuple(
        dag(f"t{team}_{number:02}", owners=(f"t{team}",), waits_for=("t0_00",) if not team and 0 < number < 7 else ())
        for team in range(6)
        for number in range(30)
    )
    made = case_of(Environment("six", "Six teams", seen(dags=dags), named("small").facts))
    assert [item.name for item in made.plan.deployments if item.role == "test"] == ["t0-test"]
    assert "WAV-same" not in {item.code for item in problems(made.plan, made.inventory, made.facts)}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "broken"])
def test_a_walk_by_suggestions_ends_in_a_plan_that_can_be_read_back(name: str) -> None:
    desk, missing = walked(named(name))
    assert missing == ()
    assert problems_of(desk.plan) == []
    assert planfile.parse(planfile.dump(desk.plan), "plan") == desk.plan
