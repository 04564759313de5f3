from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from astroferry.errors import PlanError
from astroferry.model.inventory import ConnectionSeen, Inventory, VariableSeen
from astroferry.model.plan import Plan, Source, Values
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, VariableValue
from astroferry.secrets.airflow_api import ApiValues
from astroferry.secrets.load import file_findings, load
from astroferry.secrets.typed import TypedValues

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.starship import Starship
    from astroferry.secrets.contract import Question

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PLAN = Plan("p", Source("https://old.example"), NOW)
INVENTORY = Inventory(
    "airflow",
    "https://old.example",
    "2.11.2",
    NOW,
    connections=(
        ConnectionSeen("pg", "postgres", host="db", login="etl", port=5432, extra_keys=("sslmode",)),
        ConnectionSeen("fx", "http", host="fx.example", has_password=False),
        ConnectionSeen("ghost", origin="code"),
        ConnectionSeen("kept", origin="backend"),
    ),
    variables=(VariableSeen("env", "the environment", size=4), VariableSeen("lost", origin="code")),
)


class FakeAirflow:
    def __init__(self, **values: str) -> None:
        self.values = {key: VariableValue(key, Secret(value)) for key, value in values.items()}
        self.asked = 0

    async def variable_values(self) -> dict[str, VariableValue]:
        self.asked += 1
        return self.values


class FakeStarship(FakeAirflow):
    async def connections(self) -> dict[str, ConnectionValue]:
        self.asked += 1
        return {"pg": ConnectionValue("pg", "postgres", password=Secret("whole"))}

    async def variables(self) -> dict[str, VariableValue]:
        return await self.variable_values()


def airflow(**values: str) -> Airflow:
    return cast("Airflow", FakeAirflow(**values))


def with_values(values: Values) -> Plan:
    return replace(PLAN, values=values)


async def test_each_kind_from_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"pg": {"conn_type": "postgres", "password": "pw"}}))
    plan = with_values(Values(connections="export-file", connections_file="c.json", variables="api"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow(env="prod"))
    assert set(found.connections) == {"pg"}
    assert found.variables["env"].value.reveal() == "prod"
    assert set(found.missing_connections) == {"fx"}
    assert found.missing_variables == {}


async def test_what_is_not_carried_is_not_even_read(tmp_path: Path) -> None:
    """Only code names it, or a backend holds it: its secret has no business in our memory."""
    (tmp_path / "c.json").write_text('{"ghost": "http://u:p@host", "kept": "http://u:p@host", "fx": "http://h"}')
    plan = with_values(Values("export-file", "c.json", "none"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow())
    assert set(found.connections) == {"fx"}
    assert set(found.missing_connections) == {"pg"}


async def test_skipped_and_kept_names_are_not_missing(tmp_path: Path) -> None:
    plan = with_values(Values(skip_connections=("pg", "fx", "ghost"), skip_variables=("env", "lost")))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow())
    assert (found.missing_connections, found.missing_variables) == ({}, {})


async def test_starship_gives_both(tmp_path: Path) -> None:
    plan = with_values(Values(connections="starship", variables="starship"))
    starship = cast("Starship", FakeStarship(env="prod"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow(), starship=starship)
    assert found.connections["pg"].password == Secret("whole")
    assert found.missing_connections["fx"] == "It is not in Starship on the source."
    assert set(found.variables) == {"env"}


async def test_variables_from_a_file_know_the_sizes(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text('{"env": "ab"}')
    plan = with_values(Values(connections="none", variables="export-file", variables_file="v.json"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow())
    assert found.variables["env"].value.reveal() == '"ab"'
    assert found.missing_connections == {}


async def test_masked_values_never_come_through(tmp_path: Path) -> None:
    plan = with_values(Values(connections="backend", variables="api"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow(env="acme-***"))
    assert found.variables == {}
    assert "only Airflow's mask" in found.missing_variables["env"]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (Values(connections="api"), "values.connections"),
        (Values(connections="starship"), "values.connections"),
        (Values(connections="export-file"), "values.connections_file"),
        (Values(connections="none", variables="starship"), "values.variables"),
        (Values(connections="none", variables="export-file"), "values.variables_file"),
    ],
)
async def test_ways_that_do_not_exist_are_refused(tmp_path: Path, values: Values, where: str) -> None:
    with pytest.raises(PlanError) as error:
        await load(with_values(values), INVENTORY, folder=tmp_path, airflow=airflow())
    assert error.value.problems[0].where == where


async def test_typed_asks_only_for_what_is_hidden(tmp_path: Path) -> None:
    asked: list[Question] = []
    answers = {
        ("pg", "password"): Secret("pw"),
        ("pg", "extra"): Secret('{"sslmode": "require"}'),
        ("env", "value"): Secret("prod"),
    }

    async def ask(question: Question) -> Secret | None:
        asked.append(question)
        return answers.get((question.name, question.field))

    plan = with_values(Values(connections="typed", variables="typed"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow(), ask=ask)
    assert [(question.name, question.field) for question in asked] == [
        ("pg", "password"),
        ("pg", "extra"),
        ("env", "value"),
    ]
    pg = found.connections["pg"]
    assert (pg.host, pg.login, pg.port, pg.password) == (Secret("db"), Secret("etl"), 5432, Secret("pw"))
    assert found.connections["fx"].password is None
    assert found.variables["env"].description == "the environment"
    assert (found.missing_connections, found.missing_variables) == ({}, {})


async def test_typed_with_nobody_to_ask(tmp_path: Path) -> None:
    plan = with_values(Values(connections="typed", variables="typed"))
    found = await load(plan, INVENTORY, folder=tmp_path, airflow=airflow())
    assert "nobody may be asked" in found.missing_connections["pg"]
    assert "nobody may be asked" in found.missing_variables["env"]


async def test_typed_skips_empties_and_masked_fields() -> None:
    seen = ConnectionSeen("m", "http", host="acme-***", has_password=True, masked_fields=("host", "extra"))
    inventory = replace(INVENTORY, connections=(seen, ConnectionSeen("s", "http"), ConnectionSeen("w")))
    given = {
        ("m", "host"): Secret("acme-prod"),
        ("m", "password"): Secret(""),
        ("m", "extra"): Secret(""),
        ("w", "uri"): Secret(""),
        ("unheard of", "uri"): Secret("http://u:p@host"),
    }

    async def ask(question: Question) -> Secret | None:
        return given.get((question.name, question.field))

    found = await TypedValues(inventory, ask).read(["m", "s", "w", "unheard of"], [])
    assert found.connections["unheard of"].conn_type == "http"
    assert found.connections["m"].host == Secret("acme-prod")
    assert found.connections["m"].password is None
    assert set(found.missing_connections) == {"s", "w"}
    assert "skipped" in found.missing_connections["s"]


async def test_connections_never_come_from_the_api() -> None:

    server = FakeAirflow()
    found = await ApiValues(cast("Airflow", server)).read(["pg"], [])
    assert "never shows the password" in found.missing_connections["pg"]
    assert server.asked == 0


def test_file_findings_follow_the_plan(tmp_path: Path) -> None:
    for name in ("c.json", "v.json"):
        (tmp_path / name).write_text("{}")
        (tmp_path / name).chmod(0o644)
    used = Values("export-file", "c.json", "export-file", "v.json")
    assert [finding.subject for finding in file_findings(with_values(used), tmp_path)] == [
        "values.connections_file",
        "values.variables_file",
    ]
    assert file_findings(with_values(Values("typed", "c.json", "api", "v.json")), tmp_path) == []
