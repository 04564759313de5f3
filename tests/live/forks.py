"""astroferry run again and again in forks of one process that has read all its code, until one is not killed."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from astroferry.cli import main
from astroferry.clients import http
from astroferry.clients.pacing import Paces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def until_one_ends(arguments: Sequence[str], killed: Callable[[int], None] = lambda _pid: None) -> int:
    """The exit code of the one that was not killed by SIGKILL; `killed` is told each that was.

    They ask as fast as they can, since there are hundreds of them.
    """
    http.Paces = lambda _rate, clock: Paces(None, clock)  # type: ignore[attr-defined,assignment] # no rate
    while True:
        child = os.fork()
        if child == 0:
            code = main(list(arguments))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != -signal.SIGKILL:
            return code
        killed(child)
