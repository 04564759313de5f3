"""astroferry, killed by SIGKILL around every line of its journal at which it was not killed before, and run again.

Run as `python killed_around.py DONE_FILE ARGUMENTS...`. Each process is killed right after the first line it writes
that is not in DONE_FILE, or right before it where that line is "applied": only between "begin" and "applied" does a
server change without a line, so before any other line everything stands as after the one before. The processes are
forked from one that has read all its code, and ask as fast as they can, since there are hundreds of them. Ends as the
last of them does.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.live.forks import until_one_ends

import astroferry.faces.headless.cutover  # noqa: F401 - read once, before the forks
from astroferry.carry.journal import Journal

used_up = Path(sys.argv[1])
write = Journal.write


def die_once(boundary: str) -> None:
    """End this process by SIGKILL, unless one has died here before."""
    seen = used_up.read_text("utf-8").splitlines() if used_up.exists() else []
    if boundary not in seen:
        with used_up.open("a", encoding="utf-8") as file:
            file.write(f"{boundary}\n")
            file.flush()
            os.fsync(file.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


def write_and_die(self: Journal, action: str, event: Any, **more: Any) -> Any:
    if event == "applied":
        die_once(f"before {action} {event}")
    entry = write(self, action, event, **more)
    die_once(f"after {action} {event}")
    return entry


Journal.write = write_and_die  # type: ignore[method-assign] # the point of this file
sys.exit(until_one_ends(sys.argv[2:]))
