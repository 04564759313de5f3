"""Berth notices to masters.

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
    dag_id="terminal_berth_notices",
    description="Berth notices to masters.",
    schedule=None,
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "terminal-ops", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["terminals"],
):
    render_task = BashOperator(task_id="render", bash_command="echo render {{ ds }}")
    send_task = BashOperator(task_id="send", bash_command="echo send {{ ds }}")

    render_task >> send_task
