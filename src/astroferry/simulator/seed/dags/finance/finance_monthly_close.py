"""Month end.

Owner: finance-it
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


def check_totals():
    print("check totals: done")


with DAG(
    dag_id="finance_monthly_close",
    description="Month end.",
    schedule="@monthly",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "finance-it", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["finance"],
):
    freeze_task = BashOperator(task_id="freeze", bash_command="echo freeze {{ ds }}")
    check_totals_task = PythonOperator(task_id="check_totals", python_callable=check_totals)
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    freeze_task >> check_totals_task
    check_totals_task >> publish_task
