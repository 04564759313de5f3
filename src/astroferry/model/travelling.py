"""Which connections and variables travel: those of the source's metadata database that the plan does not skip.

What only code names, or an environment variable or a backend holds, is not copied: it is told, and stays where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


def connections_to_carry(plan: Plan, inventory: Inventory) -> tuple[str, ...]:
    """Connection ids, in the inventory's order."""
    skipped = plan.values.skip_connections
    return tuple(
        seen.conn_id for seen in inventory.connections if seen.origin == "metadata" and seen.conn_id not in skipped
    )


def variables_to_carry(plan: Plan, inventory: Inventory) -> tuple[str, ...]:
    """Variable keys, in the inventory's order."""
    skipped = plan.values.skip_variables
    return tuple(seen.key for seen in inventory.variables if seen.origin == "metadata" and seen.key not in skipped)
