"""Servers as child processes that never outlive us: the parent's side of the warden."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING

from astroferry.errors import RemoteError
from astroferry.simulator.real import warden

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TAIL = 3000
"""characters of a log that are worth showing"""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run; `env` is its whole environment, `signal` what asks it to end, `user` whom to run as.

    `restarts`: how often it is started again when it ends by itself, as the platform of a real Deployment would.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    log: str
    user: str | None = None
    signal: int = signal.SIGTERM
    restarts: int = 0


def tail(log: Path, characters: int = TAIL) -> str:
    """The end of a log, or "" where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - characters))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


class Guard:
    """A set of programs that starts and ends together.

    Not tied to a thread or an event loop: a server started in one lives on in another. `folder` takes the
    warden's own log; `leftovers` are removed if this process vanishes without calling `stop`.
    """

    def __init__(self, folder: Path, *, grace: float = 10.0, leftovers: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._grace = grace
        self._leftovers = tuple(leftovers)
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._told = threading.Condition()
        self.pids: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        """name -> exit status of programs that ended by themselves"""
        self.killed: list[str] = []
        """names of programs that did not end when asked and had to be killed"""
        self._failed: dict[str, str] = {}
        self._over = False
        self._stopping = False

    @property
    def running(self) -> bool:
        """Whether the programs were started and not stopped."""
        return self._process is not None

    @property
    def warden_pid(self) -> int | None:
        """The warden's pid while it runs."""
        return self._process.pid if self._process else None

    def start(self, programs: Sequence[Program]) -> None:
        """Start them; returns when each has a pid. Raises RemoteError where one cannot be run."""
        self.pids, self.ended, self.killed, self._failed, self._over = {}, {}, [], {}, False
        self._stopping = False
        with (self._folder / "warden.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, "-I", warden.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # A Ctrl-C in the terminal is ours to handle; the warden hears of it from us.
                start_new_session=True,
            )
        order = {
            "grace": self._grace,
            "programs": [asdict(program) for program in programs],
            "leftovers": [str(folder) for folder in self._leftovers],
        }
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listener.start()
        self._say(json.dumps(order).encode() + b"\n")
        names = {program.name for program in programs}
        with self._told:
            self._told.wait_for(lambda: self._over or bool(self._failed) or names <= set(self.pids), timeout=60)
        if not names <= set(self.pids):
            why = "; ".join(f"{name}: {text}" for name, text in self._failed.items())
            self.stop()
            raise RemoteError(
                f"A local server could not be started: {why or tail(self._folder / 'warden.log')}.",
                hint="Look whether the program exists and may be run on this machine.",
            )

    def stop(self) -> None:
        """End them all; returns when none is left. Harmless where nothing runs."""
        process, listener = self._process, self._listener
        if process is None or listener is None:
            return
        self._stopping = True
        self._say(b"stop\n")
        process.wait()
        listener.join()
        for pipe in (process.stdin, process.stdout):
            # What could not be sent to a warden that is gone would be sent again on closing.
            with contextlib.suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        self._process = self._listener = None
        self.ended = {}

    def _say(self, line: bytes) -> None:
        pipe = self._process.stdin if self._process else None
        with contextlib.suppress(BrokenPipeError):
            if pipe:
                pipe.write(line)
                pipe.flush()

    def _listen(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            fact = json.loads(line)
            with self._told:
                if "started" in fact:
                    self.pids[fact["started"]] = fact["pid"]
                elif "failed" in fact:
                    self._failed[fact["failed"]] = fact["why"]
                elif "killed" in fact:
                    self.killed = fact["killed"]
                elif not self._stopping:
                    self.ended[fact["exited"]] = fact["status"]
                self._told.notify_all()
        with self._told:
            self._over = True
            self._told.notify_all()
