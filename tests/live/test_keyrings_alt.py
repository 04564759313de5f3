"""keyrings.alt, really installed: its plain-text file becomes the keyring by merely being there, and is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from astroferry.simulator.real.install import uv_binary

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "keyrings.alt==5.0.2"
CANARY = "kept-in-plain-0x81"
STORE = f"""\
import keyring
for entry in ("astro-token", "source-token"):
    keyring.set_password("astroferry", entry, "{CANARY}")
print(type(keyring.get_keyring()).__module__)
"""


def test_a_plain_text_keyring_is_refused_by_name(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    install = [uv_binary(), "pip", "install", "-q", "--no-deps", "--python", sys.executable, "--target"]
    subprocess.run([*install, str(packages), PACKAGE], check=True)
    env = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": os.pathsep.join([str(packages), *sys.path]),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )

    stored = run("-c", STORE)
    assert stored.stdout.strip() == "keyrings.alt.file", stored.stderr
    assert any(path.is_file() for path in (tmp_path / "data").rglob("*"))
    told = json.loads(run("-m", "astroferry", "doctor", "--json").stdout)
    print(f"\ndoctor: {told['keyring']}")
    assert "keyrings.alt.file.PlaintextKeyring is refused" in told["keyring"]
    done = run("-m", "astroferry", "assess", "http://127.0.0.1:1", "--no-input")
    assert done.returncode == 4
    assert "There are no credentials of the source in the environment or the keyring." in done.stderr
    assert CANARY not in done.stdout + done.stderr
