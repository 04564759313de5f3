"""The values probe on a real Airflow 3.3: every field is equal, each planted difference is found, nothing is left."""

from __future__ import annotations

import json
import socket
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from astroferry.carry.compare import compare, expected_digests, summary, table
from astroferry.carry.context import WallClock
from astroferry.carry.probes.digest import CONNECTION_FIELDS
from astroferry.carry.probes.leftovers import KEY_PREFIX, forget_probe
from astroferry.carry.probes.probefile import DAG_ID, REACH_TASK, VALUES_TASK, probe_file
from astroferry.carry.probes.values import ProbeTimes, run_values_probe
from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BearerAuth
from astroferry.clients.http import Http
from astroferry.errors import NotFoundError
from astroferry.model.inventory import Inventory
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, SourceValues, VariableValue

if TYPE_CHECKING:
    from astroferry.model.comparison import Comparison
    from astroferry.simulator.real import RealAirflow

# What the SSH hook logs when nobody answers, unless the probe keeps it quiet.
TALK = "Sleeping before retry"
# Where Airflow itself keeps values readable (host, login, schema, description) and where it encrypts them.
SHOWN, HIDDEN = "canaryshown", "canaryhidden"
INVENTORY = Inventory("airflow", "http://source.test", "2.11.2", datetime(2026, 11, 22, tzinfo=UTC))
TIMES = ProbeTimes(parse=300, start=300, run=600, poll=0.5)


def connection(
    conn_id: str, conn_type: str, *, port: int | None = None, description: str | None = None, **texts: str
) -> ConnectionValue:
    return ConnectionValue(
        conn_id, conn_type, port=port, description=description, **{name: Secret(text) for name, text in texts.items()}
    )


def gnarly_connections(open_port: int, closed_port: int) -> tuple[ConnectionValue, ...]:
    return (
        connection(
            "probe_full",
            "postgres",
            port=closed_port,
            description=f"{SHOWN} the warehouse — größer",
            host="127.0.0.1",
            login=f"{SHOWN}@acme",
            password=f"{HIDDEN} p@ss/w:%25ü\n",
            schema="main",
            extra=json.dumps({"sslmode": "disable", "connect_timeout": 2, "token": HIDDEN}),
        ),
        connection("probe_bare", "generic"),
        connection("probe_empty_texts", "http", host="", login="", password="", schema="", extra=""),
        connection("probe_empty_extra", "fs", extra="{}"),
        connection("probe_port_zero", "generic", host=SHOWN, port=0),
        connection("probe.dots-and_dashes", "generic", host="127.0.0.1", port=open_port),
        connection("probe_type_unknown", "marlow_crm", password=f"{HIDDEN}ünïcødé ☃ 😀"),
        connection("probe_blanks", "generic", host=f" {SHOWN} ", login="  ", password=f" {HIDDEN} "),
        connection("probe_url", "http", host=f"http://127.0.0.1:{open_port}", schema="http", password=HIDDEN),
        connection(
            "probe_odd_json", "generic", extra='{ "b" : [1.0, 1e3, 10000000000000000000000001], "a":"\\u00e9" }'
        ),
        connection("probe_deep", "aws", extra=json.dumps({"role": {"list": [{"secret": HIDDEN}, None, True]}})),
        connection(
            "probe_ssh",
            "ssh",
            host="127.0.0.1",
            login="loader",
            password=HIDDEN,
            port=closed_port,
            extra=json.dumps({"note": f"{HIDDEN}\n=\n", "no_host_key_check": True}),
        ),
    )


VARIABLES = tuple(
    VariableValue(key, Secret(value), description)
    for key, value, description in (
        ("probe_line_end", f"{HIDDEN}\n", None),
        ("probe_empty", "", ""),
        ("probe_unicode", f"{HIDDEN} ünï ☃ 😀", "größer"),
        ("probe_json", json.dumps({"b": HIDDEN, "a": [1, None]}, indent=4), None),
        ("probe_windows", f"a\r\n{HIDDEN}\r", None),
        ("probe_blanks", f"  {HIDDEN} ", None),
        ("probe_null", "null", None),
        ("probe_db_password", f"{HIDDEN}-22", "sensitive by name"),
        ("probe.dots/slash blank", HIDDEN, None),
        ("probe_64k", HIDDEN + "x" * 65_536, None),
        ("probe_quotes", f"\"{HIDDEN}\" '{{{{ ds }}}}'", None),
    )
)


class Scene:
    """The target with our values on it, and every key that a probe used there."""

    def __init__(self, airflow: Airflow, server: RealAirflow, values: SourceValues) -> None:
        self.airflow = airflow
        self.server = server
        self.values = values
        self.keys: list[str] = []

    async def rows(self, *, test_connections: bool = False) -> dict[str, Comparison]:
        result = await run_values_probe(
            self.airflow,
            list(self.values.connections),
            list(self.values.variables),
            clock=WallClock(),
            tell=print,
            times=TIMES,
            test_connections=test_connections,
        )
        self.keys.append(result.key.reveal())
        rows = compare(expected_digests(result.key, self.values, INVENTORY), result)
        print(summary(rows))
        for row in table(rows):
            print("  ", " | ".join(row))
        return {f"{row.kind} {row.id}": row for row in rows}


async def test_the_probe_finds_what_is_equal_and_what_is_not(real_33: RealAirflow) -> None:
    path, text = probe_file()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, but nobody listens: the closed port
        values = SourceValues(
            {value.conn_id: value for value in gnarly_connections(real_33.port, taken.getsockname()[1])},
            {value.key: value for value in VARIABLES},
            {},
            {},
        )
        http = Http(real_33.url, auth=BearerAuth(Secret(await real_33.token())), name="the target")
        airflow = await Airflow.connect(http)
        scene = Scene(airflow, real_33, values)
        try:
            (real_33.dags_folder / path).write_bytes(text)
            for one in values.connections.values():
                await airflow.create_connection(one)
            for other in values.variables.values():
                await airflow.create_variable(other)
            await every_field_is_equal(scene)
            await each_planted_difference_is_found(scene)
            await nothing_is_left(scene)
        finally:
            (real_33.dags_folder / path).unlink(missing_ok=True)
            for conn_id in values.connections:
                await airflow.delete_connection(conn_id)
            for key in values.variables:
                await airflow.delete_variable(key)
            await forget_probe(airflow, clock=WallClock())
        with pytest.raises(NotFoundError):
            await airflow.dag(DAG_ID)
        await http.aclose()


async def every_field_is_equal(scene: Scene) -> None:
    # What a killed run leaves behind.
    await scene.airflow.create_variable(VariableValue(KEY_PREFIX + "left", Secret("0" * 64)))
    rows = await scene.rows(test_connections=True)
    assert len(scene.values.connections) == 12
    assert len(scene.values.variables) == 11
    assert len(rows) == 23
    assert [name for name, row in rows.items() if not row.values_same] == []
    for row in rows.values():
        fields = {*CONNECTION_FIELDS, "description"} if row.kind == "connection" else {"value", "description"}
        assert set(row.compared) == fields, row.id
    reach = {row.id: row.reach for row in rows.values() if row.kind == "connection"}
    assert reach["probe.dots-and_dashes"] == "reachable"
    assert reach["probe_url"] == "reachable"
    assert reach["probe_full"] == "refused"
    assert reach["probe_bare"] == "not applicable"
    hooks = {row.id: (row.hook, row.hook_error) for row in rows.values() if row.kind == "connection"}
    assert hooks["probe_full"][0] == "failed"
    assert hooks["probe_ssh"][0] == "failed"
    assert hooks["probe_bare"] == ("no hook", "")
    assert hooks["probe_type_unknown"] == ("no provider", "")


async def each_planted_difference_is_found(scene: Scene) -> None:
    full = scene.values.connections["probe_full"]
    url = scene.values.connections["probe_url"]
    await scene.airflow.replace_connection(replace(full, password=Secret(f"{HIDDEN} p@ss/w:%25ü")))  # the line end
    await scene.airflow.replace_connection(replace(url, port=1))
    await scene.airflow.delete_variable("probe_json")
    rows = await scene.rows()
    different = {name: (row.outcome, row.differing) for name, row in rows.items() if not row.values_same}
    assert different == {
        "connection probe_full": ("differs", ("password",)),
        "connection probe_url": ("differs", ("port",)),
        "variable probe_json": ("missing", ()),
    }
    assert {row.hook for row in rows.values()} == {"not asked"}


async def nothing_is_left(scene: Scene) -> None:
    assert [seen.key for seen in await scene.airflow.variables() if seen.key.startswith(KEY_PREFIX)] == []
    assert (await scene.airflow.dag(DAG_ID)).is_paused
    assert len(set(scene.keys)) == 2
    for run in await scene.airflow.runs(DAG_ID):
        tasks = await scene.airflow.task_instances(DAG_ID, run.run_id)
        assert {seen.task_id for seen in tasks} == {VALUES_TASK, REACH_TASK}
        for seen in tasks:
            print(f"   {run.run_id} {seen.task_id}: {seen.state} at try {seen.try_number}")
            log = await scene.airflow.task_log(DAG_ID, run.run_id, seen.task_id, seen.try_number)
            assert "execute" in log.lower(), "the log is there to be searched"
            assert_clean(log.encode(), [*scene.keys, SHOWN, HIDDEN], f"the log of {seen.task_id}")
    for file in scene.server.home.rglob("*"):
        if file.is_file():
            readable = file.suffix == ".log"
            assert_clean(file.read_bytes(), [*scene.keys, HIDDEN, *([SHOWN, TALK] if readable else [])], file.name)
    tables = rows_by_table(scene.server)
    assert any(DAG_ID in row for row in tables["xcom"]), "the digests are there to be searched"
    for name, rows in tables.items():
        # `connection` keeps host, login and schema readable, `log` what REST was sent of them.
        hidden_only = name in {"connection", "log"}
        for row in rows:
            assert_clean(row.encode(), [*scene.keys, HIDDEN, *([] if hidden_only else [SHOWN])], f"table {name}")


def assert_clean(content: bytes, words: list[str], where: str) -> None:
    # Only the beginnings of the words may show in a failure, and not all of the content.
    found = [word[:8] for word in words if word.encode() in content]
    assert not found, f"{found} in {where}"


def rows_by_table(server: RealAirflow) -> dict[str, list[str]]:
    """Every row of the target's database as text."""
    with sqlite3.connect(f"file:{server.database_file}?mode=ro", uri=True) as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        tables = {name: [repr(row) for row in database.execute(f'select * from "{name}"')] for name in names}
    database.close()
    return tables
