"""Open the wizard on this terminal, and say afterwards where everything lies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.errors import Exit
from astroferry.faces.session import Session
from astroferry.faces.tui.app import Ferry

if TYPE_CHECKING:
    from collections.abc import Sequence


async def run(
    folder: Path | None = None,
    plan: Path | None = None,
    *,
    session: Session | None = None,
    welcome: tuple[str, Sequence[str]] | None = None,
) -> Exit:
    """The wizard, until it is left; the exit code: 0, or 129, 130, 143 where a signal ended it.

    `plan` is opened at once, where it stood; or a `session` that is open already: how to go on with that one, its
    caller says. `welcome`, a title and sentences, stands before the first page.
    Raises what opening it raises, before anything is drawn.
    """
    if 0 in shutil.get_terminal_size((0, 0)):
        # Serial consoles and some containers report no size.
        os.environ["COLUMNS"], os.environ["LINES"] = "80", "24"
    given = session is not None
    if plan is not None:
        session = Session.open(plan)
    app = Ferry(folder or Path.cwd(), session=session, welcome=welcome)
    await app.run_async()
    for report in app.reports:
        diagnostics.say(f"Saved report: {report}")
    if app.saved is not None:
        diagnostics.say(f"Saved to {app.saved.absolute()}")
        if not given:
            diagnostics.say(f"Go on with: astroferry resume {app.saved.absolute()}")
    if app.bug is not None:
        raise app.bug
    return Exit(app.return_code or 0)
