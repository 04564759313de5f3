"""Prices as the user gives them, in any currency; nothing is assumed where none is given."""

from __future__ import annotations

from dataclasses import dataclass, field

SIZES = ("SMALL", "MEDIUM", "LARGE", "EXTRA_LARGE")
HOURS_A_MONTH = 730.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost, before tax.

    `deployment_hour`: an hour of a Deployment by its scheduler size. `worker_hour`: an hour of one worker by its
    machine ("A5"). `cluster_hour`: an hour of the dedicated cluster. `source_month`: what the source costs a month
    today, machines and database together. `person_day`: a day of somebody's work on the migration.
    """

    currency: str = ""
    deployment_hour: dict[str, float] = field(default_factory=dict)
    worker_hour: dict[str, float] = field(default_factory=dict)
    cluster_hour: float | None = None
    source_month: float | None = None
    person_day: float | None = None
