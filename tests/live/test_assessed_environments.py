"""Three of the ten environments on a real Airflow 2.11, assessed: the whole page of advice is that of the made one.

Given to the made one from the server is only what the server itself is (its version, packages and configuration, who
called it, that nothing has run there); DAGs, links, connections, variables and places are read by each on its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import pytest
from tests.advice.advicepage import advice_page
from tests.advice.environments import Environment, own_cloud, private_vpc, small, walked
from tests.live.seeding import client, wait_for_dags

from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BasicAuth
from astroferry.clients.http import Http
from astroferry.code.read import read as read_code
from astroferry.simulator.real import RealAirflow
from astroferry.sources.airflow import take_inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import httpx

    from astroferry.model.inventory import Dag, Inventory

MAKERS = (private_vpc, small, own_cloud)
HEAD = """from datetime import datetime

from airflow import DAG, Dataset
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskSensor

"""
THE_SERVERS = (
    "airflow_version",
    "providers",
    "plugins",
    "starship",
    "config",
    "options_set",
    "environment",
    "environment_from",
    "task_modules",
    "callers",
    "roles",
    "activity",
    "coverage",
    "findings",
)
"""fields of an inventory that tell what the server is, and what it was asked"""


def watches(dag_id: str) -> str:
    """What a sensor says that watches this DAG and holds no worker meanwhile."""
    return f"external_dag_id={dag_id!r}, mode='reschedule'"


def code(dag: Dag) -> str:
    """The file of a DAG, with what it names: other DAGs, datasets, a queue."""
    schedule = repr(dag.schedule.expression or None)
    if dag.consumes:
        schedule = f"[{', '.join(f'Dataset({uri!r})' for uri in dag.consumes)}]"
    queue = f", queue={dag.queues[-1]!r}" if dag.queues[-1] != "default" else ""
    outlets = f", outlets=[{', '.join(f'Dataset({uri!r})' for uri in dag.produces)}]" if dag.produces else ""
    lines = [
        f"with DAG({dag.dag_id!r}, schedule={schedule}, start_date=datetime(2026, 1, 1), catchup={dag.catchup},",
        f"         max_active_runs={dag.max_active_runs}, max_active_tasks={dag.max_active_tasks},",
        f"         default_args={{'owner': {dag.owners[0]!r}}}, tags={list(dag.tags)!r}):",
        *(f"    ExternalTaskSensor(task_id='wait_{other}', {watches(other)})" for other in dag.waits_for),
        f"    PythonOperator(task_id='work', python_callable=print{queue}{outlets})",
        *(f"    TriggerDagRunOperator(task_id='start_{other}', trigger_dag_id={other!r})" for other in dag.triggers),
    ]
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    """One server with the DAGs of all three; only its API runs."""
    home = tmp_path_factory.mktemp("assessed")
    dags = home / "dags"
    dags.mkdir()
    every = [dag for make in MAKERS for dag in make().inventory.dags]
    for dag in every:
        (dags / f"{dag.dag_id}.py").write_text(code(dag), encoding="utf-8")
    with RealAirflow("2.11", home / "airflow", dags, mode="api-only", parse_first=True, say=print) as real:
        wait_for_dags(real, len(every))
        with client(real) as http:
            # Nothing runs without a scheduler.
            http.patch(
                f"{real.api}/dags", params={"dag_id_pattern": "~"}, json={"is_paused": False}
            ).raise_for_status()
        yield real


def seed(server: RealAirflow, environment: Environment) -> None:
    """The connections and variables of this environment, and no others."""
    with client(server) as http:
        _only(http, f"{server.api}/connections", "connection_id", [_connection(item) for item in _there(environment)])
        values = [{"key": item.key, "value": "x" * item.size} for item in environment.inventory.variables]
        _only(http, f"{server.api}/variables", "key", values)


def _there(environment: Environment) -> tuple[Any, ...]:
    return environment.inventory.connections


def _connection(seen: Any) -> dict[str, Any]:
    return {
        "connection_id": seen.conn_id,
        "conn_type": seen.conn_type,
        "host": seen.host,
        "login": seen.login,
        "port": seen.port,
    }


def _only(http: httpx.Client, url: str, key: str, items: list[dict[str, Any]]) -> None:
    kind = url.rsplit("/", 1)[-1]
    for there in http.get(url, params={"limit": 100}).json()[kind]:
        http.delete(f"{url}/{there[key]}").raise_for_status()
    for item in items:
        http.post(url, json=item).raise_for_status()


async def assess(server: RealAirflow) -> Inventory:
    """The inventory of the server, as `assess` takes it."""
    http = Http(server.url, auth=BasicAuth("admin", server.users["admin"]))
    try:
        airflow = await Airflow.connect(http)
        return await take_inventory(
            airflow, clock_now=lambda: datetime.now(UTC), tell=lambda _: None, read_code=read_code
        )
    finally:
        await http.aclose()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
async def test_the_live_source_is_advised_as_the_made_one(server: RealAirflow, make: Any) -> None:
    made: Environment = make()
    seed(server, made)
    taken = await assess(server)
    assert taken.airflow_version.startswith("2.11")
    assert {seen.conn_id for seen in taken.connections} == {seen.conn_id for seen in made.inventory.connections}
    assert [place.host for place in taken.places] == [place.host for place in made.inventory.places]
    mine = {dag.dag_id for dag in made.inventory.dags}
    read = {dag.dag_id: dag for dag in taken.dags if dag.dag_id in mine}
    assert {name: links(dag) for name, dag in read.items()} == {dag.dag_id: links(dag) for dag in made.inventory.dags}
    answers = {**made.answers, "values.variables_file": "v.json"}
    live = Environment(made.name, made.about, replace(taken, dags=_by_id(read.values())), made.facts, answers)
    server_is = {name: getattr(taken, name) for name in THE_SERVERS}
    wanted = replace(made.inventory, dags=_by_id(made.inventory.dags), **server_is)
    counterpart = Environment(made.name, made.about, wanted, made.facts, answers)
    made_page, live_page = (advice_page(each).splitlines() for each in (counterpart, live))
    assert not (told := "\n".join(unified_diff(made_page, live_page, "made", "live", n=0, lineterm=""))), told
    desk, missing = walked(live)
    same, _ = walked(counterpart)
    assert missing == ()
    assert desk.plan.decisions == same.plan.decisions
    assert (desk.plan.workspaces, desk.plan.deployments) == (same.plan.workspaces, same.plan.deployments)
    assert (desk.plan.waves, desk.plan.network) == (same.plan.waves, same.plan.network)


def links(dag: Dag) -> tuple[tuple[str, ...], ...]:
    """What it names of others."""
    return dag.waits_for, dag.triggers, dag.consumes, dag.produces


def _by_id(dags: Iterable[Dag]) -> tuple[Dag, ...]:
    """As a server lists them."""
    return tuple(sorted(dags, key=lambda dag: dag.dag_id))
