"""Whether and how a headless verb may ask for a credential."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from astroferry.clients.credentials import Ask


def may_ask(arguments: argparse.Namespace) -> bool:
    """Not with --no-input, not in CI, not without a terminal on both ends."""
    return not arguments.no_input and not os.environ.get("CI") and sys.stdin.isatty() and sys.stderr.isatty()


def asker(arguments: argparse.Namespace) -> Ask | None:
    """What asks for one line, hidden where it is secret; None where nobody may be asked."""
    if not may_ask(arguments):
        return None

    async def ask(prompt: str, hidden: bool) -> str:
        if hidden:
            return await asyncio.to_thread(getpass.getpass, f"{prompt}: ")
        print(f"{prompt}: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt has no line end
        line: str = await asyncio.to_thread(sys.stdin.readline)
        return line.rstrip("\n")

    return ask
