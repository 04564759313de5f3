"""The stage of waves: its DAGs in a list, to be put into waves, onto Deployments and into Workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.faces.tables import as_tables
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.screens.dag_list import DagListScreen

if TYPE_CHECKING:
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

        def done(waves: list[dict[str, Any]] | None) -> None:
            if waves is not None:
                self.take("waves", waves)

        self.app.push_screen(
            DagListScreen(inventory.dags, as_tables(asked.value), self.session.desk.plan.deployments), done
        )

    def more_keys(self) -> Keys:
        """The list."""
        return (("F7", "assign DAGs"),)
