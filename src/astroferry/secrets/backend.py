"""Values that do not travel: they stay in a backend that the target shares, or are left behind on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.values import SourceValues

if TYPE_CHECKING:
    from collections.abc import Collection


class NothingTravels:
    """Gives nothing and misses nothing."""

    async def read(self, _wanted_connections: Collection[str], _wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader."""
        return SourceValues({}, {}, {}, {})
