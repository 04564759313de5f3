"""Positions into the lake.

Owner: fleet-control
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG, Asset
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset


with DAG(
    dag_id="fleet_position_history",
    description="Positions into the lake.",
    schedule="20 * * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet"],
):
    extract_task = BashOperator(task_id="extract", bash_command="echo extract {{ ds }}")
    publish_task = BashOperator(
        task_id="publish",
        bash_command="echo publish {{ ds }}",
        outlets=[Asset("s3://harborlines-lake/positions")],
    )

    extract_task >> publish_task
