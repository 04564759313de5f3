"""Rates from the rate service.

Owner: freight-desk
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="freight_rates_sync",
    description="Rates from the rate service.",
    schedule="10 1 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "freight-desk", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["freight"],
):
    fetch_task = BashOperator(task_id="fetch", bash_command="echo fetch {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")

    fetch_task >> load_task
