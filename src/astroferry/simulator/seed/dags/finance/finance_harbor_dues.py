"""Dues by port call.

Owner: finance-it
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="finance_harbor_dues",
    description="Dues by port call.",
    schedule="30 5 2 * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "finance-it", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["finance"],
):
    collect_task = BashOperator(task_id="collect", bash_command="echo collect {{ ds }}")
    post_task = BashOperator(task_id="post", bash_command="echo post {{ ds }}")

    collect_task >> post_task
