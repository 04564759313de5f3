"""Segments of the customer club.

Owner: customer-club
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

try:
    from airflow.sdk import DAG, Asset
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset


def score_members():
    print("score members: done")


with DAG(
    dag_id="club_segments",
    description="Segments of the customer club.",
    schedule=[Asset("s3://harborlines-lake/bookings")],
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "customer-club", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["marketing", "pii"],
):
    score_members_task = PythonOperator(task_id="score_members", python_callable=score_members)
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    score_members_task >> publish_task
