"""README's first line: the demo carries Harbor Lines to a real Airflow 3.3 and ends with a summary worth reading."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo(tmp_path: Path) -> None:
    # With the machine's own package index and certificates: on a fresh cache the demo installs Airflow.
    ours = ("ASTRO_", "ASTROFERRY_S", "PYTEST_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-m", "astroferry", "demo", "--no-input", "--folder", str(tmp_path / "demo")],
        env=env,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    print(done.stdout[-3000:])
    assert done.returncode == 0, done.stderr[-4000:]
    summary = done.stdout.rpartition("Harbor Lines is on Astro")[2]
    assert "42 DAGs, 12 connections, 11 variables" in summary
    assert summary.count("0 twice, 0 missed") == 2
    assert "differs" not in summary
    assert "not compared" not in summary
    # Its servers are gone with it.
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path / "demo") not in listed
