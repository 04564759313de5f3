"""Lines with a sign before each; what does not fit goes on under the text, not under the sign."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.geometry import Size

Bullet = tuple[str, str, str]
"""sign, its colour, text; without a sign the text is a heading"""


class Bullets(Widget):
    """A list to read; not shown at all while it is empty."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._bullets: tuple[Bullet, ...] = ()
        self.display = False

    def show(self, bullets: Sequence[Bullet]) -> None:
        """Other lines."""
        if tuple(bullets) != self._bullets:
            self._bullets = tuple(bullets)
            self.display = bool(bullets)
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the words need."""
        del container, viewport
        return len(self._lines(width))

    def render(self) -> Content:
        """All of them."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for sign, colour, text in self._bullets:
            if not sign:
                lines.append(Content.styled(text, "bold"))
                continue
            for number, line in enumerate(textwrap.wrap(text, max(20, width - 2)) or [""]):
                lines.append(Content.assemble((f"{sign} " if number == 0 else "  ", colour), line))
        return lines
