"""Connections, variables, pools and roles: the same on simulated and on real servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import ConflictError, NotAllowedError, RequestFailedError
from astroferry.model.inventory import Pool
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, VariableValue

if TYPE_CHECKING:
    from tests.contract.sides import Side

    from astroferry.clients.airflow import Airflow

pytestmark = pytest.mark.asyncio(loop_scope="session")  # clients live as long as their servers

EXTRA = json.dumps({"region": "eu", "api_key": "hidden-one", "nested": {"password": "hidden-two", "port": 7}})


def connection(conn_id: str, **fields: str | None) -> ConnectionValue:
    secrets = {name: Secret(value) for name, value in fields.items() if value is not None}
    return ConnectionValue(conn_id, "http", **secrets)  # type: ignore[arg-type] # only secret fields are given here


async def test_a_connection_is_seen_without_its_secrets(airflow: Airflow, side: Side) -> None:
    await airflow.create_connection(
        connection("c.seen-1", host="h.example", login="me", password="hush!", extra=EXTRA)
    )
    seen = await airflow.connection("c.seen-1")
    assert seen is not None
    assert (seen.host, seen.login, seen.conn_type) == ("h.example", "me", "http")
    assert seen.has_password is (None if side.is_2 else True)
    assert set(seen.extra_keys) == {"region", "api_key", "nested"}
    assert {"extra.api_key", "extra.nested"} <= set(seen.masked_fields)
    assert "c.seen-1" in {each.conn_id for each in await airflow.connections()}
    assert await airflow.delete_connection("c.seen-1")


async def test_a_connection_that_is_there_is_a_conflict(airflow: Airflow) -> None:
    await airflow.create_connection(connection("c_twice", host="one"))
    with pytest.raises(ConflictError):
        await airflow.create_connection(connection("c_twice", host="two"))
    seen = await airflow.connection("c_twice")
    assert seen is not None
    assert seen.host == "one"
    await airflow.delete_connection("c_twice")


async def test_a_replaced_connection_keeps_nothing_of_the_old_one(airflow: Airflow, side: Side) -> None:
    await airflow.create_connection(connection("c_new", host="old", login="old", password="old-secret", extra=EXTRA))
    await airflow.replace_connection(connection("c_new", host="new"))
    seen = await airflow.connection("c_new")
    assert seen is not None
    assert (seen.host, seen.login, seen.extra_keys) == ("new", "", ())
    assert seen.has_password is (None if side.is_2 else False)
    await airflow.delete_connection("c_new")


async def test_a_missing_connection_is_none_and_nothing_to_delete(airflow: Airflow) -> None:
    assert await airflow.connection("c_missing") is None
    assert await airflow.delete_connection("c_missing") is False


async def test_a_connection_id_with_a_blank_is_refused(airflow: Airflow, side: Side) -> None:
    with pytest.raises(RequestFailedError) as refused:
        await airflow.create_connection(connection("bad id!"))
    assert refused.value.status == (400 if side.is_2 else 422)


async def test_an_extra_that_is_no_json_is_taken_by_2_and_refused_by_3(airflow: Airflow, side: Side) -> None:
    value = connection("c_plain", extra="not json")
    if side.is_2:
        await airflow.create_connection(value)
        seen = await airflow.connection("c_plain")
        assert seen is not None
        assert seen.extra_keys == ()
        await airflow.delete_connection("c_plain")
    else:
        with pytest.raises(RequestFailedError) as refused:
            await airflow.create_connection(value)
        assert refused.value.status == 422


async def test_a_secret_variable_is_clear_on_2_and_masked_on_3(airflow: Airflow, side: Side) -> None:
    await airflow.create_variable(VariableValue("v_password", Secret("hunter-two"), "by name"))
    await airflow.create_variable(VariableValue("v_nested", Secret(json.dumps({"password": "inside", "n": 1}))))
    values = await airflow.variable_values()
    assert values["v_password"].value.is_masked() is not side.is_2
    assert values["v_nested"].value.is_masked() is not side.is_2
    assert values["v_password"].description == "by name"
    if side.is_2:
        assert values["v_password"].value == Secret("hunter-two")
    await airflow.delete_variable("v_password")
    await airflow.delete_variable("v_nested")


@pytest.mark.parametrize("key", ["v/with a slash", "v.ünïcode ⚓", "v%41", "v?a=b&c#d"])
async def test_a_variable_with_an_odd_key_can_be_read_and_deleted(airflow: Airflow, key: str) -> None:
    await airflow.create_variable(VariableValue(key, Secret("plain text")))
    found = await airflow.variable_value(key)
    assert found is not None
    assert (found.key, found.value) == (key, Secret("plain text"))
    assert await airflow.delete_variable(key)
    assert await airflow.variable_value(key) is None


@pytest.mark.parametrize("text", ["", "one\ntwo\n", " blanks ", "Moin ⚓ ß", "x" * 70_000, "[1, 2]", "null"])
async def test_a_variable_keeps_its_text_to_the_letter(airflow: Airflow, text: str) -> None:
    await airflow.create_variable(VariableValue("v_text", Secret(text)))
    found = await airflow.variable_value("v_text")
    assert found is not None
    assert found.value == Secret(text)
    await airflow.delete_variable("v_text")


async def test_a_variable_that_is_there_is_a_conflict_and_can_be_replaced(airflow: Airflow) -> None:
    await airflow.create_variable(VariableValue("v_twice", Secret("one"), "first"))
    with pytest.raises(ConflictError):
        await airflow.create_variable(VariableValue("v_twice", Secret("two")))
    await airflow.replace_variable(VariableValue("v_twice", Secret("three")))
    found = await airflow.variable_value("v_twice")
    assert found is not None
    assert (found.value, found.description) == (Secret("three"), None)
    await airflow.delete_variable("v_twice")


async def test_a_missing_variable_is_none_and_nothing_to_delete(airflow: Airflow) -> None:
    assert await airflow.variable_value("v_missing") is None
    assert await airflow.delete_variable("v_missing") is False


async def test_more_variables_than_a_page_holds_are_all_read(airflow: Airflow) -> None:
    keys = [f"v_page_{number:03}" for number in range(105)]
    for key in keys:
        await airflow.create_variable(VariableValue(key, Secret("1")))
    assert [seen.key for seen in await airflow.variables() if seen.key.startswith("v_page_")] == keys
    for key in keys:
        await airflow.delete_variable(key)


async def test_a_pool_is_made_changed_and_deleted(airflow: Airflow) -> None:
    await airflow.create_pool(Pool("p_one", 3, "three", include_deferred=True))
    with pytest.raises(ConflictError):
        await airflow.create_pool(Pool("p_one", 4))
    assert Pool("p_one", 3, "three", include_deferred=True) in await airflow.pools()
    await airflow.replace_pool(Pool("p_one", 5, "five"))
    assert Pool("p_one", 5, "five") in await airflow.pools()
    assert await airflow.delete_pool("p_one") is True
    assert await airflow.delete_pool("p_one") is False


async def test_the_default_pool_is_there_and_stays(airflow: Airflow) -> None:
    assert "default_pool" in {pool.name for pool in await airflow.pools()}
    with pytest.raises(RequestFailedError) as refused:
        await airflow.delete_pool("default_pool")
    assert refused.value.status == 400


async def test_a_viewer_sees_dags_but_no_values_and_may_not_pause(side: Side) -> None:
    async with side.airflow("viewer") as airflow:
        assert await airflow.count_dags() > 0
        assert await airflow.pools()
        with pytest.raises(NotAllowedError):
            await airflow.connections()
        with pytest.raises(NotAllowedError):
            await airflow.variables()
        with pytest.raises(NotAllowedError):
            await airflow.set_paused("by_hand", True)


async def test_a_user_may_pause_but_sees_no_values(side: Side) -> None:
    async with side.airflow("user") as airflow:
        await airflow.set_paused("by_hand", True)
        with pytest.raises(NotAllowedError):
            await airflow.variables()


async def test_an_op_sees_values(side: Side) -> None:
    async with side.airflow("op") as airflow:
        assert await airflow.variables() == ()


async def test_a_wrong_password_is_refused(side: Side) -> None:
    with pytest.raises(NotAllowedError):
        async with side.airflow("admin", password="not-the-password"):
            pytest.fail("logged in with a wrong password")
