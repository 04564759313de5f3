from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from astroferry.errors import UnsupportedVersionError
from astroferry.simulator.real.dataplane import RealDataPlane, factory

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_deployment_gets_an_airflow_of_its_own(pretended: Path, tmp_path: Path) -> None:
    made = factory(tmp_path / "planes", plugins_folder=tmp_path / "plugins", env={"FOR_ALL": "1", "PRETEND": ""})
    plane = made()
    assert isinstance(plane, RealDataPlane)
    wanted = {"AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere", "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "77"}
    url = await plane.start("d1", "3.3-8", wanted, tmp_path / "dags", "/abc")
    try:
        assert url.endswith("/abc")
        assert plane.transport() is None
        assert await plane.token() == "token-of-admin"
        assert plane.server is not None
        assert plane.server.home == tmp_path / "planes" / "d1"
        environ = plane.server.environ()
        assert environ["FOR_ALL"] == "1"
        assert environ["AIRFLOW__CORE__DAGS_FOLDER"] == str(tmp_path / "dags")
        assert environ["AIRFLOW__CORE__PLUGINS_FOLDER"] == str(tmp_path / "plugins")
        assert environ["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "77"
        assert await plane.restart({"OTHER": "2"}) == url
        environ = plane.server.environ()
        assert environ["OTHER"] == "2"
        assert environ["FOR_ALL"] == "1"
        assert environ["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "5"
    finally:
        await plane.stop()
    assert plane.server.pids == {}


async def test_runtimes_of_airflow_2_are_refused(tmp_path: Path) -> None:
    plane = RealDataPlane(tmp_path)
    with pytest.raises(UnsupportedVersionError, match=r"Runtime 13\.11\.0"):
        await plane.start("d1", "13.11.0", {}, tmp_path, "")
    await plane.stop()
    with pytest.raises(UnsupportedVersionError, match="no Airflow yet"):
        await plane.token()
