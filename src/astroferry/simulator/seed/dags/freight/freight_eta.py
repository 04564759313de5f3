"""Arrival times for shippers.

Owner: freight-desk
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


def score():
    print("score: done")


with DAG(
    dag_id="freight_eta",
    description="Arrival times for shippers.",
    schedule=[Asset("s3://harborlines-lake/positions")],
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "freight-desk", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["freight"],
):
    score_task = PythonOperator(task_id="score", python_callable=score)
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    score_task >> publish_task
