"""The true time zone of a cron DAG: from its code on the source, checked against when it is due there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.kinds import due_moment
from astroferry.advice.ticks import CronTicks
from astroferry.advice.zones import choose_zone
from astroferry.code.zones import ZonesSeen, read_zones
from astroferry.errors import NotAllowedError, RemoteError, RequestFailedError

if TYPE_CHECKING:
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Dag, Inventory

RUNS = 8
"""of the source's newest runs, which are held against each zone as well"""


async def zone_of(airflow: Airflow, dag: Dag, inventory: Inventory) -> str:
    """The zone in which the DAG's cron schedule is counted; its runs and its code are read where that is needed.

    Raises RemoteError with the reason where it cannot be known.
    """
    told = dag.schedule.timezone
    due = due_moment(dag)
    try:
        ticks = CronTicks.of(dag.schedule)
    except ValueError:
        return told
    if not ticks.knows_hours and (due is None or ticks.at(due) is not None):
        # It counts absolute time, and the zone's offset is whole hours as far as the next run shows.
        return told
    try:
        seen = read_zones(await airflow.dag_source(dag.dag_id))
    except (NotAllowedError, RequestFailedError):
        # The code is closed to us or gone; what the source tells must do.
        seen = ZonesSeen()
    runs = await airflow.runs(dag.dag_id, limit=RUNS)
    ends = [run.data_interval_end for run in runs if run.run_type == "scheduled"]
    default = inventory.config.get("core", {}).get("default_timezone", "")
    known = inventory.dag(dag.dag_id)
    others = {told, *seen.anywhere, *({default} - {"", "system"})}
    if known is not None:
        others.add(known.schedule.timezone)
    own = seen.of.get(dag.dag_id, frozenset())
    zone, why = choose_zone(dag.schedule, own, others, [due, *ends])
    if not zone and due is None:
        return told
    if not zone:
        raise RemoteError(f'The DAG "{dag.dag_id}" is not handed over: {why}.')
    return zone
