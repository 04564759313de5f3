"""Cancelled bookings, for the call centre.

Owner: booking-data
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="booking_cancellations",
    description="Cancelled bookings, for the call centre.",
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking"],
):
    extract_task = BashOperator(task_id="extract", bash_command="echo extract {{ ds }}")
    notify_task = BashOperator(task_id="notify", bash_command="echo notify {{ ds }}", pool="booking_db")

    extract_task >> notify_task
