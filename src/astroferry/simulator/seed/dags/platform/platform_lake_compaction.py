"""Small files into large ones.

Owner: data-platform
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


def check_counts():
    print("check counts: done")


with DAG(
    dag_id="platform_lake_compaction",
    description="Small files into large ones.",
    schedule="50 1 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    default_args={"owner": "data-platform", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["platform"],
):
    list_files_task = BashOperator(task_id="list_files", bash_command="echo list_files {{ ds }}")
    compact_task = BashOperator(task_id="compact", bash_command="echo compact {{ ds }}")
    check_counts_task = PythonOperator(task_id="check_counts", python_callable=check_counts)

    list_files_task >> compact_task
    compact_task >> check_counts_task
