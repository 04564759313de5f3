"""What all this costs.

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
    dag_id="platform_cost_report",
    description="What all this costs.",
    schedule="0 7 1 * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=2,
    default_args={"owner": "data-platform", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["platform"],
):
    collect_task = BashOperator(task_id="collect", bash_command="echo collect {{ ds }}")
    render_task = BashOperator(task_id="render", bash_command="echo render {{ ds }}")

    collect_task >> render_task
