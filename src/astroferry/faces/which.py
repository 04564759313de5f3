"""Which face speaks, and why; decided without importing any of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import TextIO

Face = Literal["headless", "plain", "full-screen"]


def choose(*, no_input: bool, plain: bool) -> tuple[Face, str]:
    """The face and the reason.

    Textual hangs on a stdin that is no terminal and ignores TERM=dumb (measured on 8.2.8), so both are tested here.
    """
    if no_input:
        return "headless", "--no-input"
    if os.environ.get("CI"):
        return "headless", "CI is set"
    if not _is_terminal(sys.stdin):
        return "headless", "stdin is not a terminal"
    if plain:
        return "plain", "--plain"
    if not _is_terminal(sys.stderr):
        return "plain", "stderr is not a terminal"
    term = os.environ.get("TERM", "")
    if term in {"", "dumb", "unknown"}:
        return "plain", f"TERM is {term or 'not set'}"
    if "utf" not in (sys.stderr.encoding or "").lower():
        return "plain", "the terminal's encoding is not UTF-8"
    return "full-screen", "a terminal that can show it"


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a stream that was closed before we began is None."""
    return stream is not None and stream.isatty()
