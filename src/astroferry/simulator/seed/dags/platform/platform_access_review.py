"""Who may do what.

Owner: data-platform
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="platform_access_review",
    description="Who may do what.",
    schedule="@yearly",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data-platform", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["platform"],
):
    export_task = BashOperator(task_id="export", bash_command="echo export {{ ds }}")
