from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
from tests.carry.handover.two_airflows import DAG, START, world

from astroferry.carry.handover.zone import zone_of
from astroferry.errors import NotAllowedError, RemoteError
from astroferry.model.inventory import Dag, Inventory, Run, Schedule

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.clients.airflow import Airflow

BERLIN = "DAG('d', start_date=pendulum.datetime(2026, 1, 1, tz='Europe/Berlin'))"
DUE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def dag(expression: str = "30 2 * * *", due: datetime | None = DUE) -> Dag:
    return Dag(DAG, Schedule("cron", expression), is_paused=False, catchup=True, next_data_interval_end=due)


class Source:
    """Tells the code and the last runs of a DAG."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.asked = 0

    async def dag_source(self, _dag_id: str) -> str:
        self.asked += 1
        if self.code is None:
            raise NotAllowedError("no")
        return self.code

    async def runs(self, _dag_id: str, *, limit: int) -> tuple[Run, ...]:
        del limit
        return (Run("scheduled__1", "scheduled", "success", START, START, DUE.replace(day=22)),)


def inventory(folder: Path) -> Inventory:
    return world(folder, catchup=True, warm=1).inventory


@pytest.mark.parametrize(
    ("code", "seen", "zone"),
    [
        (BERLIN, dag(), "Europe/Berlin"),
        (None, dag(due=datetime(2026, 11, 23, 2, 30, tzinfo=UTC)), "UTC"),
        ("", dag(due=None), "UTC"),
        (BERLIN, dag("61 * * * *"), "UTC"),
    ],
)
async def test_the_zone_of_a_dag(tmp_path: Path, code: str | None, seen: Dag, zone: str) -> None:
    assert await zone_of(cast("Airflow", Source(code)), seen, inventory(tmp_path)) == zone


async def test_a_schedule_of_every_hour_needs_no_code(tmp_path: Path) -> None:
    source = Source(BERLIN)
    every = dag("30 * * * *", DUE)
    assert await zone_of(cast("Airflow", source), every, inventory(tmp_path)) == "UTC"
    assert source.asked == 0


async def test_what_cannot_be_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="neither the source nor its code tells its true time zone"):
        await zone_of(cast("Airflow", Source("")), dag(), inventory(tmp_path))
