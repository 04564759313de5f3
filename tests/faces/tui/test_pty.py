"""The wizard in a real terminal (a pty): it paints, is silent when idle, and ends cleanly on signals."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from astroferry.model import planfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 40.0
"""seconds; for a machine that has much else to do"""


class Terminal:
    """The other end of the pty."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self.descriptor = descriptor
        self.seen = b""

    def read(self, seconds: float) -> bytes:
        """What comes within that time."""
        found = b""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.descriptor], [], [], left)
            if not ready:
                break
            try:
                found += os.read(self.descriptor, 65536)
            except OSError:
                break
        self.seen += found
        return found

    def wait_for(self, text: str) -> None:
        """Until it is on the screen."""
        end = time.monotonic() + DEADLINE
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"{text!r} never came: {self.seen[-2000:]!r}"
            self.read(0.2)

    def send(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def ends(self) -> int:
        """Its exit code; what it still writes is read, so that it is not held up."""
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.process.wait(timeout=1)


@contextmanager
def terminal(folder: Path, size: tuple[int, int] = (24, 80), **environment: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASTRO", "COV", "CI", "SSH_"))}
    kept |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"} | environment
    process = subprocess.Popen(
        [sys.executable, "-m", "astroferry"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=kept,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)], ids=["hang-up", "termination"]
)
def test_it_is_silent_when_idle_and_a_signal_saves_and_ends(folder: Path, number: signal.Signals, code: int) -> None:
    with terminal(folder) as screen:
        screen.wait_for("Start a new migration")
        screen.send("\r")
        screen.wait_for("be called")
        screen.send("acme\r")
        screen.wait_for("of 17")
        screen.wait_for("Organization id")
        while screen.read(0.5):
            pass
        assert screen.read(1.5) == b"", "nothing is sent while nothing happens"
        screen.process.send_signal(number)
        assert screen.ends() == code
        assert b"Saved to" in screen.seen
    assert planfile.load(folder / "migration.toml", unfinished=True).name == "acme"


@pytest.mark.parametrize(
    ("size", "environment"),
    [((0, 0), {"NO_COLOR": "1"}), ((16, 60), {"TERM": "linux"})],
    ids=["no size", "16 colours"],
)
def test_it_paints_on_small_and_simple_terminals(
    folder: Path, size: tuple[int, int], environment: dict[str, str]
) -> None:
    with terminal(folder, size, **environment) as screen:
        screen.wait_for("Start a new migration")
        screen.send("\x03")
        assert screen.ends() == 0


def test_without_a_screen_it_says_what_to_do(folder: Path) -> None:
    with terminal(folder, TERM="dumb") as screen:
        assert screen.ends() == 2
        assert b"astroferry assess URL" in screen.seen
