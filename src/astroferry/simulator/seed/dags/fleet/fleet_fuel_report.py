"""Fuel by week.

Owner: fleet-control
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="fleet_fuel_report",
    description="Fuel by week.",
    schedule="0 6 * * 1",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Oslo"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet"],
):
    wait_for_fleet_position_history_task = ExternalTaskSensor(
        task_id="wait_for_fleet_position_history",
        external_dag_id="fleet_position_history",
        mode="reschedule",
        timeout=3600,
    )
    join_task = BashOperator(task_id="join", bash_command="echo join {{ ds }}")

    wait_for_fleet_position_history_task >> join_task
