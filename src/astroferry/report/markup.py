"""HTML and SVG put together so that nothing unescaped gets in: text is escaped unless it was made here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"meta", "link", "br", "hr", "img"})


class Html(str):
    """Markup that was escaped already."""

    __slots__ = ()


def tag(element: str, /, *children: str | Iterable[Html], **attributes: str | float | None) -> Html:
    """An element. Text children are escaped, Html ones are not; a list of Html is taken one by one.

    An attribute's trailing underscore is dropped (`class_`), others become hyphens; None leaves it out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Html(f"<{element}{told}>")
    return Html(f"<{element}{told}>{join(children)}</{element}>")


def join(children: Iterable[str | Iterable[Html]]) -> Html:
    """Children one after another, escaped where they are text."""
    parts: list[str] = []
    for child in children:
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(escape(child, quote=False))
        else:
            parts.extend(child)
    return Html("".join(parts))


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, int) else f"{value:.1f}"


def shortened(text: str, most: int) -> str:
    """Text that fits; an ellipsis says that it was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"
