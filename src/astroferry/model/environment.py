"""The environment variables of a Deployment, as the plan's decisions and its own table give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.model.plan import Deployment, Plan

CRON_DATA_INTERVALS = "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS"
DELTA_DATA_INTERVALS = "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS"
PAUSED_AT_CREATION = "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"


def environment_of(plan: Plan, deployment: Deployment) -> dict[str, str]:
    """Names and plain values.

    On Airflow 3 a cron string becomes a trigger timetable unless CREATE_CRON_DATA_INTERVALS is true, and the same
    tick gets another logical date (tried on 3.3.2); timedelta likewise, by an option of its own. DAGs arrive paused
    whatever the Deployment's default was.
    """
    decided = {PAUSED_AT_CREATION: "True"}
    if plan.decisions.airflow == "3":
        decided[CRON_DATA_INTERVALS] = str(plan.decisions.cron_data_intervals)
        decided[DELTA_DATA_INTERVALS] = str(plan.decisions.cron_data_intervals)
    return {**decided, **deployment.environment}
