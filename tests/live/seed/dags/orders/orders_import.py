"""Pulls the shop's orders of the last hour."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "orders_import",
    description="Pulls the shop's orders of the last hour",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["orders", "hourly"],
    default_args={"owner": "orders", "retries": 2},
):
    fetch = BashOperator(task_id="fetch", bash_command="echo orders_import fetch {{ ds }}")
    validate = BashOperator(task_id="validate", bash_command="echo orders_import validate {{ ds }}")
    load = BashOperator(task_id="load", bash_command="echo orders_import load {{ ds }}")
    fetch >> validate >> load
