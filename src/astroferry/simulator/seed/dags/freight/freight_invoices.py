"""Freight invoices on working days.

Owner: freight-desk
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="freight_invoices",
    description="Freight invoices on working days.",
    schedule="0 20 * * 1-5",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"),
    catchup=True,
    max_active_runs=1,
    default_args={"owner": "freight-desk", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["freight"],
):
    collect_task = BashOperator(task_id="collect", bash_command="echo collect {{ ds }}")
    render_task = BashOperator(task_id="render", bash_command="echo render {{ ds }}")
    send_task = BashOperator(task_id="send", bash_command="echo send {{ ds }}")

    collect_task >> render_task
    render_task >> send_task
