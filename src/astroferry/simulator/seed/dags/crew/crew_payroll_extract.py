"""Hours for payroll.

Owner: people-systems
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="crew_payroll_extract",
    description="Hours for payroll.",
    schedule="0 0 25 * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "people-systems", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["crew", "pii"],
):
    extract_task = BashOperator(task_id="extract", bash_command="echo extract {{ ds }}")
    encrypt_task = BashOperator(task_id="encrypt", bash_command="echo encrypt {{ ds }}")
    send_task = BashOperator(task_id="send", bash_command="echo send {{ ds }}")

    extract_task >> encrypt_task
    encrypt_task >> send_task
