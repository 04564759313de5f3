"""Rest hours and certificates.

Owner: people-systems
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


def check_rest():
    print("check rest: done")


with DAG(
    dag_id="crew_roster_checks",
    description="Rest hours and certificates.",
    schedule=None,
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "people-systems", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["crew"],
):
    check_rest_task = PythonOperator(task_id="check_rest", python_callable=check_rest)
    notify_task = BashOperator(task_id="notify", bash_command="echo notify {{ ds }}")

    check_rest_task >> notify_task
