"""How many runs a DAG still had while it was drained: the points of the drain curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.model.cutover import Side


@dataclass(frozen=True, slots=True)
class DrainSample:
    """Queued and running runs of one DAG on one side at one moment (UTC)."""

    at: datetime
    dag_id: str
    side: Side
    running: int
