"""What DAGs mean by default, and that Airflow 3 changed: data intervals and catchup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Book, Case, Hit, listed
from astroferry.advice.rules.version import CRON_INTERVALS, interval_crons
from astroferry.model.environment import DELTA_DATA_INTERVALS, environment_of
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Plan

BOOK = Book("defaults")
CATCHUP_VARIABLE = "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT"


@BOOK.rule(
    "VER-028",
    "warn",
    about=CRON_INTERVALS,
    reads=("inventory.dags", "plan.decisions.cron_data_intervals"),
    source="Airflow 3 upgrade notes: create_cron_data_intervals; tried on 3.3.2",
)
def cron_intervals(case: Case) -> Iterator[Hit]:
    """Without cron data intervals, `ds` of a cron DAG moves by one period.

    Airflow 3 makes a trigger timetable of a cron string: the logical date becomes the tick itself, no longer the
    start of the interval before it. Keep the intervals (CREATE_CRON_DATA_INTERVALS = True), or change the DAGs that
    use ds, logical_date or the data interval.
    """
    crons = interval_crons(case.inventory)
    if case.crosses and crons and not case.plan.decisions.cron_data_intervals:
        yield Hit(
            f"Without cron data intervals, ds and intervals of {several(len(crons), 'cron DAG')} move by one period.",
            "Set it to true, or change the DAGs that use ds or the interval.",
            dags=crons,
        )


@BOOK.rule(
    "VER-028-delta",
    "warn",
    about="deployments",
    reads=("inventory.dags", "plan.decisions.cron_data_intervals", "plan.deployments.environment"),
    source="Airflow 3 upgrade notes: create_delta_data_intervals",
)
def delta_intervals(case: Case) -> Iterator[Hit]:
    """A timedelta schedule has no data interval on Airflow 3 by itself.

    The plan's decision to keep data intervals sets AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS = "True" too;
    where it is false, or a Deployment's own environment says otherwise, the DAGs lose what they had.
    """
    found = tuple(dag.dag_id for dag in case.inventory.dags if dag.schedule.kind == "timedelta")
    without = [
        item.name
        for item in case.plan.deployments
        if environment_of(case.plan, item).get(DELTA_DATA_INTERVALS, "").lower() != "true"
    ]
    if case.crosses and found and without:
        yield Hit(
            f"Airflow 3 gives timedelta schedules no data interval by itself; {listed(found)} had one.",
            f'Keep data intervals, or set {DELTA_DATA_INTERVALS} = "True" in these Deployments.',
            listed(without),
            found,
        )


@BOOK.rule(
    "VER-027",
    "warn",
    about="deployments",
    reads=("inventory.dags", "inventory.config", "plan.deployments.environment"),
    source="Airflow 3 upgrade notes: catchup_by_default",
)
def catchup_default(case: Case) -> Iterator[Hit]:
    """Airflow 3 does not catch up by default.

    A DAG whose code leaves `catchup` out catches up on Airflow 2 and does not on Airflow 3. Write it in the code, or
    set AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT = "True" in the environment of each Deployment.
    """
    found = by_default(case)
    if case.crosses and found and (missing := _without(case.plan, CATCHUP_VARIABLE)):
        yield Hit(
            f"{listed(found)} catch up on the source; where their code leaves catchup out, Airflow 3 will not.",
            f'Set {CATCHUP_VARIABLE} = "True" in the environment of these Deployments, or write catchup in the code.',
            listed(missing),
            found,
        )


def by_default(case: Case) -> tuple[str, ...]:
    """Ids of the DAGs that catch up because Airflow 2 does by default; where code is unread, all that catch up."""
    if case.inventory.config.get("scheduler", {}).get("catchup_by_default", "True").lower() == "false":
        return ()
    unsaid = {dag_id for sign in case.signs if sign.kind == "no-catchup" for dag_id in sign.dags}
    return tuple(
        dag.dag_id
        for dag in case.inventory.dags
        if dag.catchup and (dag.dag_id in unsaid or dag.dependencies == "unknown until code is read")
    )


def _without(plan: Plan, variable: str) -> tuple[str, ...]:
    return tuple(item.name for item in plan.deployments if variable not in item.environment)
