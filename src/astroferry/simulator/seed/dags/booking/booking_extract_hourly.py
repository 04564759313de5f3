"""Bookings into the lake.

Owner: booking-data
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


def check_rows():
    print("check rows: done")


with DAG(
    dag_id="booking_extract_hourly",
    description="Bookings into the lake.",
    schedule="@hourly",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "booking-data", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["booking", "critical"],
):
    extract_task = BashOperator(task_id="extract", bash_command="echo extract {{ ds }}")
    check_rows_task = PythonOperator(task_id="check_rows", python_callable=check_rows)
    publish_task = BashOperator(
        task_id="publish",
        bash_command="echo publish {{ ds }}",
        pool="booking_db",
        outlets=[Asset("s3://harborlines-lake/bookings")],
    )

    extract_task >> check_rows_task
    check_rows_task >> publish_task
