"""Values from Starship on the source: it hands out connections and variables in clear to whoever may read the config.

The client holds the door: versions that ask nobody for a login are refused there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.secrets.contract import settle

if TYPE_CHECKING:
    from collections.abc import Collection

    from astroferry.clients.starship import Starship
    from astroferry.model.values import SourceValues


class StarshipValues:
    """Reads from a connected Starship; each list is fetched only where something of it is wanted."""

    def __init__(self, starship: Starship) -> None:
        self.starship = starship

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader."""
        connections = await self.starship.connections() if wanted_connections else {}
        variables = await self.starship.variables() if wanted_variables else {}
        return settle(wanted_connections, wanted_variables, connections, variables, place="Starship on the source")
