"""Certificates that expire soon.

Owner: people-systems
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="crew_certificates",
    description="Certificates that expire soon.",
    schedule="@weekly",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "people-systems", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["crew"],
):
    search_task = BashOperator(task_id="search", bash_command="echo search {{ ds }}")
    notify_task = BashOperator(task_id="notify", bash_command="echo notify {{ ds }}")

    search_task >> notify_task
