"""Manifests to the port authority.

Owner: terminal-ops
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


def check_manifest():
    print("check manifest: done")


with DAG(
    dag_id="terminal_customs_manifests",
    description="Manifests to the port authority.",
    schedule="45 * * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "terminal-ops", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["terminals", "critical", "customs"],
):
    collect_task = BashOperator(task_id="collect", bash_command="echo collect {{ ds }}")
    check_manifest_task = PythonOperator(task_id="check_manifest", python_callable=check_manifest)
    upload_task = BashOperator(
        task_id="upload",
        bash_command="echo upload {{ ds }}",
        pool="port_authority",
        outlets=[Asset("s3://harborlines-lake/manifests")],
    )

    collect_task >> check_manifest_task
    check_manifest_task >> upload_task
