"""Lines with a sign before each; what does not fit goes on under the text, not under the sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from astroferry.faces.tui.widgets.fitting import hanging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.geometry import Size

Bullet = tuple[str, str, str]
"""sign, its colour, text; without a sign the text is a heading"""


class Bullets(Widget):
    """A list to read; not shown at all while it is empty."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._bullets: tuple[Bullet, ...] = ()
        self.most: int | None = None
        self.display = False

    def show(self, bullets: Sequence[Bullet], *, most: int | None = None) -> None:
        """Other bullets; those that fit into `most` lines, and how many there are besides."""
        if (tuple(bullets), most) != (self._bullets, self.most):
            self._bullets, self.most = tuple(bullets), most
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
        blocks = [list(_block(bullet, width)) for bullet in self._bullets]
        if self.most is None or sum(map(len, blocks)) <= self.most:
            return [line for block in blocks for line in block]
        for number, block in enumerate(blocks):
            if number and len(lines) + len(block) >= self.most:
                lines.append(Content.styled(f"  and {len(blocks) - number} more: F9 shows all", "$text-muted"))
                break
            lines += block
        return lines


def _block(bullet: Bullet, width: int) -> Iterator[Content]:
    sign, colour, text = bullet
    if not sign:
        yield Content.styled(text, "bold")
        return
    for number, line in enumerate(hanging(text, width - 2)):
        yield Content.assemble((f"{sign} " if number == 0 else "  ", colour), line)
