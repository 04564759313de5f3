"""A checklist on lines: each check with its evidence; those that only people can see are confirmed by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.prompts import pages
from astroferry.faces.prompts.answers import UnfitError, numbers_of
from astroferry.faces.prompts.console import command_of, plainly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session


async def confirm_checks(session: Session, console: Console, checks: Sequence[Prerequisite]) -> None:
    """Show them, and take people's words on those that are to be confirmed; Enter alone takes none."""
    for check in checks:
        begin = "  * " if check.outcome in {"met", "confirmed"} else "  ! "
        for line in pages.wrapped(f"{check.stands}: {check.title}. {check.detail}", begin, "    "):
            console.say(line)
    waiting = [check for check in checks if check.outcome == "to be confirmed"]
    if not waiting:
        return
    console.say("  These take a person's word:")
    for number, check in enumerate(waiting, 1):
        console.say(f"  {number:>2}  {check.title}")
    text = (await console.line("Which of them hold? Numbers or all; Enter for none")).strip()
    if not text or command_of(text) is not None:
        return
    try:
        numbers = numbers_of(text, len(waiting))
    except UnfitError as unfit:
        console.say(f"  ! {unfit}")
        return
    by = plainly(await console.line("Whose word is it? A name, kept with the time"))
    if not by or command_of(by) is not None:
        console.say("  Nothing was confirmed.")
        return
    for number in numbers:
        session.confirm(waiting[number - 1].key, by)
    console.say(f"  Confirmed by {by}: {', '.join(waiting[number - 1].key for number in numbers)}")
