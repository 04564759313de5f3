"""Variables from Airflow's own REST API: 2.x gives them in clear, 3.x masks those with telling names.

Connections never come out of it with their password, so they are all missing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.secrets.contract import settle

if TYPE_CHECKING:
    from collections.abc import Collection

    from astroferry.clients.airflow import Airflow
    from astroferry.model.values import SourceValues


class ApiValues:
    """Reads variables from a connected Airflow."""

    def __init__(self, airflow: Airflow) -> None:
        self.airflow = airflow

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader."""
        variables = await self.airflow.variable_values() if wanted_variables else {}
        why = "Airflow's REST API never shows the password of a connection."
        reasons = {name: why for name in wanted_connections if name not in wanted_variables}
        return settle(
            wanted_connections,
            wanted_variables,
            {},
            variables,
            place="Airflow's REST API",
            reasons=reasons,
        )
