from datetime import UTC, datetime

import pytest
from tests.clients.fake_airflow import URL, FakeAirflow, dag_item, run_item
from tests.conftest import FixedClock

from astroferry.clients.airflow import Airflow
from astroferry.clients.http import Http
from astroferry.errors import (
    ConflictError,
    MaskedValueError,
    NotFoundError,
    NotTheApiError,
    UnsupportedVersionError,
)
from astroferry.model.inventory import Pool
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, VariableValue

Fakes = tuple[FakeAirflow, Airflow]
WHOLE = ConnectionValue(
    "pg.prod",
    "postgres",
    description="d",
    host=Secret("h"),
    login=Secret("l"),
    password=Secret("pä/ss"),
    schema=Secret(""),
    port=5432,
    extra=Secret('{"a": 1}'),
)


@pytest.fixture(params=["v1", "v2"])
async def pair(request: pytest.FixtureRequest) -> Fakes:
    fake = FakeAirflow(request.param)
    return fake, await Airflow.connect(Http(URL, name="The target", transport=fake.transport, clock=FixedClock()))


async def test_a_connection_whole_then_replaced_whole(pair: Fakes) -> None:
    fake, airflow = pair
    await airflow.create_connection(WHOLE)
    assert fake.connections["pg.prod"] == {
        "connection_id": "pg.prod",
        "conn_type": "postgres",
        "description": "d",
        "host": "h",
        "login": "l",
        "password": "pä/ss",
        "schema": "",
        "port": 5432,
        "extra": '{"a": 1}',
    }
    with pytest.raises(ConflictError, match=r'The target already has the connection "pg\.prod"') as caught:
        await airflow.create_connection(WHOLE)
    assert caught.value.__context__ is None
    await airflow.replace_connection(ConnectionValue("pg.prod", "http"))
    assert fake.connections["pg.prod"] == {"connection_id": "pg.prod", "conn_type": "http"}
    assert await airflow.delete_connection("pg.prod")
    assert not await airflow.delete_connection("pg.prod")
    await airflow.replace_connection(WHOLE)
    assert "pg.prod" in fake.connections


async def test_a_mask_is_never_sent(pair: Fakes) -> None:
    fake, airflow = pair
    asked = len(fake.requests)
    connection = ConnectionValue("c", "http", extra=Secret('{"token": "***"}'))
    variable = VariableValue("v", Secret("acme-***"))
    for writing in (
        airflow.create_connection(connection),
        airflow.replace_connection(connection),
        airflow.create_variable(variable),
        airflow.replace_variable(variable),
    ):
        with pytest.raises(MaskedValueError, match="never written"):
            await writing
    assert len(fake.requests) == asked


@pytest.mark.parametrize("key", ["plain", "team/a b", "é.ü"])
async def test_a_variable(pair: Fakes, key: str) -> None:
    fake, airflow = pair
    await airflow.create_variable(VariableValue(key, Secret('{"a": 1}')))
    assert fake.variables[key]["value"] == '{"a": 1}'
    with pytest.raises(ConflictError, match="already has the variable"):
        await airflow.create_variable(VariableValue(key, Secret("other")))
    assert fake.variables[key]["value"] == '{"a": 1}'
    await airflow.replace_variable(VariableValue(key, Secret("new"), "words"))
    assert (fake.variables[key]["value"], fake.variables[key]["description"]) == ("new", "words")
    await airflow.replace_variable(VariableValue(key, Secret("newer")))
    assert fake.variables[key].get("description") is None
    assert await airflow.delete_variable(key)
    assert not await airflow.delete_variable(key)


async def test_a_pool(pair: Fakes) -> None:
    fake, airflow = pair
    await airflow.create_pool(Pool("p", 3, "d"))
    assert fake.pools["p"].get("include_deferred") in {None, False}
    with pytest.raises(ConflictError, match='already has the pool "p"'):
        await airflow.create_pool(Pool("p", 3))
    await airflow.replace_pool(Pool("p", 5, "", include_deferred=True))
    assert await airflow.pools() == (Pool("p", 5, "", include_deferred=True),)
    assert fake.queries[-2].get("update_mask") is None
    await airflow.create_pool(Pool("default_pool", 128, include_deferred=True))
    await airflow.replace_pool(Pool("default_pool", 64))
    assert fake.queries[-1].get_list("update_mask") == ["slots", "include_deferred"]
    assert await airflow.delete_pool("p")
    assert not await airflow.delete_pool("p")


async def test_pausing_is_seen_in_the_answer(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags["a.b"] = dag_item("a.b", fake.api)
    await airflow.set_paused("a.b", True)
    assert fake.dags["a.b"]["is_paused"]
    await airflow.set_paused("a.b", False)
    assert not fake.dags["a.b"]["is_paused"]
    fake.lies_about_pause = True
    with pytest.raises(NotTheApiError, match="still shows the opposite"):
        await airflow.set_paused("a.b", True)
    with pytest.raises(NotFoundError):
        await airflow.set_paused("nope", True)


async def test_a_run_of_ours(pair: Fakes) -> None:
    fake, airflow = pair
    run = await airflow.trigger("d", conf={"a": 1})
    assert (run.run_id, run.state) == ("manual__1", "queued")
    when = datetime(2026, 11, 2, tzinfo=UTC)
    run = await airflow.trigger("d", run_id="mine", logical_date=when)
    assert run.run_id == "mine"
    await airflow.trigger("d", run_id="whole", logical_date=when, data_interval=(when, when), note="why")
    assert fake.sent["data_interval_start"] == fake.sent["data_interval_end"] == when.isoformat()
    assert fake.sent["note"] == "why"
    run = await airflow.set_run_state("d", "mine", "success", "by astroferry")
    assert run.state == "success"
    assert next(each for each in fake.runs if each["dag_run_id"] == "mine")["note"] == "by astroferry"
    await airflow.set_run_note("d", "mine", "another")
    assert next(each for each in fake.runs if each["dag_run_id"] == "mine")["note"] == "another"
    run = await airflow.set_run_state("d", "mine", "failed")
    assert run.state == "failed"
    assert await airflow.delete_run("d", "mine")
    assert not await airflow.delete_run("d", "mine")
    with pytest.raises(NotFoundError):
        await airflow.set_run_state("d", "nope", "failed")


async def test_deleting_a_dag(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags["d"] = dag_item("d", fake.api)
    assert await airflow.delete_dag("d")
    assert not await airflow.delete_dag("d")


async def test_backfills(pair: Fakes) -> None:
    fake, airflow = pair
    fake.runs = [run_item("d", "r")]
    first, last = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    if fake.api == "v1":
        assert await airflow.backfills("d") == ()
        for asked in (airflow.create_backfill("d", first, last), airflow.cancel_backfill(1)):
            with pytest.raises(UnsupportedVersionError, match=r"Airflow 2\.11\.2"):
                await asked
        return
    number = await airflow.create_backfill("d", first, last, conf={"a": 1})
    (seen,) = await airflow.backfills("d")
    assert (seen.id, seen.first, seen.last, seen.reprocess, seen.completed_at) == (number, first, last, "none", None)
    assert fake.backfills[0]["dag_run_conf"] == {"a": 1}
    assert fake.backfills[0]["max_active_runs"] == 1
    await airflow.cancel_backfill(number)
    (seen,) = await airflow.backfills("d")
    assert seen.completed_at is not None
