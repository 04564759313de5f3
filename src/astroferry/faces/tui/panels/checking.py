"""What a panel with a checklist does: a check in full, and a person's word on what no machine can see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.content import Content

from astroferry.errors import AstroferryError
from astroferry.faces.tui.screens.modals import AskScreen, TextScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.session import Session
    from astroferry.model.plan import Plan


def in_full(check: Prerequisite | None) -> Content:
    """Title and evidence, as far as the list has no room for them."""
    if check is None:
        return Content("")
    return Content.assemble((check.title, "bold"), (f"\n{check.detail}", "$text-muted"))


def as_confirmed(checks: tuple[Prerequisite, ...], plan: Plan) -> tuple[Prerequisite, ...]:
    """Checks as they stand with what people have said since they were looked at."""
    said = {item.what: item for item in plan.confirmed}
    return tuple(
        replace(check, outcome="confirmed", detail=f"by {said[check.key].by}")
        if check.outcome == "to be confirmed" and check.key in said
        else check
        for check in checks
    )


def look_at(app: App[None], session: Session, check: Prerequisite, then: Callable[[str, bool], None]) -> None:
    """Show the check, or take a person's word on it; `then` gets what to say, and whether it is bad."""
    if check.outcome != "to be confirmed":
        facts = (("outcome", check.stands), ("evidence", check.detail), ("who", check.who))
        app.push_screen(TextScreen(check.title, facts))
        return

    def said(name: str | None) -> None:
        if not name or not name.strip():
            return
        try:
            session.confirm(check.key, name)
        except AstroferryError as error:
            then(str(error), True)
        else:
            then(f"Confirmed by {name.strip()}.", False)

    app.push_screen(
        AskScreen(
            check.title,
            note=f"{check.detail.rstrip('.')}.\n\nWhose word is it that this holds? The name is kept in the plan, "
            "with the time.",
        ),
        said,
    )
