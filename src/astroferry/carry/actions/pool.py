"""A pool on the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.carry.actions.item import Compared, ConfigItem
from astroferry.model.inventory import Pool

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow

DEFAULT_POOL = "default_pool"
"""every Airflow has it, and it cannot be deleted"""


@dataclass(frozen=True)
class CopyPool(ConfigItem):
    """Make the pool as the source has it. Pools hold no secret, so the target shows all of it."""

    pool: Pool = field(default=Pool("", 0))
    kind = "pool"
    is_compared = False

    async def compare(self, ctx: Context, airflow: Airflow) -> Compared:
        """Slots, description and whether deferred tasks count."""
        del ctx
        found = next((pool for pool in await airflow.pools() if pool.name == self.pool.name), None)
        if found is None:
            return "absent"
        return "same" if found == self.pool else "different"

    async def create(self, ctx: Context, airflow: Airflow) -> None:
        """POST."""
        del ctx
        await airflow.create_pool(self.pool)

    async def replace(self, ctx: Context, airflow: Airflow) -> None:
        """PATCH with every field."""
        del ctx
        await airflow.replace_pool(self.pool)

    async def delete(self, airflow: Airflow) -> bool:
        """DELETE."""
        return await airflow.delete_pool(self.pool.name)
