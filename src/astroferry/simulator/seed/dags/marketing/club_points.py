"""Points for yesterday's trips.

Owner: customer-club
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
    dag_id="club_points",
    description="Points for yesterday's trips.",
    schedule="40 3 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "customer-club", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["marketing"],
):
    wait_for_booking_daily_rollup_task = ExternalTaskSensor(
        task_id="wait_for_booking_daily_rollup",
        external_dag_id="booking_daily_rollup",
        mode="reschedule",
        timeout=3600,
    )
    compute_task = BashOperator(task_id="compute", bash_command="echo compute {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")

    wait_for_booking_daily_rollup_task >> compute_task
    compute_task >> load_task
