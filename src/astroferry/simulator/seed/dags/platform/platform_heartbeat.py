"""Is the platform alive?

Owner: data-platform
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="platform_heartbeat",
    description="Is the platform alive?",
    schedule=timedelta(seconds=1800),
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data-platform", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["platform"],
):
    beat_task = EmptyOperator(task_id="beat")
