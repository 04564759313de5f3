"""Which plan: one that lies here, a new one, another one by its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.errors import AstroferryError
from astroferry.faces.found import free_name, plans_in
from astroferry.faces.prompts.menus import choose
from astroferry.faces.session import Session
from astroferry.model.files import must_be_writable
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from astroferry.faces.found import FoundPlan
    from astroferry.faces.prompts.console import Console

NEW, OTHER = "new", "other"
SHOWN = 5


async def open_or_begin(folder: Path, console: Console, now: Callable[[], datetime]) -> Session | None:
    """The session on the plan that was chosen; None where somebody wants to leave."""
    console.say("astroferry carries an Apache Airflow to Astro: it looks, asks, writes a plan, carries it out,")
    console.say("compares every value, and cuts over so that each tick runs exactly once.")
    console.say(f"In {folder.absolute()}")
    console.say("")
    plans = plans_in(folder)[:SHOWN]
    here = tuple(_offered(plan, now) for plan in plans)
    options = (
        *here,
        Option(NEW, "Start a new migration", f"its plan becomes {free_name(folder)} in this folder"),
        Option(OTHER, "Open another plan", "by its path"),
    )
    while True:
        what = await choose(console, "What shall it be", options, default=options[0].value)
        try:
            if what == NEW:
                session = await _begin(folder, console, now)
            elif what == OTHER:
                path = (await console.line("Path of the plan", path=True)).strip()
                session = Session.open(Path(path).expanduser(), now=now) if path else None
            elif what in {"save", "back"}:
                return None
            elif what in {"help", "skip"}:
                console.say("  A plan is a file, migration.toml, saved after each stage; leaving loses nothing.")
                continue
            else:
                session = Session.open(Path(what), now=now)
        except AstroferryError as error:
            console.say(f"  ! {error}")
            continue
        if session is not None:
            return session


def _offered(plan: FoundPlan, now: Callable[[], datetime]) -> Option:
    return Option(
        str(plan.path),
        f"Go on with {plan.name}",
        f"{', '.join(plan.told(now().astimezone()))} ({plan.path.name})",
        f"{plan.path.name} cannot be opened as it is" if plan.problem else "",
    )


async def _begin(folder: Path, console: Console, now: Callable[[], datetime]) -> Session | None:
    name = " ".join((await console.line("What shall this migration be called")).split())
    if not name:
        console.say("  ! A migration needs a name.")
        return None
    path = folder / free_name(folder)
    must_be_writable(path)
    return Session.new(path, name, now=now)
