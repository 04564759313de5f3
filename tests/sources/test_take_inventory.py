from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.advice.kinds import MarkerPlan, Refusal, handover_kind
from astroferry.clients.airflow_seen import TaskInstanceSeen, TaskSeen
from astroferry.code.read import read
from astroferry.errors import (
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RemoteError,
    RequestFailedError,
    UnreachableError,
)
from astroferry.model.inventory import (
    BrokenFile,
    ConnectionSeen,
    Dag,
    Inventory,
    Plugin,
    Pool,
    Provider,
    RoleSeen,
    Run,
    Schedule,
    VariableSeen,
)
from astroferry.model.inventoryfile import fingerprint, to_json
from astroferry.model.secret import Secret
from astroferry.sources.airflow import take_inventory
from astroferry.sources.environment import Environment
from astroferry.sources.progress import Progress
from astroferry.sources.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.starship import Starship
    from astroferry.sources.each_dag import ReadCode

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CRON = Schedule("cron", "@daily")


def dag(dag_id: str, fileloc: str = "") -> Dag:
    return Dag(dag_id, CRON, is_paused=False, fileloc=fileloc or f"/dags/{dag_id}.py")


class FakeAirflow:
    """An Airflow in memory; `broken` maps a method, or (method, DAG id), to what it raises."""

    url = "https://old.example"
    version = "2.11.2"
    api = "v1"

    def __init__(self, *dags: Dag, broken: dict[Any, Exception] | None = None, **answers: Any) -> None:
        self.listed = dags
        self.broken = broken or {}
        self.answers = answers
        self.calls: Counter[str] = Counter()

    def _answer(self, method: str, empty: Any, dag_id: str = "") -> Any:
        self.calls[method] += 1
        for key in (method, (method, dag_id)):
            if key in self.broken:
                raise self.broken[key]
        given = self.answers.get(method, empty)
        return given.get(dag_id, empty) if dag_id and isinstance(given, dict) else given

    async def count_dags(self) -> int:
        return len(self.listed)

    async def dags(self, *, page: int = 100, skip: int = 0) -> AsyncIterator[Dag]:
        del page
        self._answer("dags", ())
        for each in self.listed[skip:]:
            self._answer("a dag", (), each.dag_id)
            yield each

    async def dag(self, dag_id: str, *, listed: Dag) -> Dag:
        found = self._answer("dag", listed, dag_id)
        return cast("Dag", replace(found, catchup=True))

    async def tasks(self, dag_id: str) -> Any:
        return self._answer("tasks", (), dag_id)

    async def runs(self, dag_id: str, *, limit: int) -> Any:
        assert limit == 1
        return self._answer("runs", (), dag_id)

    async def task_instances(self, dag_id: str, run_id: str) -> Any:
        return self._answer("task_instances", (), dag_id)

    async def dag_source(self, dag_id: str) -> Any:
        return self._answer("dag_source", "", dag_id)

    async def datasets(self) -> Any:
        return self._answer("datasets", ({}, {}))

    async def config(self) -> Any:
        return self._answer("config", {})

    async def health(self) -> Any:
        return self._answer("health", {})

    async def callers(self) -> Any:
        return self._answer("callers", ())

    async def roles(self) -> Any:
        return self._answer("roles", ())

    async def failed_run_counts(self, since: datetime) -> Any:
        assert since == NOW - timedelta(days=30)
        return self._answer("failed_run_counts", ({}, 0))

    async def ran(self, since: datetime, until: datetime, **more: Any) -> Any:
        assert until - since <= timedelta(hours=24)
        return self._answer("ran", ((), 0)) if not more.get("still") else ((), 0)

    async def active_run_counts(self) -> Any:
        return self._answer("active_run_counts", {})

    async def connections(self) -> Any:
        return self._answer("connections", ())

    async def variables(self) -> Any:
        return self._answer("variables", ())

    async def pools(self) -> Any:
        return self._answer("pools", ())

    async def providers(self) -> Any:
        return self._answer("providers", ())

    async def plugins(self) -> Any:
        return self._answer("plugins", ())

    async def import_errors(self) -> Any:
        return self._answer("import_errors", ())


async def take(
    source: FakeAirflow,
    *,
    read_code: ReadCode | None = read,
    starship: str = "",
    variables: Any = None,
    environment: Environment | None = None,
    told: list[Progress] | None = None,
) -> Inventory:
    class FakeStarship:
        version = starship
        is_safe = variables is not None

        async def environment(self) -> dict[str, Secret]:
            if isinstance(variables, Exception):
                raise variables
            return {name: Secret(value) for name, value in variables.items()}

    return await take_inventory(
        cast("Airflow", source),
        clock_now=lambda: NOW,
        tell=(told if told is not None else []).append,
        starship=cast("Starship", FakeStarship()) if starship else None,
        read_code=read_code,
        environment=environment,
    )


def codes(inventory: Inventory) -> set[str]:
    return {finding.code for finding in inventory.findings}


def outcome(inventory: Inventory, probe: str) -> tuple[str, int | None]:
    return next((line.outcome, line.count) for line in inventory.coverage if line.probe == probe)


async def test_everything_is_in_it() -> None:
    run = Run("scheduled__1", "scheduled", "success")
    source = FakeAirflow(
        dag("a"),
        dag("b"),
        tasks={
            "a": (TaskSeen("t", "BashOperator", module="airflow.operators.bash", queue="gpu", depends_on_past=True),),
            "b": (TaskSeen("t", "AcmeOperator", module="acme.ops", pool="wh"), TaskSeen("u", "NoModule")),
        },
        runs={"a": (run,)},
        active_run_counts={"a": 2},
        datasets=({"a": ("s3://x",)}, {"b": ("s3://x",)}),
        connections=(
            ConnectionSeen("pg", "postgres", host="10.0.0.1"),
            ConnectionSeen("r", "redis", host="localhost"),
        ),
        variables=(VariableSeen("env"),),
        pools=(Pool("default_pool", 128),),
        providers=(Provider("apache-airflow-providers-http", "5"),),
        plugins=(Plugin("acme", "$PLUGINS_FOLDER/acme.py"),),
        import_errors=(BrokenFile("broken.py", "Traceback"),),
        config={"core": {"executor": "CeleryExecutor", "sql_alchemy_conn": "canary"}, "acme": {"key": "canary"}},
        health={"scheduler": "unhealthy", "triggerer": None, "metadatabase": "healthy"},
    )
    told: list[Progress] = []
    found = await take(source, told=told)
    a, b = found.dags
    assert (a.catchup, a.last_run, a.active_runs, a.operators) == (True, run, 2, ("BashOperator",))
    assert (a.consumes, b.produces, b.active_runs) == (("s3://x",), ("s3://x",), 0)
    assert found.custom_operators == ("acme.ops.AcmeOperator",)
    assert (found.airflow_version, found.api, found.url, found.taken_at) == ("2.11.2", "v1", source.url, NOW)
    assert [pool.name for pool in found.pools] == ["default_pool"]
    assert found.config == {"core": {"executor": "CeleryExecutor"}}
    assert {place.host: place.path for place in found.places} == {"10.0.0.1": "peering", "localhost": "local"}
    assert codes(found) == {
        "SRC-unhealthy",
        "SRC-import-errors",
        "SRC-queues",
        "SRC-depends-on-past",
        "PLC-localhost",
    }
    assert outcome(found, "active runs") == ("read", 2)
    assert outcome(found, "datasets") == ("read", 1)
    assert outcome(found, "environment variables") == ("not asked", None)
    assert outcome(found, "secrets backend") == ("read", 0)
    assert Progress("dags", 2, 2, "b") in told
    assert Progress("pools", 1, 1) in told
    assert {progress.done for progress in told if progress.phase == "dag details"} == {0, 1, 2}
    assert "canary" not in repr(found)


PROBES = {
    "connections": "connections",
    "variables": "variables",
    "pools": "pools",
    "providers": "providers",
    "plugins": "plugins",
    "import_errors": "import errors",
    "config": "configuration",
    "roles": "users and roles",
    "failed_run_counts": "failed runs",
    "health": "health",
    "callers": "event log",
    "datasets": "datasets",
    "active_run_counts": "active runs",
    "ran": "tasks that ran",
    "dags": "dags",
}
FAILURES: list[tuple[Exception, str, str]] = [
    (NotAllowedError("no"), "403", "refused"),
    (NotFoundError("no", status=404), "404", "absent"),
    (RequestFailedError("no", status=500), "500", "failed"),
    (UnreachableError("no"), "unreachable", "failed"),
    (NotTheApiError("no"), "not-the-api", "failed"),
    (RemoteError("no"), "failed", "failed"),
]


@pytest.mark.parametrize("method", PROBES)
@pytest.mark.parametrize(("error", "code", "result"), FAILURES, ids=[code for _, code, _ in FAILURES])
async def test_one_failing_probe_is_a_finding_and_never_the_end(
    method: str, error: Exception, code: str, result: str
) -> None:
    source = FakeAirflow(dag("a"), broken={method: error}, variables=(VariableSeen("env"),))
    found = await take(source)
    probe = PROBES[method]
    assert outcome(found, probe) == (result, None)
    finding = next(each for each in found.findings if each.code == f"SRC-{code}-{probe.replace(' ', '-')}")
    assert finding.message.endswith("could not be read: no")
    assert finding.todo
    assert finding.severity == ("refuse" if method == "dags" else finding.severity)
    assert len(found.dags) == (0 if method == "dags" else 1)


async def test_nothing_at_all_raises_the_first_failure() -> None:
    error = UnreachableError("gone")
    with pytest.raises(UnreachableError) as caught:
        await take(FakeAirflow(broken=dict.fromkeys(PROBES, error)))
    assert caught.value is error
    with pytest.raises(UnreachableError):
        await take(FakeAirflow(broken=dict.fromkeys(PROBES, error)), environment=Environment("env", ("STAGE",)))


async def test_a_bug_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        await take(FakeAirflow(broken={"pools": ZeroDivisionError()}))


async def test_one_dag_that_fails_leaves_the_others() -> None:
    error = RequestFailedError("kaput", status=500)
    source = FakeAirflow(*(dag(f"d{n}") for n in range(9)), broken={("dag", f"d{n}"): error for n in range(7)})
    found = await take(source)
    assert [each.catchup for each in found.dags] == [None] * 7 + [True] * 2
    assert outcome(found, "dag details") == ("failed", 2)
    finding = next(each for each in found.findings if each.code == "SRC-500-dag-details")
    assert "for d0, d1, d2, d3, d4 and 2 more" in finding.message


async def test_a_refused_question_is_not_asked_for_every_dag() -> None:
    source = FakeAirflow(*(dag(f"d{n}") for n in range(50)), broken={"dag_source": NotAllowedError("no")})
    found = await take(source)
    assert source.calls["dag_source"] <= 8
    assert source.calls["dag"] == 50
    assert outcome(found, "dag code") == ("refused", 0)
    assert "for any DAG" in next(each for each in found.findings if each.code == "SRC-403-dag-code").message
    assert {each.dependencies for each in found.dags} == {"unknown until code is read"}


CODE = """
from airflow import DAG
with DAG("a", schedule=[Dataset("s3://in")]):
    TriggerDagRunOperator(task_id="t", trigger_dag_id="b")
    PostgresOperator(postgres_conn_id="pg", sql="{{ var.value.env }} {{ var.value.new }}")
    Variable.get(compute())
with DAG("b"):
    HttpOperator(http_conn_id="only_here")
"""


async def test_code_tells_dependencies_and_names_counted_apart() -> None:
    source = FakeAirflow(
        dag("a", "/dags/x.py"),
        dag("b", "/dags/x.py"),
        dag("c"),
        dag_source={"a": CODE, "c": "def ("},
        connections=(ConnectionSeen("pg", "postgres"),),
        variables=(VariableSeen("env"),),
    )
    found = await take(source)
    a, b, c = found.dags
    assert (a.triggers, a.consumes, a.dependencies) == (("b",), ("s3://in",), "read from code")
    assert b.dependencies == "none"
    assert c.dependencies == "unknown until code is read"
    assert source.calls["dag_source"] == 2
    assert [(seen.conn_id, seen.origin) for seen in found.connections] == [("pg", "metadata"), ("only_here", "code")]
    assert [(seen.key, seen.origin) for seen in found.variables] == [("env", "metadata"), ("new", "code")]
    assert codes(found) == {
        "SRC-connection-only-in-code",
        "SRC-variable-only-in-code",
        "SRC-code-computed",
        "SRC-code-unreadable",
    }


async def test_what_the_last_run_reached_is_known_although_code_computes_it() -> None:
    operators = (TaskSeen("t", "TriggerDagRunOperator"), TaskSeen("s", "ExternalTaskSensor"))
    source = FakeAirflow(
        dag("a"),
        dag("never_ran"),
        tasks={"a": operators, "never_ran": operators},
        runs={"a": (Run("r", "scheduled", "success"),)},
        task_instances={
            "a": (
                TaskInstanceSeen("t", "success", trigger_dag_id="b"),
                TaskInstanceSeen("s", "success", external_dag_id="c"),
            )
        },
    )
    a, never_ran = (await take(source)).dags
    assert (a.triggers, a.waits_for, a.dependencies) == (("b",), ("c",), "read from code")
    # Its tasks reach other DAGs, but nothing says which: that is not "none".
    assert never_ran.dependencies == "unknown until code is read"


async def test_signs_in_code_stand_with_file_and_dags() -> None:
    code = """
from airflow import DAG
from airflow.operators.dummy import DummyOperator
with DAG("a", schedule=None, catchup=False):
    DummyOperator(task_id="x", trigger_rule="dummy")
with DAG("gone", schedule=None):
    pass
"""
    tasks = {"a": (TaskSeen("t", "S3Hook", module="airflow.providers.amazon.aws.hooks.s3"),)}
    source = FakeAirflow(dag("a", "/dags/x.py"), dag("b", "/dags/x.py"), dag_source={"a": code}, tasks=tasks)
    found = await take(source)
    assert [(sign.kind, sign.place, sign.dags) for sign in found.signs] == [
        ("gone-import", "x.py:3", ("a", "b")),
        ("gone-rule", "x.py:5", ("a",)),
    ]
    assert found.task_modules == ("airflow.providers.amazon.aws.hooks.s3",)


async def test_options_that_airflow_3_changed_are_known_by_name_where_somebody_set_them() -> None:
    config = {
        "webserver": {"page_size": "500", "workers": "4", "config_file": "/opt/x.py"},
        "core": {"check_slas": "true", "sql_alchemy_conn": "canary", "non_pooled_task_slot_count": "9"},
        "scheduler": {"min_file_process_interval": "60"},
        "logging": {"log_filename_template": "< hidden >"},
    }
    found = await take(FakeAirflow(config=config))
    assert found.options_set == (
        "core.non_pooled_task_slot_count",
        "core.sql_alchemy_conn",
        "scheduler.min_file_process_interval",
        "webserver.page_size",
    )
    assert "canary" not in repr(found)


async def test_without_a_reader_code_is_said_to_be_unread() -> None:
    source = FakeAirflow(dag("a"))
    found = await take(source, read_code=None)
    assert outcome(found, "dag code") == ("not asked", None)
    assert found.dags[0].dependencies == "unknown until code is read"
    assert source.calls["dag_source"] == 0


async def test_starship_tells_the_names_of_the_environment() -> None:
    variables = {
        "AIRFLOW_CONN_ERP": "postgres://erp:canary@erp/db",
        "AIRFLOW_VAR_ZONE": "canary",
        "AIRFLOW__CORE__PARALLELISM": "64",
        "AIRFLOW__SCHEDULER__PARSING_PROCESSES": "9",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgres://canary",
        "MWAA__X": "canary",
    }
    source = FakeAirflow(
        dag("a"),
        dag_source={"a": "Variable.get('zone')\nBaseHook.get_connection('Erp')\nBaseHook.get_connection('lost')\n"},
        config={"core": {"parallelism": "32"}},
    )
    found = await take(source, starship="2.10.1", variables=variables)
    assert outcome(found, "environment variables") == ("read", 6)
    assert (found.environment, found.environment_from) == (tuple(sorted(variables)), "Starship")
    assert [(item.conn_id, item.origin) for item in found.connections] == [("erp", "environment"), ("lost", "code")]
    assert [(item.key, item.origin) for item in found.variables] == [("zone", "environment")]
    assert (found.kind, found.options_set) == ("mwaa", ("scheduler.parsing_processes",))
    assert found.config["core"]["parallelism"] == "32", "what the server shows is what holds"
    assert "canary" not in to_json(found)
    assert fingerprint(found) == fingerprint(await take(source, read_code=None)), "the same look without them"


async def test_roles_and_failures_are_counted() -> None:
    roles = (RoleSeen("Admin", 2, "administer"), RoleSeen("auditors", 3, dags=("a",)))
    source = FakeAirflow(dag("a"), dag("b"), roles=roles, failed_run_counts=({"a": 3}, 3))
    found = await take(source)
    assert found.roles == roles
    assert [item.failed_runs for item in found.dags] == [3, 0]
    assert (outcome(found, "users and roles"), outcome(found, "failed runs")) == (("read", 2), ("read", 3))


async def test_an_sla_is_of_the_dag_whose_code_gives_it() -> None:
    text = "with DAG('a', sla_miss_callback=f):\n    T(task_id='t')\nwith DAG('b'):\n    T(task_id='t')\n"
    source = FakeAirflow(dag("a", "/dags/x.py"), dag("b", "/dags/x.py"), dag_source={"a": text})
    assert [item.sla for item in (await take(source)).dags] == [True, False]


@pytest.mark.parametrize(
    ("plugins", "expected"),
    [
        ((Plugin("acme", adds=("macros: acme.x", "timetables: acme.plugin.WorkdayCron")),), "timetable"),
        ((Plugin("acme", adds=("timetables: Other",)),), "cron"),
        (NotAllowedError("no"), "timetable"),
    ],
)
async def test_a_timetable_of_ones_own_is_no_cron_whatever_it_calls_itself(plugins: Any, expected: str) -> None:
    text = "with DAG('a', schedule=WorkdayCron('@daily')):\n    pass\nwith DAG('b', schedule='@daily'):\n    pass\n"
    refused = isinstance(plugins, Exception)
    source = FakeAirflow(
        dag("a", "/dags/x.py"),
        dag("b", "/dags/x.py"),
        dag_source={"a": text},
        plugins=() if refused else plugins,
        broken={"plugins": plugins} if refused else None,
    )
    one, other = (await take(source)).dags
    assert (one.schedule.kind, other.schedule) == (expected, CRON)
    assert isinstance(handover_kind(one, 3), Refusal if expected == "timetable" else MarkerPlan)


async def test_more_failures_than_are_looked_at_and_none_that_can_be() -> None:
    many = await take(FakeAirflow(dag("a"), failed_run_counts=({"a": 2000}, 5000)))
    line = next(line for line in many.coverage if line.probe == "failed runs")
    assert line.detail == "Of 5,000 only the newest 2,000 were counted by DAG."
    refused = NotAllowedError("no")
    none = await take(FakeAirflow(dag("a"), broken={"failed_run_counts": refused, "roles": refused}))
    assert none.dags[0].failed_runs is None
    assert {"SRC-403-failed-runs", "SRC-403-users-and-roles"} <= codes(none)


async def test_a_file_is_taken_before_starship_and_a_refusal_is_a_finding() -> None:
    given = Environment("source.env", ("STAGE",), {"core": {"parallelism": "64"}})
    found = await take(FakeAirflow(), starship="2.10.1", variables={"OTHER": "x"}, environment=given)
    assert (found.environment, found.environment_from) == (("STAGE",), "source.env")
    assert found.config["core"]["parallelism"] == "64"
    refused = await take(FakeAirflow(), starship="2.10.1", variables=NotAllowedError("Starship says no."))
    assert outcome(refused, "environment variables") == ("refused", None)
    assert "SRC-403-environment-variables" in codes(refused)


@pytest.mark.parametrize(
    ("plugin", "given", "version", "open_door"),
    [
        ("astronomer-starship==2.8.5: EntryPoint(...)", "", "2.8.5", True),
        ("astronomer-starship==2.10.1: EntryPoint(...)", "", "2.10.1", False),
        ("", "2.8.6", "2.8.6", False),
        ("", "before 2.5.0", "before 2.5.0", True),
        ("", "", "", False),
    ],
)
async def test_an_open_starship_is_critical(plugin: str, given: str, version: str, open_door: bool) -> None:
    found = await take(FakeAirflow(plugins=(Plugin("starship", plugin),)), starship=given)
    assert found.starship == version
    assert ("SRC-starship-open" in codes(found)) is open_door


async def test_a_secrets_backend_is_said_to_be_unseen() -> None:
    backend = "airflow.providers.hashicorp.secrets.vault.VaultBackend"
    found = await take(FakeAirflow(config={"secrets": {"backend": backend, "backend_kwargs": "canary"}}))
    assert found.config == {"secrets": {"backend": backend}}
    assert "SRC-secrets-backend" in codes(found)
    assert outcome(found, "secrets backend") == ("not asked", None)


async def test_hidden_options_are_not_kept_and_no_config_means_unknown() -> None:
    found = await take(FakeAirflow(config={"core": {"executor": "< hidden >"}}))
    assert found.config == {}
    line = next(line for line in found.coverage if line.probe == "secrets backend")
    assert "does not show" in line.detail


async def again(airflow: FakeAirflow, before: Unfinished, told: list[Progress] | None = None) -> Inventory:
    return await take_inventory(
        cast("Airflow", airflow),
        clock_now=lambda: NOW,
        tell=(told if told is not None else []).append,
        read_code=read,
        before=before,
    )


async def broken_off(airflow: FakeAirflow) -> Unfinished:
    before = Unfinished()
    with pytest.raises(asyncio.CancelledError):
        await again(airflow, before)
    return before


async def test_a_read_that_was_broken_off_asks_only_for_the_rest() -> None:
    asked: list[str] = []

    class Counting(FakeAirflow):
        async def tasks(self, dag_id: str) -> Any:
            asked.append(dag_id)
            if dag_id == "b" and asked.count("b") == 1:
                raise asyncio.CancelledError
            return await super().tasks(dag_id)

    airflow = Counting(dag("a"), dag("b"), pools=(Pool("default_pool", 128),))
    before = await broken_off(airflow)
    assert [item.dag_id for item in before.dags] == ["a", "b"]
    assert before.pools == (Pool("default_pool", 128),)
    assert before.missing() == ("the code of 2 of 2 files",)
    assert before.began == NOW
    before.began = earlier = datetime(2026, 11, 21, tzinfo=UTC)
    told: list[Progress] = []
    found = await again(airflow, before, told)
    assert asked == ["a", "b", "b"]
    assert airflow.calls["pools"] == 1
    assert airflow.calls["health"] == 2, "what moves all the time is asked anew"
    assert [item.dag_id for item in found.dags] == ["a", "b"]
    assert found.pools == (Pool("default_pool", 128),)
    assert found.taken_at == earlier, "it is as old as its first answer"
    assert next(item.count for item in found.coverage if item.probe == "tasks") == 2
    assert outcome(found, "pools") == ("read", 1)
    assert [item.kept for item in told if item.phase == "dag details"] == [0, 1, 2]


def four() -> FakeAirflow:
    broken: dict[Any, Any] = {("a dag", "c"): asyncio.CancelledError()}
    return FakeAirflow(*map(dag, "abcd"), broken=broken)


async def test_a_list_goes_on_where_it_was_broken_off() -> None:
    airflow = four()
    before = await broken_off(airflow)
    assert [item.dag_id for item in before.listed] == ["a", "b"]
    assert before.missing()[:2] == ("2 of 4 DAGs", "the details of 2 of 2 DAGs")
    airflow.broken.clear()
    airflow.calls.clear()
    assert [item.dag_id for item in (await again(airflow, before)).dags] == list("abcd")
    assert airflow.calls["a dag"] == 3, "b once more, to see whether it is the same list; then c and d"


@pytest.mark.parametrize("now", ["abxcd", "bcdx", "ab", ""])
async def test_another_list_is_read_from_its_beginning(now: str) -> None:
    airflow = four()
    before = await broken_off(airflow)
    airflow.broken.clear()
    airflow.listed = tuple(map(dag, now))
    assert [item.dag_id for item in (await again(airflow, before)).dags] == list(now)


def test_nothing_read_is_nothing_to_look_at() -> None:
    assert not Unfinished().has_something
    assert Unfinished().missing()[:2] == ("the list of DAGs", "connections")
    assert Unfinished(answers={"pools": ()}).has_something
