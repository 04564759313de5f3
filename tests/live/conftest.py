"""Real Airflow servers for the live tests: started once per session, below pytest's temporary folder.

A server that cannot start fails the tests that need it; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tests.live.seeding import copy_code, seed

from astroferry.simulator.astro import EmbeddedAstro
from astroferry.simulator.real import RealAirflow, factory

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

Result = TypeVar("Result")
HERE = Path(__file__).parent
SCHEDULE = "* * * * * */20"
"""of the seed's two ledger DAGs: every 20 seconds (croniter reads the seconds last), so that cutovers pass quickly"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives real servers."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


class Loop:
    """An event loop in a thread of its own, for what must live longer than one test's loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end; what it raises is raised here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def live_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all servers of this session live."""
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="session")
def ledger_file(live_folder: Path) -> Path:
    """The ledger that tasks of both sides write to."""
    return live_folder / "ledger.jsonl"


@pytest.fixture(scope="session")
def ledger_env(ledger_file: Path) -> dict[str, str]:
    """What both sides must be told for the ledger; LEDGER_SIDE is each one's own."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    return {"LEDGER": str(ledger_file), "LEDGER_SCHEDULE": SCHEDULE, "LEDGER_START": start.isoformat()}


@pytest.fixture(scope="session")
def seed_code(live_folder: Path) -> tuple[Path, Path]:
    """The source's DAG folder and plugins folder."""
    return copy_code(live_folder / "code")


@pytest.fixture(scope="session")
def real_211(live_folder: Path, seed_code: tuple[Path, Path], ledger_env: dict[str, str]) -> Iterator[RealAirflow]:
    """The source: Airflow 2.11 with Starship, seeded, its scheduler running, every DAG paused."""
    dags, plugins = seed_code
    env = {**ledger_env, "LEDGER_SIDE": "source"}
    # Its code does not change, so it is rarely parsed again: the two cores have better things to do.
    server = RealAirflow(
        "2.11", live_folder / "source", dags, plugins_folder=plugins, env=env, parse=600, parse_first=True, say=print
    )
    with server:
        seed(server)
        yield server


@pytest.fixture(scope="session")
def real_33(live_folder: Path) -> Iterator[RealAirflow]:
    """A bare Airflow 3.3 with nothing in it."""
    with RealAirflow("3.3", live_folder / "bare", live_folder / "bare-dags", say=print) as server:
        yield server


@pytest.fixture(scope="module")
def embedded_astro(
    live_folder: Path, seed_code: tuple[Path, Path], ledger_env: dict[str, str]
) -> Iterator[EmbeddedAstro]:
    """The embedded Astro with a real Airflow 3.3 per Deployment, whose image brings the source's plugins.

    For one module: its servers parse all the time, and two cores are few.
    """
    airflow = factory(
        live_folder / "astro-airflow",
        plugins_folder=seed_code[1],
        env={**ledger_env, "LEDGER_SIDE": "target"},
        say=print,
    )
    loop = Loop()
    try:
        astro = EmbeddedAstro(
            airflow_factory=airflow,
            folder=live_folder / "astro",
            log_file=live_folder / "astro-requests.jsonl",
        )
        loop.run(astro.__aenter__())
        try:
            yield astro
        finally:
            loop.run(astro.__aexit__(None, None, None))
    finally:
        loop.close()
