from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.errors import PlanError
from astroferry.model.plan import Deployment, Values, Wave, WorkerQueue, Workspace
from astroferry.model.plancheck import problems_of
from astroferry.model.planfile import dump, parse

if TYPE_CHECKING:
    from astroferry.model.plan import Plan


def with_part(plan: Plan, part: str, **changed: Any) -> Plan:
    return replace(plan, **{part: replace(getattr(plan, part), **changed)})


def with_deployment(plan: Plan, **changed: Any) -> Plan:
    return replace(plan, deployments=(replace(plan.deployments[0], **changed), plan.deployments[1]))


def found(plan: Plan) -> dict[str, str]:
    problems = problems_of(plan)
    assert len({problem.where for problem in problems}) == len(problems)
    return {problem.where: problem.message for problem in problems}


def test_a_good_plan_has_no_problems(plan: Plan) -> None:
    assert problems_of(plan) == []


@pytest.mark.parametrize("source", ["environment", "keyring", "prompt", "file:~/token"])
def test_credentials_are_named_by_their_source(plan: Plan, source: str) -> None:
    assert found(with_part(with_part(plan, "source", credentials=source), "target", credentials=source)) == {}


@pytest.mark.parametrize("source", ["", "eyJhbGciOi", "file:", "Environment", "keyring\n", "my prompt"])
@pytest.mark.parametrize("end", ["source", "target"])
def test_anything_else_may_be_the_credential_and_is_not_repeated(plan: Plan, end: str, source: str) -> None:
    wrong = found(with_part(plan, end, credentials=source))
    assert wrong == {
        f"{end}.credentials": "must be environment, keyring, prompt or file:PATH; never the credential itself"
    }


@pytest.mark.parametrize("end", ["source", "target"])
def test_addresses(plan: Plan, end: str) -> None:
    key = {"source": "url", "target": "api"}[end]
    for address in ("", "airflow.example.com", "ftp://x", "file:///x"):
        assert found(with_part(plan, end, **{key: address})) == {
            f"{end}.{key}": "must begin with https:// or http://"
        }
    for address in ("https://ada:canary@x/airflow", "http://ada@x"):
        message = found(with_part(plan, end, **{key: address}))[f"{end}.{key}"]
        assert "name the source of credentials instead" in message
        assert "canary" not in message
    for address, message in {
        "https://": "names no host",
        "https://x:port/v1": "holds a host or a port that cannot be read",
        "https://x/v1 ": "holds a blank, or a sign that no address has",
        "https://x/v1?a=b": "must hold no query and no fragment (? or #)",
        "https://nowhere.invalidhttp://x/v1": "holds a second address",
        "https://x/v1https://x/v1": "holds a second address",
    }.items():
        assert found(with_part(plan, end, **{key: address})) == {f"{end}.{key}": message}
    for address in ("https://x/home/@ada", "http://127.0.0.1:8080", "https://[::1]:8443/v1/"):
        assert found(with_part(plan, end, **{key: address})) == {}


@pytest.mark.parametrize(
    ("decided", "where", "message"),
    [
        ({"runtime": "latest"}, "runtime", "is no Astro Runtime version"),
        ({"runtime": "3.3-8\n"}, "runtime", "is no Astro Runtime version"),
        ({"runtime": "13.11.0"}, "runtime", "Runtime 13.11.0 is not Airflow 3"),
        ({"airflow": "2", "runtime": "3.3-8"}, "runtime", "Runtime 3.3-8 is not Airflow 2"),
        ({"airflow": "2", "runtime": "", "execution": "remote"}, "execution", "needs Airflow 3"),
        ({"networking": "vpc-peering"}, "networking", "vpc-peering needs a dedicated cluster"),
        ({"networking": "private-endpoint"}, "networking", "needs a dedicated cluster"),
        ({"networking": "vpn"}, "networking", "needs a dedicated cluster"),
        ({"networking": "transit-gateway"}, "networking", "needs a dedicated cluster"),
        ({"cluster": "dedicated"}, "cluster_name", "is missing: which dedicated cluster"),
        ({"networking": "remote-agents"}, "networking", "need decisions.execution = remote"),
    ],
)
def test_decisions_that_contradict_each_other(plan: Plan, decided: dict[str, Any], where: str, message: str) -> None:
    wrong = found(with_part(plan, "decisions", **decided))
    assert set(wrong) == {f"decisions.{where}"}
    assert message in wrong[f"decisions.{where}"]


@pytest.mark.parametrize(
    "decided",
    [
        {"airflow": "2", "runtime": "13.11.0"},
        {"runtime": ""},
        {"networking": "vpn", "cluster": "dedicated", "cluster_name": "main"},
        {"networking": "remote-agents", "execution": "remote"},
    ],
)
def test_decisions_that_agree(plan: Plan, decided: dict[str, Any]) -> None:
    assert found(with_part(plan, "decisions", **decided)) == {}


def test_an_export_file_must_be_named(plan: Plan) -> None:
    wrong = found(replace(plan, values=Values(connections="export-file", variables="export-file")))
    assert wrong == {
        f"values.{kind}_file": (
            f"is missing: {kind} travel by an export file (airflow {kind} export FILE on the source)"
        )
        for kind in ("connections", "variables")
    }
    named = Values("export-file", "c.json", "export-file", "v.json")
    assert found(replace(plan, values=named)) == {}


def test_the_api_shows_no_passwords(plan: Plan) -> None:
    assert set(found(replace(plan, values=Values(connections="api")))) == {"values.connections"}
    assert found(replace(plan, values=Values(variables="api"))) == {}


def test_names_are_there_and_once(plan: Plan) -> None:
    wrong = replace(
        plan,
        workspaces=(*plan.workspaces, Workspace(" "), Workspace("w" * 50), Workspace("w" * 51)),
        deployments=(*plan.deployments, Deployment("data-test", "data")),
        waves=(*plan.waves, Wave("first", "data-test", "data-prod", dags=())),
    )
    assert found(wrong) == {
        "workspaces.1.name": "is empty",
        "workspaces.3.name": "is longer than 50 characters",
        "deployments.0.name": '"data-test" is there more than once',
        "deployments.2.name": '"data-test" is there more than once',
        "waves.0.name": '"first" is there more than once',
        "waves.2.name": '"first" is there more than once',
    }


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("team/a", 'must not hold a "/", which parts the words of the journal; "team-a" would do'),
        ("a\tb", "must not hold a tab, a line break or another control character"),
        ("\x1b[2J/", "must not hold a tab, a line break or another control character"),
        ("a\u2028b", "must not hold a tab, a line break or another control character"),
        (" pilot", "must not begin or end with a space"),
        ("\n", "is empty"),
        ("wave-01 Küche & Lager, 3.", ""),
    ],
)
def test_what_a_wave_may_be_called(plan: Plan, name: str, wrong: str) -> None:
    waves = (replace(plan.waves[0], name=name), plan.waves[1])
    assert found(replace(plan, waves=waves)) == ({"waves.0.name": wrong} if wrong else {})


def test_a_wrong_name_is_told_by_its_line(plan: Plan) -> None:
    text = dump(plan).replace('name = "rest"', 'name = "all/rest"')
    with pytest.raises(PlanError) as caught:
        parse(text, "migration.toml")
    (problem,) = caught.value.problems
    line = text.split("\n").index('name = "all/rest"') + 1
    assert str(problem).startswith(f'migration.toml:{line} waves[2].name: must not hold a "/"')


def test_names_on_astro_are_as_they_are_there_but_the_journal_tells_them_apart(plan: Plan) -> None:
    """`variable/a/b/c` would be both the variable b/c of "a" and the variable c of "a/b"."""
    slashed = with_deployment(replace(plan, workspaces=(Workspace("a/b"), *plan.workspaces)), name="a/b")
    waves = tuple(replace(wave, test="a/b") for wave in plan.waves)
    assert found(replace(slashed, waves=waves)) == {}
    both = replace(slashed, waves=waves, deployments=(*slashed.deployments, Deployment("a", "data")))
    assert found(both) == {
        "deployments.0.name": 'cannot be told from what is on the Deployment "a" in the journal: give one of them '
        'a name without "/"'
    }
    steering = replace(with_deployment(plan, name="a\nb"), workspaces=(Workspace("d\x9bm"), *plan.workspaces))
    assert {"deployments.0.name", "workspaces.0.name"} <= set(found(steering))


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"workspace": "nowhere"}, "workspace"),
        ({"worker_min": 11}, "worker_min"),
        ({"worker_min": -1}, "worker_min"),
        ({"worker_max": 0}, "worker_max"),
        ({"environment": {"A": "x***"}}, "environment.A"),
        ({"environment": {"MY_API_KEY": "x"}}, "environment.MY_API_KEY"),
        ({"environment": {"my_password": "x"}}, "environment.my_password"),
        ({"environment": {"DB": "postgresql://ada:canary@h/db"}}, "environment.DB"),
        ({"environment": {"DSN": "host=h user=ada password=canary"}}, "environment.DSN"),
    ],
)
def test_deployments_that_cannot_be(plan: Plan, changed: dict[str, Any], where: str) -> None:
    wrong = found(with_deployment(plan, **changed))
    assert set(wrong) == {f"deployments.0.{where}"}
    assert "canary" not in wrong[f"deployments.0.{where}"]


def test_the_astro_executor_needs_airflow_3(plan: Plan) -> None:
    assert found(with_deployment(plan, executor="ASTRO")) == {}
    two = with_part(with_deployment(plan, executor="ASTRO"), "decisions", airflow="2", runtime="")
    assert found(two) == {"deployments.0.executor": "the Astro executor needs Airflow 3"}


def test_plain_environment_variables_are_plain(plan: Plan) -> None:
    assert found(with_deployment(plan, environment={"URL": "http://h:8080/a@b", "KEYS": "a"})) == {}


def test_waves_name_deployments_and_share_no_dag(plan: Plan) -> None:
    waves = (
        Wave("a", "data-test", "nowhere", dags=("x", "y", "x")),
        Wave("b", "nothing", "data-prod", dags=("y",)),
        Wave("c", "data-test", "data-test"),
        Wave("d", "data-test", "data-test"),
    )
    problems = [(item.where, item.message) for item in problems_of(replace(plan, waves=waves))]
    assert problems == [
        ("waves.0.production", 'there is no Deployment "nowhere" in this plan'),
        ("waves.0.dags", 'DAG "x" belongs to wave "a" already'),
        ("waves.1.test", 'there is no Deployment "nothing" in this plan'),
        ("waves.1.dags", 'DAG "y" belongs to wave "a" already'),
        ("waves.3.dags", 'all other DAGs ("*") belongs to wave "c" already'),
    ]


def test_numbers_of_the_cutover_are_positive(plan: Plan) -> None:
    names = {field.name for field in dataclasses.fields(plan.cutover) if field.type in {"int", "float"}}
    assert set(found(with_part(plan, "cutover", **dict.fromkeys(names, 0)))) == {f"cutover.{name}" for name in names}
    assert set(found(with_part(plan, "cutover", poll=float("nan"), drain_timeout=10**400))) == {"cutover.poll"}


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"vpc_subnet_range": "172.20.0.0"}, None),
        ({"vpc_subnet_range": "172.20.0.0/20", "own_ranges": ("10.0.0.0/8", "fd00::/8")}, None),
        ({"vpc_subnet_range": "172.20.0.1/20"}, "vpc_subnet_range"),
        ({"pod_subnet_range": "pods"}, "pod_subnet_range"),
        ({"own_ranges": ("10.0.0.0/8", "10.0.0.0/33")}, "own_ranges.1"),
    ],
)
def test_address_ranges_are_ranges(plan: Plan, given: dict[str, Any], where: str | None) -> None:
    assert set(found(with_part(plan, "network", **given))) == ({f"network.{where}"} if where else set())


@pytest.mark.parametrize(
    ("queue", "where"),
    [
        (WorkerQueue("heavy"), None),
        (WorkerQueue("default"), ".name"),
        (WorkerQueue(""), ".name"),
        (WorkerQueue("q" * 64), ".name"),
        (WorkerQueue("heavy", worker_min=2, worker_max=1), ""),
        (WorkerQueue("heavy", worker_concurrency=0), ""),
    ],
)
def test_worker_queues(plan: Plan, queue: WorkerQueue, where: str | None) -> None:
    wrong = found(with_deployment(plan, worker_queues=(WorkerQueue("light"), queue)))
    assert set(wrong) == ({f"deployments.0.worker_queues.1{where}"} if where is not None else set())
