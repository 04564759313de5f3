"""A walk without a face: the same answers give the same plan, and all that is missing is said at once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOON

from astroferry.errors import PlanError
from astroferry.model import planfile
from astroferry.model.inventory import ConnectionSeen, Dag, Inventory, Place, Schedule, VariableSeen
from astroferry.model.organization import (
    DeploymentOptions,
    DeploymentSeen,
    OrganizationFacts,
    OrganizationSeen,
    RuntimeRelease,
    WorkspaceSeen,
)
from astroferry.model.plancheck import problems_of
from astroferry.stages import CARRYING, DECIDING, STAGES
from astroferry.stages.desk import Desk, new_desk
from astroferry.stages.stage import Carrying, Deciding
from astroferry.stages.walk import Taken, fill, flat, next_question

if TYPE_CHECKING:
    from collections.abc import Mapping

INVENTORY = Inventory(
    kind="airflow",
    url="https://airflow.example.com",
    airflow_version="2.11.0",
    taken_at=NOON,
    dags=(
        Dag("daily", Schedule("cron", "0 6 * * *"), is_paused=False, owners=("data",), triggers=("by_hand",)),
        Dag("by_hand", Schedule("none"), is_paused=True, owners=("ops",)),
    ),
    connections=(ConnectionSeen("pg", "postgres", "10.1.2.3", 5432),),
    variables=(VariableSeen("api_key", masked=True),),
    places=(
        Place("10.1.2.3", 5432, ("pg",), "vpn", "a private address"),
        Place("api.example.com", None, (), "public", "a public name"),
    ),
)
FACTS = OrganizationFacts(
    OrganizationSeen("cl1", "Acme", plans=("team",)),
    DeploymentOptions(runtime_releases=(RuntimeRelease("3.3-8", "3.3.2"), RuntimeRelease("13.11.0", "2.11.2"))),
    workspaces=(WorkspaceSeen("w1", "Data"),),
    deployments=(DeploymentSeen("d1", "old", "w1", "HEALTHY"),),
)
ANSWERS: dict[str, Any] = {
    "target.organization": "cl1",
    "code.dags_folder": "dags",
    "decisions.airflow": "3",
    "decisions.runtime": "3.3-8",
    "decisions.cluster": "dedicated",
    "decisions.cluster_name": "harbour",
    "decisions.networking": "vpn",
    "values.connections": "export-file",
    "values.connections_file": "connections.json",
    "values.variables": "export-file",
    "values.variables_file": "variables.json",
    "workspaces": [{"name": "Data"}],
    "deployments": [{"name": "prod", "workspace": "Data"}],
    "waves": [{"name": "one", "test": "prod", "production": "prod"}],
}


def desk(inventory: Inventory | None = INVENTORY, facts: OrganizationFacts | None = FACTS) -> Desk:
    made = new_desk(Path("migration.toml"), "acme", now=NOON)
    made.inventory, made.facts = inventory, facts
    return made


def filled(answers: Mapping[str, Any], **ends: Any) -> Desk:
    made = desk(**ends)
    fill(made, dict(answers))
    return made


def refusal(answers: Mapping[str, Any], **ends: Any) -> dict[str, str]:
    with pytest.raises(PlanError) as error:
        filled(answers, **ends)
    return {problem.where: problem.message for problem in error.value.problems}


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in ANSWERS.items() if key not in keys}


def stage(key: str) -> Deciding:
    return next(each for each in DECIDING if each.key == key)


def test_the_same_answers_give_the_same_bytes() -> None:
    first, second = (planfile.dump(filled(ANSWERS).plan) for _ in range(2))
    assert first == second
    assert planfile.parse(first, "plan") == filled(ANSWERS).plan
    shuffled = dict(reversed(ANSWERS.items()))
    assert planfile.dump(filled(shuffled).plan) == first


def test_a_walk_marks_every_stage_and_notes_both_ends() -> None:
    plan = filled(ANSWERS).plan
    assert plan.decided == tuple(each.key for each in DECIDING)
    assert plan.source.url == INVENTORY.url
    assert plan.source.fingerprint.dags == 2
    assert plan.target.fingerprint.version == "3.3-8"
    assert plan.target.organization_name == "Acme"
    assert problems_of(plan) == []


def test_what_is_answered_and_what_is_suggested_is_told() -> None:
    told: list[Taken] = []
    fill(desk(), dict(ANSWERS), told=told.append)
    by_key = {taken.key: taken for taken in told}
    assert by_key["decisions.cluster"].given
    assert not by_key["decisions.cluster"].reason
    assert not by_key["decisions.region"].given
    assert by_key["decisions.region"].reason
    assert [place["path"] for place in by_key["places"].value] == ["vpn", "public"]
    assert "nobody confirmed it" in by_key["places"].reason


def test_a_guessed_path_stays_a_guess_and_an_answered_one_is_confirmed() -> None:
    assert filled(ANSWERS).plan.places == ()
    given = [{"host": "10.8.0.5", "path": "vpn"}]
    assert [place.host for place in filled({**ANSWERS, "places": given}).plan.places] == ["10.8.0.5"]


def test_everything_missing_is_listed_at_once() -> None:
    missing = refusal({}, inventory=None, facts=None)
    wanted = {"target.organization", "source.url", "code.dags_folder", "decisions.runtime", "decisions.airflow"}
    assert wanted <= set(missing)
    assert all(message.startswith("is missing: ") for message in missing.values())
    with pytest.raises(PlanError, match="1 answer is missing"):
        filled(without("code.dags_folder"))


def test_a_stage_with_a_gap_is_not_decided() -> None:
    made = desk()
    with pytest.raises(PlanError):
        fill(made, without("decisions.cluster_name"))
    assert "cluster" not in made.plan.decided
    assert "version" in made.plan.decided


def test_an_option_that_is_refused_says_why() -> None:
    answers = ANSWERS | {"decisions.airflow": "2", "decisions.runtime": "13.11.0", "decisions.execution": "remote"}
    assert refusal(answers) == {"decisions.execution": "cannot be remote: Remote execution needs Airflow 3."}


def test_wrong_types_and_unknown_keys_are_listed_together() -> None:
    found = refusal(
        ANSWERS | {"decisions.cluster": "round", "cutover.poll": "often", "decisions.shape": 1, "nope": 2}
    )
    assert found.keys() >= {"decisions.cluster", "cutover.poll", "decisions.shape", "nope"}
    assert found["nope"] == "is not known"


def test_answers_beside_the_questions_go_into_the_plan() -> None:
    assert filled(ANSWERS | {"cutover.poll": 2.5}).plan.cutover.poll == 2.5


@pytest.mark.slow
@pytest.mark.parametrize("facts", [FACTS, None], ids=["astro known", "astro unknown"])
@settings(max_examples=50, deadline=None)
@given(keys=st.sets(st.sampled_from(sorted(ANSWERS))))
def test_any_subset_gives_a_plan_or_names_what_is_missing(facts: OrganizationFacts | None, keys: set[str]) -> None:
    answers = {key: ANSWERS[key] for key in keys}
    made = desk(facts=facts)
    missing: set[str] = set()
    try:
        fill(made, answers)
    except PlanError as error:
        missing = {problem.where for problem in error.problems} or {str(error)}
    assert not missing & keys
    assert missing <= set(ANSWERS)
    if missing:
        # Answering what was named is enough to get past it.
        made = desk(facts=facts)
        fill(made, answers | {key: ANSWERS[key] for key in missing})
    # What is left may contradict itself, but it is never half a plan: the file gives it back.
    assert planfile.parse(planfile.dump(made.plan), "plan", unfinished=True) == made.plan
    if ANSWERS.keys() == keys:
        assert problems_of(made.plan) == []


def test_an_answers_file_is_opened_into_keys() -> None:
    text = 'name = "x"\n[decisions]\nairflow = "3"\n[a.b]\nc = [1, 2]\n[[waves]]\nname = "w"\n'
    assert flat(tomllib.loads(text)) == {
        "name": "x",
        "decisions.airflow": "3",
        "a.b.c": [1, 2],
        "waves": [{"name": "w"}],
    }


def test_looking_again_is_noted_and_taken_back() -> None:
    made = filled(ANSWERS)
    made.mark_review_again(("waves", "networking", "no such stage"))
    made.mark_review_again(("waves",))
    assert list(made.plan.review_again) == ["waves", "networking"]
    made.mark_decided("waves")
    assert list(made.plan.review_again) == ["networking"]
    assert made.current("decisions.airflow") == "3"
    assert "decisions.airflow" in made.answered


@pytest.mark.parametrize("known", [True, False], ids=["both ends known", "neither end known"])
def test_every_stage_asks_in_words_with_and_without_its_ends(known: bool) -> None:
    made = desk() if known else desk(None, None)
    for each in DECIDING:
        assert all(each.known(made)), each.key
        assert isinstance(each.findings(made), tuple)
        assert set(each.upsets) <= {other.key for other in STAGES}
        for question in each.questions(made):
            assert question.prompt
            assert question.options or question.kind not in {"choice", "yes-no", "per-item"}


def test_findings_are_those_of_the_rules() -> None:
    made = desk()
    fill(made, ANSWERS | {"decisions.networking": "public"})
    assert {finding.code[:3] for finding in stage("networking").findings(made)} == {"NET"}
    assert stage("inventory").findings(made) == INVENTORY.findings


def test_questions_come_one_by_one_and_follow_the_answers() -> None:
    made = desk()
    cluster = stage("cluster")
    made.answer("decisions.cluster", "standard")
    handled: set[str] = set()
    seen = []
    while (question := next_question(cluster, made, handled)) is not None:
        handled.add(question.key)
        seen.append(question.key)
        if question.key == "decisions.region":
            made.answer("decisions.cluster", "dedicated")
    assert seen == ["decisions.cluster", "decisions.cloud", "decisions.region", "decisions.cluster_name"]


def test_linked_dags_are_counted_in_words() -> None:
    assert stage("waves").known(desk())[0] == "1 DAG depends on others."
    both = replace(INVENTORY, dags=tuple(replace(dag, triggers=("x",)) for dag in INVENTORY.dags))
    assert stage("waves").known(desk(both))[0] == "2 DAGs depend on others."


def test_waves_are_proposed_for_the_deployments_by_their_roles() -> None:
    deployments = [
        {"name": "trial", "workspace": "Data", "role": "test"},
        {"name": "prod", "workspace": "Data", "role": "production"},
    ]
    plan = filled(without("waves") | {"deployments": deployments}).plan
    assert [(wave.test, wave.production, wave.dags) for wave in plan.waves] == [("trial", "prod", ("*",))]


def test_options_are_found_by_their_value() -> None:
    question = stage("version").questions(desk())[0]
    option = question.option("3")
    assert option is not None
    assert option.label == "Airflow 3"
    assert question.option("4") is None


def test_without_airflow_3_nobody_asks_for_its_data_intervals() -> None:
    made = desk()
    made.answer("decisions.airflow", "2")
    assert "decisions.cron_data_intervals" not in {question.key for question in stage("version").questions(made)}


def test_carrying_stages_have_gates_that_exist_and_the_last_ones_confirm() -> None:
    keys = [each.key for each in CARRYING]
    assert all(set(each.gate) <= set(keys[: keys.index(each.key)]) for each in CARRYING)
    assert [each.key for each in CARRYING if each.confirms] == ["cutover", "decommission"]
    assert not isinstance(Carrying("x", "X", "y"), Deciding)
    assert all(isinstance(each, Deciding) for each in DECIDING)


def test_ranges_are_proposed_where_a_dedicated_cluster_is_joined_with_your_network() -> None:
    plan = filled(ANSWERS | {"network.own_ranges": ["172.16.0.0/12"]}).plan
    assert plan.network.vpc_subnet_range == "10.0.0.0/20"
    made = desk()
    for key, value in (("decisions.cluster", "dedicated"), ("decisions.networking", "vpc-peering")):
        made.answer(key, value)
    made.answer("network.own_ranges", "172.16.0.0/12,")
    assert made.plan.network.own_ranges == ("172.16.0.0/12",)
    asked = {question.key: question for question in stage("networking").questions(made)}
    assert asked["network.own_ranges"].suggested == "172.16.0.0/12"
    assert asked["network.vpc_subnet_range"].suggested == "10.0.0.0/20"
    assert "your network 172.16.0.0/12" in asked["network.vpc_subnet_range"].reason
    made.answer("decisions.networking", "public")
    assert "network.vpc_subnet_range" not in {question.key for question in stage("networking").questions(made)}


def test_ways_are_those_of_the_cloud_and_say_who_must_do_what() -> None:
    made = desk()
    made.answer("decisions.cloud", "GCP")
    made.answer("decisions.cluster", "dedicated")
    question = stage("networking").questions(made)[0]
    assert [option.value for option in question.options] == [
        "public",
        "vpc-peering",
        "private-endpoint",
        "vpn",
        "remote-agents",
    ]
    agents = question.option("remote-agents")
    assert agents is not None
    assert "remote execution only" in agents.refused
    made.answer("decisions.networking", "vpc-peering")
    made.mark_decided("networking")
    known = "\n".join(stage("networking").known(made))
    assert "Astro support: Create the peering" in known
    assert "api.example.com" in known


def test_a_backend_says_what_it_needs_and_refuses_what_it_cannot_hold() -> None:
    made = desk(replace(INVENTORY, connections=(ConnectionSeen("pg.main", "postgres"),)))
    option = stage("secrets").questions(made)[0].option("gcp-secret-manager")
    assert option is not None
    assert "cannot hold these names: pg.main" in option.refused
    assert len(stage("secrets").known(made)) == 1
    made.answer("decisions.secrets_backend", "gcp-secret-manager")
    known = "\n".join(stage("secrets").known(made))
    assert "apache-airflow-providers-google in requirements.txt" in known
    assert "AIRFLOW__SECRETS__BACKEND_KWARGS=" in known
    assert "Allow secretmanager.versions.access" in known
    assert "pg.main (connections) would have to be called pg_main." in known
    made.answer("decisions.execution", "remote")
    assert any(line.startswith("In agents' values.yaml") for line in stage("secrets").known(made))
