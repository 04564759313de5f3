"""A `Street` built up: both servers, the proxy, six DAGs running on the source, the plan applied."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.live import seeding
from tests.live.conftest import Loop
from tests.live.street import SIX, TIMED, Street
from tests.live.wire import Proxy

from astroferry.simulator.astro import EmbeddedAstro
from astroferry.simulator.real import RealAirflow, RealDataPlane
from astroferry.simulator.real.postgres import binaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astroferry.simulator.real.metadata import Kind

CONFIRMED = ("alerts", "people-invited", "rollback-plan")
ANSWERS = """\
name = "marlow"

[source]
url = "{url}"

[code]
dags_folder = "{dags}"

[decisions]
cluster = "standard"
networking = "public"

[values]
connections = "none"
variables = "none"

[cutover]
poll = 0.5
parse_timeout = 180
drain_timeout = 500
watch_ticks = 1

[watch]
poll_seconds = 2
late_minutes = 1
webhook = "environment"

[[workspaces]]
name = "Marlow"

[[deployments]]
name = "marlow-production"
workspace = "Marlow"
executor = "ASTRO"

[[waves]]
name = "six"
test = "marlow-production"
production = "marlow-production"
dags = ["*"]
"""


@contextmanager
def street(folder: Path, webhook: str) -> Iterator[Street]:
    """Both ends up, the six DAGs running on the source, everything applied and confirmed, nothing handed over yet."""
    dags = folder / "dags"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(seeding.SEED / "six", dags, ignore=ignore)
    shutil.copytree(seeding.SEED / "dags" / "marlow", dags / "marlow", ignore=ignore)
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    env = {
        "LEDGER": str(folder / "ledger.jsonl"),
        "LEDGER_START": start.isoformat(),
        "CALLBACKS": str(folder / "callbacks.jsonl"),
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
    }
    planes: list[RealDataPlane] = []
    database: Kind = "postgres" if binaries() else "sqlite"

    def plane() -> RealDataPlane:
        target = {**env, "LEDGER_SIDE": "target", "LISTENER": str(folder / "listener.jsonl")}
        planes.append(
            RealDataPlane(
                folder / "target",
                plugins_folder=seeding.SEED / "listening",
                env=target,
                database=database,
                say=print,
            )
        )
        return planes[-1]

    source = RealAirflow(
        "2.11",
        folder / "source",
        dags,
        env={**env, "LEDGER_SIDE": "source"},
        parse=10,
        database=database,
        say=print,
    )
    loop = Loop()
    with source:
        proxy = Proxy(source.url)
        astro = EmbeddedAstro(airflow_factory=plane, folder=folder / "astro")
        loop.run(astro.__aenter__())
        try:
            made = Street(folder, source, proxy, astro, planes, _env(folder, source, astro, webhook))
            _apply(made, dags)
            yield made
        finally:
            proxy.close()
            loop.run(astro.__aexit__(None, None, None))
            loop.close()


def _env(folder: Path, source: RealAirflow, astro: EmbeddedAstro, webhook: str) -> dict[str, str]:
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return env | {
        "ASTRO_API_URL": astro.url,
        "ASTRO_API_TOKEN": astro.token,
        "ASTROFERRY_SOURCE_USERNAME": "admin",
        "ASTROFERRY_SOURCE_PASSWORD": source.users["admin"].reveal(),
        "ASTROFERRY_REPORTS": str(folder),
        "ASTROFERRY_WEBHOOK": webhook,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def _apply(street: Street, dags: Path) -> None:
    seeding.wait_for_dags(street.source, len(SIX))
    for dag in SIX:
        street.by_hand(street.source, dag, paused=False)
    (street.folder / "answers.toml").write_text(ANSWERS.format(url=street.proxy.url, dags=dags), "utf-8")
    street.run("assess", street.proxy.url, "--out", "inventory.json")
    street.run("plan", "--inventory", "inventory.json", "--answers", "answers.toml", "--out", "migration.toml")
    street.run("apply", "migration.toml")
    what = [word for key in CONFIRMED for word in ("--what", key)]
    street.run("approve", "migration.toml", "--by", "Olivia Owner", *what)
    street.until("each ran twice", lambda: all(len(street.rows("source", dag)) >= 2 for dag in TIMED))
