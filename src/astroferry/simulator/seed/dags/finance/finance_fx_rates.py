"""Exchange rates.

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
    dag_id="finance_fx_rates",
    description="Exchange rates.",
    schedule="5 16 * * 1-5",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "finance-it", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["finance"],
):
    fetch_task = BashOperator(task_id="fetch", bash_command="echo fetch {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")

    fetch_task >> load_task
