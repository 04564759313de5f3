"""Who may do what, what failed, and what the environment is: the same on a simulated and on a real Airflow 2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from astroferry.clients.address import segment
from astroferry.clients.connecting import Wiring, connect_starship
from astroferry.clients.credentials import SourceLogin
from astroferry.errors import NotAllowedError, RemoteError
from astroferry.sources.environment import environment_of

if TYPE_CHECKING:
    from tests.contract.sides import Side

    from astroferry.clients.airflow import Airflow

pytestmark = pytest.mark.asyncio(loop_scope="session")  # clients live as long as their servers


async def test_roles_are_told_apart_by_what_they_allow(airflow_2: Airflow) -> None:
    found = {role.name: role for role in await airflow_2.roles()}
    may = {name: found[name].may for name in ("Admin", "Op", "Public", "User", "Viewer")}
    assert may == {"Admin": "administer", "Op": "operate", "Public": "nothing", "User": "run", "Viewer": "see"}
    assert [found[name].people for name in ("Admin", "Op", "User", "Viewer", "Public")] == [1, 1, 1, 1, 0]
    assert not any(role.is_own or role.dags for role in found.values())


async def test_only_an_administrator_is_told_of_users(side_2: Side) -> None:
    async with side_2.airflow("op") as airflow:
        with pytest.raises(NotAllowedError):
            await airflow.roles()


async def test_failed_runs_are_counted_by_dag(airflow_2: Airflow) -> None:
    run = await airflow_2.trigger("by_hand")
    try:
        await airflow_2.set_run_state("by_hand", run.run_id, "failed")
        since = datetime.now(UTC) - timedelta(days=30)
        assert await airflow_2.failed_run_counts(since) == ({"by_hand": 1}, 1)
        assert await airflow_2.failed_run_counts(datetime.now(UTC) + timedelta(days=1)) == ({}, 0)
    finally:
        await airflow_2.http.answer("DELETE", f"/api/v1/dags/by_hand/dagRuns/{segment(run.run_id)}")


async def test_starship_gives_the_web_servers_environment(airflow_2: Airflow, side_2: Side) -> None:
    login = SourceLogin(username="admin", password=side_2.passwords["admin"])
    starship = await connect_starship(airflow_2, login, wiring=Wiring(transport=side_2.transport))
    assert starship is not None
    try:
        variables = await starship.environment()
    finally:
        await starship.http.aclose()
    assert {"AIRFLOW_HOME", "PATH"} <= variables.keys()
    kept = environment_of({name: value.reveal() for name, value in variables.items()}, "Starship")
    assert kept.names == tuple(sorted(variables))
    assert variables["PATH"].reveal() not in repr(kept)


async def test_airflow_3_has_roles_only_where_fab_manages_them(airflow_3: Airflow) -> None:
    with pytest.raises(RemoteError):
        await airflow_3.roles()
