"""Words that are laid out for as many cells as there are: once, where they are drawn, and anew at another width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.geometry import Size


class Wrapped(Widget):
    """What `made` gives for a number of cells; drawn only where it has changed."""

    DEFAULT_CSS = "Wrapped { height: auto; }"

    def __init__(
        self,
        made: Callable[[int], Content] = lambda _: Content(""),
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self._made = made
        self._last = Content("")

    def show(self, made: Callable[[int], Content]) -> None:
        """Other words."""
        self._made = made
        told, before = made(self.size.width), self._last
        if not self.size.width:
            self.refresh(layout=True)
        elif (told.plain, told.spans) != (before.plain, before.spans):
            self.refresh(layout=told.plain.count("\n") != before.plain.count("\n"))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the words need."""
        del container, viewport
        return self._made(width).plain.count("\n") + 1

    def render(self) -> Content:
        """All of it."""
        self._last = self._made(self.size.width)
        return self._last
