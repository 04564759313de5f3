"""astroferry, stopped right after given lines of its journal until somebody says that it may go on.

Run as `python held_at.py FOLDER "ACTION EVENT,ACTION EVENT" ARGUMENTS...`: at such a line the file `N.reached` (N
counts the places as they were given) appears in FOLDER, and the process waits for `N.go`. Each place stops it once.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from astroferry.carry.journal import Journal
from astroferry.cli import main

folder, places = Path(sys.argv[1]), sys.argv[2].split(",")
write = Journal.write


def write_and_wait(self: Journal, action: str, event: Any, **more: Any) -> Any:
    entry = write(self, action, event, **more)
    place = f"{action} {event}"
    if place in places and not (reached := folder / f"{places.index(place)}.reached").exists():
        reached.touch()
        while not reached.with_suffix(".go").exists():
            time.sleep(0.05)
    return entry


Journal.write = write_and_wait  # type: ignore[method-assign] # the point of this file
sys.exit(main(sys.argv[3:]))
