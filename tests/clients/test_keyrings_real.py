"""The real keyring library in a process of its own: no daemon, a back end in plain text, a bus that stalls."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "kept-in-plain-0x71"
PLAIN = f"""\
from pathlib import Path
from keyring.backend import KeyringBackend


class Keyring(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        Path(__file__).with_name("asked").touch()
        return "{CANARY}"

    def set_password(self, service, username, password):
        raise NotImplementedError
"""
ASK = """\
import asyncio, json, sys
from astroferry.clients.keyrings import describe_keyring, from_keyring
from astroferry.errors import NotAllowedError

async def main():
    patience = float(sys.argv[1])
    seen = await describe_keyring(patience=patience)
    try:
        told = str(await from_keyring("astro-token", patience=patience))
    except NotAllowedError as error:
        told = str(error)
    print(json.dumps([seen.usable, seen.name, seen.why, told]))

asyncio.run(main())
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """A machine without a keyring, and a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "PYTHONPATH": os.pathsep.join(sys.path),
        **more,
    }


def ask(env: dict[str, str], patience: float = 30) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(patience)], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_daemon(tmp_path: Path) -> None:
    """What the library chooses where there is none is its `fail` back end."""
    env = environment(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    usable, name, why, told = ask(env)
    assert (usable, name, why) == (False, "keyring.backends.fail.Keyring", "this machine has no keyring")
    assert told.startswith("The keyring cannot be used: this machine has no keyring. Give the credentials by")


def test_a_back_end_that_somebody_installed_is_refused_and_never_asked(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN, encoding="utf-8")
    config = tmp_path / "config" / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=plain.Keyring\nkeyring-path={tmp_path}\n", encoding="utf-8"
    )
    usable, name, why, told = ask(environment(tmp_path))
    assert (usable, name) == (False, "plain.Keyring")
    assert why == "plain.Keyring is refused: it does not keep secrets as a system keyring does"
    assert why in told
    # The command, which looks into environment and keyring where nothing is said, does not take it either.
    assess = [sys.executable, "-m", "astroferry", "assess", "http://127.0.0.1:1", "--no-input"]
    done = subprocess.run(
        assess, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 4, done.stderr
    assert "There are no credentials of the source in the environment or the keyring." in done.stderr
    assert CANARY not in told + done.stdout + done.stderr
    assert not (tmp_path / "asked").exists()


@pytest.fixture
def stalled_bus(tmp_path: Path) -> Iterator[str]:
    """A session bus that takes the line and never says a word."""
    path = tmp_path / "bus"
    lines: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(path))
        bus.listen()

        def take() -> None:
            while True:
                try:
                    lines.append(bus.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"unix:path={path}"
        bus.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for line in lines:
        line.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no D-Bus")
def test_a_bus_that_stalls_holds_up_nobody(tmp_path: Path, stalled_bus: str) -> None:
    """The library's own SecretService back end hangs on it, in a thread that does not keep the process alive."""
    began = time.monotonic()
    usable, _, why, told = ask(environment(tmp_path, DBUS_SESSION_BUS_ADDRESS=stalled_bus), 0.3)
    assert (usable, why) == (False, "the keyring did not answer within 0.3 s")
    assert told.startswith("The keyring cannot be used: it did not answer within 0.3 s.")
    assert time.monotonic() - began < 30
