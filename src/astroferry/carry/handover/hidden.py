"""What may hide behind a cron text: a timetable class of the source's own, which no API tells from that cron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.finding import Finding
from astroferry.model.inventory import own_timetables
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.model.inventory import Inventory


def hidden(inventory: Inventory, wave: str, counted: Sequence[str]) -> tuple[Finding, ...]:
    """A finding where plugins of the source register timetables, about those DAGs (`counted`) that go by their ticks.

    A DAG whose own file makes its schedule of such a class is refused long before (`sources.each_dag`); one that gets
    it from another module is not seen.
    """
    classes = sorted(own_timetables(inventory.plugins))
    if not classes or not counted:
        return ()
    return (
        Finding(
            code="CUT-timetable",
            severity="advise",
            message=f"Plugins of the source bring {several(len(classes), 'timetable class', 'timetable classes')} "
            f"({names(classes)}). Where one calls itself by a cron text, and a DAG gets it from another module "
            "than its own file, it is taken for that cron.",
            subject=wave,
            todo="Look whether one of these DAGs is such a one, and leave it out of the wave: "
            f"{names(list(counted), 12)}.",
        ),
    )
