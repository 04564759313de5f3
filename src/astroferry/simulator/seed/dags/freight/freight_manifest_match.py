"""Manifests against bookings.

Owner: freight-desk
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator

try:
    from airflow.sdk import DAG, Asset
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset


with DAG(
    dag_id="freight_manifest_match",
    description="Manifests against bookings.",
    schedule=[Asset("s3://harborlines-lake/manifests"), Asset("s3://harborlines-lake/bookings")],
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "freight-desk", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["freight"],
):
    match_task = BashOperator(task_id="match", bash_command="echo match {{ ds }}")
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    match_task >> publish_task
