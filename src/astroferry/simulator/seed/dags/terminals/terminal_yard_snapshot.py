"""Trailers on the yard.

Owner: terminal-ops
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="terminal_yard_snapshot",
    description="Trailers on the yard.",
    schedule=timedelta(seconds=7200),
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "terminal-ops", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["terminals"],
):
    snapshot_task = BashOperator(task_id="snapshot", bash_command="echo snapshot {{ ds }}")
