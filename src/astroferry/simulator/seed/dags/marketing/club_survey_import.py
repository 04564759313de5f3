"""Answers to the survey.

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
    dag_id="club_survey_import",
    description="Answers to the survey.",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    end_date=pendulum.datetime(2026, 9, 30, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "customer-club", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["marketing"],
):
    fetch_task = BashOperator(task_id="fetch", bash_command="echo fetch {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")

    fetch_task >> load_task
