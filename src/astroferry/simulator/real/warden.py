"""The warden: a small process that starts servers, and ends every one of them when its parent ends, however that is.

It is run as a script by `processes.Guard` and imports nothing but the standard library. Its parent holds the other
end of its stdin: when that closes (also by SIGKILL of the parent) or says `stop`, the warden ends all offspring.
On Linux it is a subreaper, so processes that outlive their own parent (gunicorn's workers, a task's process group)
come back to it instead of escaping to init.

stdin, one JSON line: {"grace": seconds, "programs": [{"name", "argv", "env", "cwd", "log", "user", "signal",
"restarts"}],
"leftovers": [folders to remove if the parent vanished]}; then `stop`, or the end.
stdout, JSON lines: {"started": name, "pid": n}, {"failed": name, "why": text}, {"exited": name, "status": n}, and
{"killed": [names]} for programs that did not end when asked.
Environments come over the pipe because argv and files can be read by others.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LOOK = 0.1
"""seconds between two looks at the offspring"""
PLENTY = 10_000
"""how often a killed process is looked for; the kernel needs a few"""


def prctl(option: int, argument: int) -> None:
    """Set a process attribute where the system knows it (Linux); elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def die_with_warden() -> None:
    """In the child, before its program: be killed if the warden itself is killed."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def table(proc: Path = Path("/proc")) -> list[tuple[int, int, int]]:
    """(pid, parent, process group) of every process that has not ended."""
    if (proc / "self").exists():
        rows = []
        for entry in proc.iterdir():
            if entry.name.isdigit():
                # Gone between the two looks: not there.
                with contextlib.suppress(OSError):
                    state, parent, group = (entry / "stat").read_text("latin-1").rpartition(")")[2].split()[:3]
                    if state != "Z":
                        rows.append((int(entry.name), int(parent), int(group)))
        return rows
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="],  # noqa: S607 - its place differs between systems
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = [line.split() for line in listed.splitlines()]
    return [(int(pid), int(parent), int(group)) for pid, parent, group, state in found if not state.startswith("Z")]


def offspring(root: int, groups: set[int], rows: list[tuple[int, int, int]]) -> set[int]:
    """The pids that descend from `root` or belong to one of `groups`, without `root`."""
    found = {pid for pid, _, group in rows if group in groups}
    front = {root, *found}
    while front:
        front = {pid for pid, parent, _ in rows if parent in front} - found - {root}
        found |= front
    return found - {root}


class Warden:
    """The programs it started (name -> process) and what it tells of them on `out`."""

    def __init__(self, out: IO[str], grace: float) -> None:
        self._out = out
        self._grace = grace
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._again: dict[str, tuple[dict[str, Any], int]] = {}
        self._signals: dict[str, int] = {}
        self._groups: set[int] = set()
        self._ending = False

    def tell(self, **fact: Any) -> None:
        """One line to the parent; a parent that is gone is no reason to stop tidying up."""
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps(fact), file=self._out, flush=True)

    def start(self, program: dict[str, Any]) -> bool:
        """Start one program in a session of its own; False where it cannot be run."""
        name, user = program["name"], program.get("user")
        who: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
        try:
            with Path(program["log"]).open("ab") as log:
                process = subprocess.Popen(  # noqa: S603 - what the parent asks for
                    program["argv"],
                    env=program["env"],
                    cwd=program["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_warden,  # noqa: PLW1509 - this process has a single thread
                    **who,
                )
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            self.tell(failed=name, why=str(error))
            return False
        self._running[name] = process
        self._again[name] = (program, program.get("restarts", 0))
        self._signals[name] = program.get("signal", signal.SIGTERM)
        self._groups.add(process.pid)
        self.tell(started=name, pid=process.pid)
        return True

    def reap(self) -> None:
        """Tell of programs that ended, start again those that shall be, and let adopted orphans go."""
        for name, process in list(self._running.items()):
            if (status := process.poll()) is not None:
                del self._running[name]
                program, left = self._again[name]
                if left and not self._ending:
                    # As where a container ends: what it forked goes with it. A killed scheduler's idle workers would
                    # keep its database session open, and with it the lock without which no task is ever queued.
                    with contextlib.suppress(OSError):
                        os.killpg(process.pid, signal.SIGKILL)
                    self.start({**program, "restarts": left - 1})
                else:
                    self.tell(exited=name, status=status)
        if sys.platform != "linux":
            return  # no subreaper there, so nothing was adopted
        ours = {process.pid for process in self._running.values()}
        # Only what the table shows as ended is waited for, and never a program that `poll` has yet to see.
        with contextlib.suppress(ChildProcessError):
            while (
                ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ) and ended.si_pid not in ours:
                os.waitpid(ended.si_pid, 0)

    def left(self) -> set[int]:
        """The pids that still run."""
        return offspring(os.getpid(), self._groups, table())

    def end(self) -> None:
        """Ask the programs to end, then what they left behind; after `grace` seconds kill whatever remains."""
        self._ending = True
        for name, process in self._running.items():
            send(process.pid, self._signals[name])
        asked: set[int] = set()
        until = time.monotonic() + self._grace
        while (left := self.left()) and time.monotonic() < until:
            self.reap()
            leaders = {process.pid for process in self._running.values()}
            if not leaders:
                for pid in left - asked:
                    send(pid, signal.SIGTERM)
                asked |= left
            time.sleep(LOOK)
        self.reap()
        if self._running:
            self.tell(killed=sorted(self._running))
        for _ in range(PLENTY):
            if not (left := self.left()):
                break
            for pid in left:
                send(pid, signal.SIGKILL)
            self.reap()
            time.sleep(LOOK / 10)
        self.reap()


def send(pid: int, number: int) -> None:
    """A signal, to a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def watch(warden: Warden, source: IO[bytes]) -> bool:
    """Until told to stop (True) or the parent is gone (False): tell of programs that end."""
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while True:
            if selector.select(LOOK):
                return bool(os.read(source.fileno(), 64))
            warden.reap()


def main(source: IO[bytes], out: IO[str]) -> int:
    """Read the order, start, watch, end."""
    order = json.loads(source.readline() or b"{}")
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    warden = Warden(out, order.get("grace", 10.0))
    told = False
    try:
        started = all(warden.start(program) for program in order.get("programs", ()))
        told = watch(warden, source) if started else True
    except (KeyboardInterrupt, SystemExit):
        told = True
    finally:
        warden.end()
        if not told:
            for folder in order.get("leftovers", ()):
                shutil.rmtree(folder, ignore_errors=True)
    return 0


def asked_to_end(number: int, _frame: object) -> None:
    """A signal to the warden ends the watch, not the tidying up."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, asked_to_end)
    signal.signal(signal.SIGINT, asked_to_end)
    # Unbuffered: nothing of what follows the first line may be swallowed by a buffer that select cannot see.
    with open(0, "rb", buffering=0, closefd=False) as pipe:
        sys.exit(main(pipe, sys.stdout))
