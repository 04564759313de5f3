"""astroferry, killed by SIGKILL right after every line of its journal, once each, and run again.

Run as `python killed.py DONE_FILE ARGUMENTS...`; DONE_FILE lists the boundaries (action and event) used up, a second
file beside it (`.kills`) the process killed at each. The processes are forked from one that has read all its code,
and ask as fast as they can, since there are a hundred of them. Ends as the last of them does.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.live.forks import until_one_ends

import astroferry.faces.headless.apply  # noqa: F401 - read once, before the forks
from astroferry.carry.journal import Journal

used_up = Path(sys.argv[1])
kills = used_up.with_suffix(".kills")
write = Journal.write


def write_and_die(self: Journal, action: str, event: Any, **more: Any) -> Any:
    entry = write(self, action, event, **more)
    boundary = f"{action} {event}\n"
    seen = used_up.read_text("utf-8").splitlines(keepends=True) if used_up.exists() else []
    if boundary not in seen:
        with used_up.open("a", encoding="utf-8") as file:
            file.write(boundary)
            file.flush()
            os.fsync(file.fileno())
        os.kill(os.getpid(), signal.SIGKILL)
    return entry


Journal.write = write_and_die  # type: ignore[method-assign] # the point of this file


def note(process: int) -> None:
    with kills.open("a", encoding="utf-8") as file:
        file.write(f"{process}\n")


sys.exit(until_one_ends(sys.argv[2:], note))
