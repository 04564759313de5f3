"""The lines around the panel: head, keys, what was just said, what Next would write, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from astroferry.faces.navigator import STOPS
from astroferry.faces.tui.widgets.fitting import cut
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from astroferry.faces.preview import Mark
    from astroferry.faces.session import Session
    from astroferry.faces.work import Work

LOG_LINES = 8
ALWAYS = (("F1", "help"), ("F10", "menu"))
_RESERVED = 21
"""cells kept for the keys that are always there"""


class Head(Quiet):
    """Name of the migration, where one is, when it was saved."""

    def __init__(self) -> None:
        super().__init__(one_line=True, id="head")

    def show(self, session: Session, going: Work | None = None) -> None:
        """As the session stands; `going`: a run that the panel below does not show."""
        left = Content.assemble((" astroferry ", "bold $accent"), (f" {session.desk.plan.name}", "bold"))
        saved = f" · saved {session.saved_at.astimezone():%H:%M}" if session.saved_at else ""
        where = f"{session.nav.index + 1} of {len(STOPS)} · {session.nav.stop.title}"
        room = self.app.size.width - left.cell_length
        said = (f"{where}{saved} ", f"{where} ")
        style = "$text-muted"
        if going is not None:
            counted = f" {going.done:,} of {going.total:,}" if going.total else ""
            said, style = (f"› {going.title}{counted} · {where} ", f"› {going.title}{counted} "), "$accent"
        right = next((text for text in said if len(text) < room), "")
        gap = max(0, room - len(right))
        self.update(Content.assemble(left, " " * gap, (right, style)))


class Title(Quiet):
    """What the panel below is about, on one line."""

    def __init__(self) -> None:
        super().__init__(one_line=True, id="title")
        self._made: Callable[[int], Content] | None = None

    def show(self, made: Callable[[int], Content]) -> None:
        """`made` for as many cells as there are."""
        self._made = made
        self.on_resize()

    def on_resize(self) -> None:
        """What has room beside the title depends on the width."""
        if self._made is not None and self.size.width:
            self.update(self._made(self.size.width))


class KeyLine(Quiet):
    """The keys that do something here, as many as there is room for; help and menu always."""

    def __init__(self) -> None:
        super().__init__(one_line=True, id="keys")

    def show(self, keys: Iterable[tuple[str, str]]) -> None:
        """(key, word), the most wanted first."""
        room = self.app.size.width - 2
        everything = (*keys, *ALWAYS)
        parts: list[tuple[str, str]] = []
        used = 0
        for number, (key, word) in enumerate(everything):
            length = len(key) + len(word) + 1 + (3 if parts else 0)
            last = number >= len(everything) - len(ALWAYS)
            if used + length + (0 if last else _RESERVED) > room:
                continue
            parts.append((key, word))
            used += length
        self.update(Content.assemble(" ", in_line(parts)))


class Foot(Quiet):
    """The keys of a small screen or of a list, all of them: they are few."""

    def __init__(self, *keys: tuple[str, str]) -> None:
        super().__init__(in_line(keys), classes="foot")


def in_line(keys: Iterable[tuple[str, str]]) -> Content:
    """Keys and what they do, as they are shown everywhere."""
    words = (Content.assemble((key, "bold"), (f" {word}", "$text-muted")) for key, word in keys)
    return Content.styled(" · ", "$text-muted").join(words)


class Said(Quiet):
    """One line above the keys."""

    def __init__(self) -> None:
        super().__init__(one_line=True, id="say")
        self.is_bad = False

    def show(self, text: str, *, bad: bool = False) -> None:
        """Cut to the width; what is longer stands in full elsewhere."""
        self.is_bad = bad
        shown = cut(text, max(20, self.app.size.width - 4))
        self.update(Content.styled(f" {'! ' if bad else ''}{shown}", "$text-error" if bad else "$text-muted"))


class Preview(Quiet):
    """What Next would change in migration.toml."""

    def __init__(self) -> None:
        super().__init__(id="preview")

    def show(self, name: str, lines: Sequence[tuple[Mark, str]]) -> None:
        """`name` of the file, and its lines with a mark each."""
        room = 30 if self.app.size.width >= 110 else 3
        head = Content.assemble(("In ", "$text-muted"), (name, "bold"))
        if not lines:
            self.update(Content.assemble(head, ("  nothing changes", "$text-muted")))
            return
        head = Content.assemble(head, ("  Next writes", "$text-muted"))
        styles = {"+": "$text-success", "-": "$text-error", " ": "$text-muted"}
        body = [Content.styled(f"{mark} {text}", styles[mark]) for mark, text in lines[:room]]
        if len(lines) > room:
            body.append(Content.styled(f"  and {several(len(lines) - room, 'line')} more", "$text-muted"))
        self.update(Content("\n").join([head, *body]))


class Log(Quiet):
    """The last lines of what runs; shown and hidden by F4."""

    def __init__(self) -> None:
        super().__init__(id="log")
        self.display = False

    def show(self, lines: Sequence[str]) -> None:
        """Those at the end."""
        if not self.display:
            return
        room = max(20, self.app.size.width - 4)
        head = Content.assemble(("Log", "bold"), ("  F4 closes · all of it is in the journal", "$text-muted"))
        last = [Content(cut(line.replace("\n", " "), room)) for line in lines[-LOG_LINES:]]
        self.update(Content("\n").join([head, *(last or [Content("Nothing has run yet.")])]))
