"""What the source has, on a screen of its own: the inventory, or what a read that is not through has given so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.seen import partial_in_words, tables_of, tables_so_far
from astroferry.faces.tui.screens.seen import SeenScreen

if TYPE_CHECKING:
    from astroferry.faces.seen import Table
    from astroferry.faces.tui.screens.wizard import WizardScreen


OF_STAGE = {
    "version": "signs in code",
    "execution": "places",
    "cluster": "places",
    "networking": "places",
    "secrets": "connections",
    "values": "connections",
}
"""a stage -> the kind of thing that it asks about; else DAGs"""


def look_at_source(wizard: WizardScreen, stage: str = "") -> None:
    """Open it at what that stage is about; where nothing was read yet, say so."""
    session = wizard.session

    def goes_on() -> bool:
        reading = wizard.reads.by_stage.get("inventory")
        return reading is not None and reading.running

    def look() -> tuple[tuple[Table, ...], str]:
        if session.desk.inventory is not None:
            return tables_of(session.desk.inventory), ""
        return tables_so_far(session.unfinished), partial_in_words(session.unfinished, running=goes_on())

    if session.desk.inventory is None and not session.unfinished.has_something:
        wizard.say("Nothing has been read from the source yet.", bad=True)
    else:
        wizard.app.push_screen(SeenScreen(look, goes_on, OF_STAGE.get(stage, "")))
