"""How a cutover hands each DAG over, as a plan stands; which ones it does not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.kinds import MarkerPlan, Refusal, SwitchPlan, handover_kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from astroferry.advice.kinds import HandoverKind
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan


def handed_over(plan: Plan, inventory: Inventory, dag: Dag) -> HandoverKind:
    """Which way this DAG goes by this plan, or why it does not."""
    kind = handover_kind(
        dag,
        int(plan.decisions.airflow),
        source_major=inventory.airflow_major,
        cron_data_intervals=plan.decisions.cron_data_intervals,
    )
    may_freeze = plan.cutover.never_idle == "freeze" or dag.dag_id in plan.cutover.freeze
    if isinstance(kind, SwitchPlan) and kind.kind == "continuous" and not may_freeze:
        return Refusal(
            dag.dag_id,
            "@continuous never goes idle; name it under cutover.freeze to pause it while it runs, with what it has "
            "not run listed",
        )
    return kind


def not_handed_over(plan: Plan, inventory: Inventory, dag: Dag) -> str:
    """Why the cutover leaves this DAG to people, in one clause; nothing where it hands it over."""
    kind = handed_over(plan, inventory, dag)
    return kind.reason if isinstance(kind, Refusal) else ""


def marked_by_starship(plan: Plan, inventory: Inventory, dags: Iterable[Dag]) -> list[str]:
    """Ids of those of `dags` whose boundary on an Airflow 2 target only Starship can set; none on Airflow 3."""
    if int(plan.decisions.airflow) >= 3:
        return []
    return [
        dag.dag_id
        for dag in dags
        if isinstance(kind := handed_over(plan, inventory, dag), MarkerPlan) and (kind.catchup or kind.drifts)
    ]


def left_to_people(plan: Plan, inventory: Inventory) -> Iterator[tuple[Dag, str]]:
    """(DAG, why) for each that runs by itself today and is not handed over; one that is paused just moves."""
    known: dict[Hashable, str] = {}
    for dag in inventory.dags:
        if dag.is_paused or dag.schedule.kind == "none":
            continue
        # Reading a cron expression takes long, and most DAGs are due at the same moments as many others. One that
        # may be let freeze by its name is looked at by itself.
        shape = (
            dag.schedule,
            dag.catchup,
            dag.start_date,
            dag.end_date,
            dag.next_data_interval_end,
            dag.next_run_after,
            dag.dag_id if dag.schedule.kind == "continuous" else "",
        )
        if shape not in known:
            known[shape] = not_handed_over(plan, inventory, dag)
        if known[shape]:
            yield dag, known[shape]
