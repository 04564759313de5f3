"""What the advice takes for true of Airflow 2.11 and 3.3, asked of the real ones."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.live import seeding

from astroferry.advice.suggest import problems
from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BasicAuth
from astroferry.clients.http import Http
from astroferry.code.airflow3 import GONE_MODULES, GONE_NAMES
from astroferry.code.read import read
from astroferry.model.plan import Plan, Source
from astroferry.simulator.real.install import ensure
from astroferry.sources.airflow import take_inventory

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.simulator.real import RealAirflow

SET = {
    "database.load_default_connections",
    "scheduler.dag_dir_list_interval",
    "scheduler.min_file_process_interval",
    "webserver.base_url",
    "webserver.expose_config",
    "webserver.warn_deployment_exposure",
    "webserver.workers",
}
"""options that our own servers are started with and that Airflow 3 changed (`simulator/real/settings.py`)"""
IMPORTS = """
import importlib, json, logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
modules, names = json.loads(sys.argv[1])
there = []
for module in modules:
    try:
        importlib.import_module(module)
    except ImportError:
        continue
    there.append(module)
for module, held in names.items():
    try:
        found = importlib.import_module(module)
    except ImportError:
        there.append(f"{module} is gone as a whole")
        continue
    for name in held:
        try:
            getattr(found, name)
        except AttributeError:
            continue
        there.append(f"{module}.{name}")
print(json.dumps(there))
"""


def test_airflow_3_does_not_import_what_the_table_says_is_gone(tmp_path: Path) -> None:
    asked = json.dumps([sorted(GONE_MODULES), {module: sorted(names) for module, names in GONE_NAMES.items()}])
    python = ensure("3.3", print) / "bin" / "python"
    env = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([python, "-c", IMPORTS, asked], env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


async def test_a_real_source_is_advised_without_noise(real_211: RealAirflow) -> None:
    """Airflow 2.11 as seeded: no option is taken for set that is not; calls of its API are seen in its event log."""
    with seeding.client(real_211) as http:
        http.patch(f"{real_211.api}/dags/orders_import", json={"is_paused": True}).raise_for_status()
    async with Http(real_211.url, name="The source", auth=BasicAuth("admin", real_211.users["admin"])) as wire:
        airflow = await Airflow.connect(wire)
        found = await take_inventory(
            airflow, clock_now=lambda: datetime.now(UTC), tell=lambda _: None, read_code=read
        )
    assert "scheduler.min_file_process_interval" in found.options_set
    # All that the server was started with; of the other 145 options none is taken for set.
    assert set(found.options_set) <= SET
    assert "airflow.providers.http.operators.http" in found.task_modules
    plan = Plan("live", Source(real_211.url), datetime.now(UTC))
    for finding in problems(plan, found):
        print(finding.code, finding.severity, finding.message)
    assert any(caller.event == "patch_dag" and "orders_import" in caller.dags for caller in found.callers)
    assert not {sign.kind for sign in found.signs} & {"gone-import", "gone-argument", "gone-rule"}
