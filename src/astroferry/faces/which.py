"""Which face speaks, and why; decided without importing any of them."""

from __future__ import annotations

import os
import sys
from typing import Literal

Face = Literal["headless", "plain", "full-screen"]


def choose(*, no_input: bool, plain: bool) -> tuple[Face, str]:
    """The face and the reason.

    Textual hangs on a stdin that is no terminal and ignores TERM=dumb (measured on 8.2.8), so both are tested here.
    """
    if no_input:
        return "headless", "--no-input"
    if os.environ.get("CI"):
        return "headless", "CI is set"
    if not sys.stdin.isatty():
        return "headless", "stdin is not a terminal"
    if plain:
        return "plain", "--plain"
    if not sys.stderr.isatty():
        return "plain", "stderr is not a terminal"
    term = os.environ.get("TERM", "")
    if term in {"", "dumb", "unknown"}:
        return "plain", f"TERM is {term or 'not set'}"
    if "utf" not in (sys.stderr.encoding or "").lower():
        return "plain", "the terminal's encoding is not UTF-8"
    return "full-screen", "a terminal that can show it"
