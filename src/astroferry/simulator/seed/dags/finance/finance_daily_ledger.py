"""The day's postings, in order.

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


def balance():
    print("balanced")


with DAG(
    dag_id="finance_daily_ledger",
    description="The day's postings, in order.",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "finance-it", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["finance", "critical"],
):
    post_ledger_task = BashOperator(
        task_id="post_ledger",
        bash_command="echo post {{ ds }}",
        depends_on_past=True,
    )
    balance_task = PythonOperator(task_id="balance", python_callable=balance)

    post_ledger_task >> balance_task
