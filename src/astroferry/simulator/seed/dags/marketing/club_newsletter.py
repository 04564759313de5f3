"""The Thursday newsletter.

Owner: customer-club
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="club_newsletter",
    description="The Thursday newsletter.",
    schedule="0 9 * * 4",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "customer-club", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["marketing"],
):
    render_task = BashOperator(task_id="render", bash_command="echo render {{ ds }}")
    send_task = BashOperator(task_id="send", bash_command="echo send {{ ds }}")

    render_task >> send_task
