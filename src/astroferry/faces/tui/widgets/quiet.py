"""Text on the screen that is drawn only when it has changed: every update of a Static lays the whole screen out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.visual import VisualType


class Quiet(Static):
    """A Static without markup, for lines that are told again and again. `one_line`: its height never changes."""

    def __init__(
        self,
        content: VisualType = "",
        *,
        one_line: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(content, id=id, classes=classes, markup=False)
        self._one_line = one_line
        self._last: object = None

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Draw it, if it is not what is there already."""
        told = (content.plain, tuple(content.spans)) if isinstance(content, Content) else content
        if told != self._last:
            self._last = told
            super().update(content, layout=layout and not self._one_line)
