"""Who did not board.

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
    dag_id="booking_no_shows",
    description="Who did not board.",
    schedule="15 4 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking"],
):
    match_task = BashOperator(task_id="match", bash_command="echo match {{ ds }}")
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    match_task >> publish_task
