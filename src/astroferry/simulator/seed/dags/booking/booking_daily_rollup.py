"""Bookings by line and day.

Owner: booking-data
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
    dag_id="booking_daily_rollup",
    description="Bookings by line and day.",
    schedule="30 2 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking"],
):
    wait_for_booking_extract_hourly_task = ExternalTaskSensor(
        task_id="wait_for_booking_extract_hourly",
        external_dag_id="booking_extract_hourly",
        mode="reschedule",
        timeout=3600,
    )
    aggregate_task = BashOperator(task_id="aggregate", bash_command="echo aggregate {{ ds }}")
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    wait_for_booking_extract_hourly_task >> aggregate_task
    aggregate_task >> publish_task
