"""Open the plain walk on this terminal, and say afterwards where everything lies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.errors import Exit
from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError
from astroferry.faces.prompts.opening import open_or_begin
from astroferry.faces.prompts.terminal import console as this_terminal
from astroferry.faces.prompts.walk import PlainWalk, unanswered
from astroferry.faces.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.faces.prompts.console import Console


async def run(
    folder: Path | None = None,
    plan: Path | None = None,
    *,
    session: Session | None = None,
    console: Console | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Exit:
    """The walk, until it is left: 0; 3 where the input ended at a question; 130 where Ctrl+C ended it.

    `plan` is opened at once; or a `session` that is open already.
    Raises what opening it raises. A hang-up or termination cancels; all is saved then too.
    """
    console = console or this_terminal()
    given = session is not None
    try:
        if plan is not None:
            session = Session.open(plan, now=now)
        session = session or await open_or_begin(folder or Path(), console, now)
    except EndOfInputError:
        diagnostics.say("astroferry: the input has ended; nothing was begun. See: astroferry --help")
        return Exit.PLAN
    except InterruptedAskingError:
        return Exit.INTERRUPTED
    if session is None:
        return Exit.DONE
    code = Exit.DONE
    try:
        await PlainWalk(session, console).run()
    except EndOfInputError:
        code = Exit.PLAN
        keys = ", ".join(unanswered(session))
        diagnostics.say(
            f"astroferry: the input has ended at {session.nav.stop.title}"
            + (f"; answers file keys that are missing there: {keys}." if keys else ".")
        )
    except InterruptedAskingError:
        code = Exit.INTERRUPTED
    finally:
        session.keep()
        path = session.path.absolute()
        session.close()
        diagnostics.say(f"Saved to {path}")
        if not given:
            diagnostics.say(f"Go on with: astroferry resume {path}")
    return code
