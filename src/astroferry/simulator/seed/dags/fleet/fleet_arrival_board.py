"""The arrival board, only the latest matters.

Owner: fleet-control
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="fleet_arrival_board",
    description="The arrival board, only the latest matters.",
    schedule="* * * * * */20",
    start_date=pendulum.datetime(2026, 11, 1, 6, 26, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet", "demo", "fast"],
):
    render_board_task = BashOperator(task_id="render_board", bash_command="echo render_board {{ ds }}")
