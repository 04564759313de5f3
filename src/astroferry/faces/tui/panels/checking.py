"""What a panel with a checklist does: a check in full, and a person's word on what no machine can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from astroferry.errors import AstroferryError
from astroferry.faces.tui.screens.modals import AskScreen, TextScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.session import Session


def in_full(check: Prerequisite | None) -> Content:
    """Title and evidence, as far as the list has no room for them."""
    if check is None:
        return Content("")
    return Content.assemble((check.title, "bold"), (f"\n{check.detail}", "$text-muted"))


def look_at(app: App[None], session: Session, check: Prerequisite, then: Callable[[str, bool], None]) -> None:
    """Show the check, or take a person's word on it; `then` gets what to say, and whether it is bad."""
    if check.outcome != "to be confirmed":
        who = f"\n\nwho\n  {check.who}" if check.who else ""
        app.push_screen(TextScreen(check.title, f"{check.outcome}\n\nevidence\n  {check.detail}{who}"))
        return

    def said(name: str | None) -> None:
        if not name or not name.strip():
            return
        try:
            session.confirm(check.key, name)
        except AstroferryError as error:
            then(str(error), True)
        else:
            then(f"Confirmed by {name.strip()}: {check.title}", False)

    app.push_screen(
        AskScreen(
            check.title,
            note="No machine can see this. Whose word is it? The name is kept in the plan, with the time.",
        ),
        said,
    )
