"""Prices to partners.

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
    dag_id="booking_price_feed",
    description="Prices to partners.",
    schedule=timedelta(seconds=21600),
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking"],
):
    render_task = BashOperator(task_id="render", bash_command="echo render {{ ds }}")
    upload_task = BashOperator(task_id="upload", bash_command="echo upload {{ ds }}")

    render_task >> upload_task
