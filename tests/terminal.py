"""A program in a real terminal (a pty): keys go in, bytes are counted, pyte shows what a terminal would show."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

DEADLINE = 60.0
"""seconds; for a machine that has much else to do"""
ENTER, ESCAPE, TAB, CTRL_C, UP, DOWN = "\r", "\x1b", "\t", "\x03", "\x1b[A", "\x1b[B"
F1, F2, F3, F4, F5, F6 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~"
F7, F8, F10 = "\x1b[18~", "\x1b[19~", "\x1b[21~"
# The pty becomes the program's controlling terminal, so that closing it hangs up as a lost line does. Tests that a
# shell runs in the background (`&`) ignore SIGINT, and would hand that on; a shell at a terminal does not.
_BEGIN = (
    "import fcntl, runpy, signal, sys, termios; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); sys.argv[:] = sys.argv[1:]; "
)
MODULE = _BEGIN + "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"


class Terminal:
    """The other end of the pty. `seen` is all that came, `screen` what it looks like now."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int, rows: int, columns: int) -> None:
        self.process = process
        self.descriptor = descriptor
        self.seen = b""
        self.screen = pyte.Screen(columns or 80, rows or 24)
        self._stream = pyte.ByteStream(self.screen)
        self._open = True

    # -- what comes --------------------------------------------------------------------------------------------

    def read(self, seconds: float) -> bytes:
        """What comes within that time."""
        found = b""
        end = time.monotonic() + seconds
        while self._open and (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.descriptor], [], [], left)
            if not ready:
                break
            try:
                part = os.read(self.descriptor, 65536)
            except OSError:
                break
            self._stream.feed(part)
            found += part
        self.seen += found
        return found

    def settle(self, quiet: float = 0.4) -> bytes:
        """All that comes until nothing has come for `quiet` seconds."""
        found = b""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self_read = self._read_once(quiet)
            if not self_read:
                break
            found += self_read
        return found

    def _read_once(self, seconds: float) -> bytes:
        before = len(self.seen)
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if ready:
            self.read(0.01)
        return self.seen[before:]

    @property
    def text(self) -> str:
        """The screen now, line by line."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, text: str, within: float = DEADLINE) -> None:
        """Until it is on the screen."""
        self.wait_until(lambda: text in self.text, text, within)

    def wait_until(self, so: Callable[[], bool], what: str, within: float = DEADLINE) -> None:
        """Until it is so; the program's output is taken meanwhile."""
        end = time.monotonic() + within
        while not so():
            assert time.monotonic() < end, f"never came: {what}\n{self.text}"
            assert self.process.poll() is None or so(), f"ended with {self.process.returncode}: {what}\n{self.text}"
            self.read(0.1)

    # -- what goes ---------------------------------------------------------------------------------------------

    def send(self, *keys: str) -> None:
        """Keys, as the terminal writes them."""
        for key in keys:
            os.write(self.descriptor, key.encode())

    def press(self, *keys: str, quiet: float = 0.4) -> bytes:
        """Keys one after the other, each until the screen has come to rest; all bytes that came."""
        found = b""
        for key in keys:
            self.send(key)
            found += self.settle(quiet)
        return found

    def cost(self, key: str, until: str, quiet: float = 0.5) -> int:
        """Bytes that a key brings about: until `until` is on the screen, and it has come to rest."""
        before = len(self.seen)
        self.send(key)
        self.wait_for(until)
        self.settle(quiet)
        return len(self.seen) - before

    def resize(self, rows: int, columns: int) -> None:
        """Another size, told as a terminal tells it."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def blank(self) -> None:
        """As a terminal that shows nothing of what was drawn: what comes after must be all of it."""
        self.screen.reset()

    def signal(self, number: signal.Signals) -> None:
        """A signal to the program alone."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal: the kernel sends SIGHUP, and nothing can be written any more."""
        self._open = False
        os.close(self.descriptor)

    def ends(self) -> int:
        """Its exit code; what it still writes is read, so that it is not held up."""
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            if self._open:
                self.read(0.05)
            else:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.1)
        if self._open:
            self.read(0.1)
        return self.process.wait(timeout=1)

    def close(self) -> None:
        """End what is left of it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._open:
            os.close(self.descriptor)


def environment(**given: str) -> dict[str, str]:
    """This one without credentials, CI and SSH, for a terminal with 256 colours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ASTRO", "COV", "CI", "SSH_", "NO_COLOR", "COLORTERM", "TEXTUAL", "TMUX", "STY"))
    }
    return kept | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"} | given


@contextmanager
def terminal(
    folder: Path,
    words: Sequence[str] = ("astroferry",),
    size: tuple[int, int] = (24, 80),
    given: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """A Python module with arguments (`words`) in a terminal of that size (rows, columns)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", MODULE, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment(**(given or {})),
        start_new_session=True,
    )
    os.close(theirs)
    screen = Terminal(process, ours, *size)
    try:
        yield screen
    finally:
        screen.close()
