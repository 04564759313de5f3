"""Vehicles through the gates.

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
    dag_id="terminal_gate_counts",
    description="Vehicles through the gates.",
    schedule="*/10 * * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "terminal-ops", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["terminals"],
):
    count_task = BashOperator(task_id="count", bash_command="echo count {{ ds }}")
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    count_task >> publish_task
