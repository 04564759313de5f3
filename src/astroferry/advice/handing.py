"""Which DAGs a cutover does not hand over, as a plan stands, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.schedule import Refusal, handover_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan


def not_handed_over(plan: Plan, inventory: Inventory, dag: Dag) -> str:
    """Why the cutover leaves this DAG to people, in one clause; nothing where it hands it over."""
    if inventory.airflow_major >= 3:
        return "its source is Airflow 3, from which handing over is not proven yet"
    kind = handover_kind(dag, int(plan.decisions.airflow), cron_data_intervals=plan.decisions.cron_data_intervals)
    return kind.reason if isinstance(kind, Refusal) else ""


def left_to_people(plan: Plan, inventory: Inventory) -> Iterator[tuple[Dag, str]]:
    """(DAG, why) for each that runs by itself today and is not handed over; one that is paused just moves."""
    for dag in inventory.dags:
        if not dag.is_paused and dag.schedule.kind != "none" and (why := not_handed_over(plan, inventory, dag)):
            yield dag, why
