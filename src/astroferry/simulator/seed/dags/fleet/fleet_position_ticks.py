"""Ship positions, every tick counts.

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
    dag_id="fleet_position_ticks",
    description="Ship positions, every tick counts.",
    schedule="* * * * * */20",
    start_date=pendulum.datetime(2026, 11, 1, 6, 24, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet", "demo", "fast"],
):
    read_positions_task = BashOperator(task_id="read_positions", bash_command="echo read_positions {{ ds }}")
    store_task = BashOperator(task_id="store", bash_command="echo store {{ ds }}")

    read_positions_task >> store_task
