"""Old rows out of the metadata database.

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
    dag_id="platform_db_cleanup",
    description="Old rows out of the metadata database.",
    schedule="0 4 * * 0",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data-platform", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["platform"],
):
    clean_task = BashOperator(task_id="clean", bash_command="echo clean {{ ds }}")
