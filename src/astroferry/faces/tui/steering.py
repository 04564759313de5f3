"""Nothing that a server says steers the terminal: Textual writes control characters as they are (8.2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

from astroferry.diagnostics import STEERS

if TYPE_CHECKING:
    from textual.color import Color


class NothingSteers(LineFilter):
    """Leaves control characters out of every line that is drawn; they take no cell, so nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line without them; segments that have none are handed on as they are."""
        del background
        return [
            Segment(STEERS.sub("", segment.text), segment.style, segment.control)
            if not segment.control and STEERS.search(segment.text)
            else segment
            for segment in segments
        ]
