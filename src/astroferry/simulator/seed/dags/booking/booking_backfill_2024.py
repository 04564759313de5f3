"""Old bookings, on demand.

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
    dag_id="booking_backfill_2024",
    description="Old bookings, on demand.",
    schedule=None,
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking"],
):
    extract_task = BashOperator(task_id="extract", bash_command="echo extract {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")

    extract_task >> load_task
