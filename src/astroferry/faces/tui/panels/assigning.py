"""The stage of waves: its DAGs in a list, to be put into waves, onto Deployments and into Workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.tables import as_tables
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.screens.dag_list import DagListScreen

if TYPE_CHECKING:
    from astroferry.faces.placing import Division
    from astroferry.faces.tui.panels.panel import Keys


class AssigningPanel(DecidingPanel):
    """See the module."""

    def listed(self) -> None:
        """All DAGs, with the wave of each."""
        inventory = self.session.desk.inventory
        if inventory is None:
            super().listed()
            return
        asked = next(item for item in self.session.nav.trial().asked if item.question.key == "waves")

        plan = self.session.nav.trial().plan

        def done(division: Division | None) -> None:
            if division is not None:
                for key, tables in division.beside_waves(plan).items():
                    self.session.nav.draft(key, tables)
                self.take("waves", division.waves)

        self.app.push_screen(DagListScreen(plan, inventory, as_tables(asked.value)), done)

    def more_keys(self) -> Keys:
        """The list."""
        return (("F7", "assign DAGs"),)
