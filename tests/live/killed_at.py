"""astroferry, killed by SIGKILL at one line of its journal: right before it is written, or right after it is synced.

Run as `python killed_at.py NUMBER before|after ARGUMENTS...`; NUMBER counts the lines that this process writes.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from astroferry.carry.journal import Journal
from astroferry.cli import main

number, when = int(sys.argv[1]), sys.argv[2]
write = Journal.write
count = 0


def write_and_die(self: Journal, *args: Any, **more: Any) -> Any:
    global count  # noqa: PLW0603 - this file is one process
    count += 1
    if count == number and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    entry = write(self, *args, **more)
    if count == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return entry


Journal.write = write_and_die  # type: ignore[method-assign] # the point of this file
sys.exit(main(sys.argv[3:]))
