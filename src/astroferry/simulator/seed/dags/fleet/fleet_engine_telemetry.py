"""Engine readings.

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
    dag_id="fleet_engine_telemetry",
    description="Engine readings.",
    schedule="*/5 * * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet", "critical"],
):
    read_task = BashOperator(task_id="read", bash_command="echo read {{ ds }}")
    store_task = BashOperator(task_id="store", bash_command="echo store {{ ds }}")

    read_task >> store_task
