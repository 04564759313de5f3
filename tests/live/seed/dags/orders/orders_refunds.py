"""Matches refunds with their orders."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "orders_refunds",
    description="Matches refunds with their orders",
    schedule="15 6 * * *",
    start_date=datetime(2026, 2, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["orders", "daily"],
    default_args={"owner": "orders"},
):
    collect = BashOperator(task_id="collect", bash_command="echo orders_refunds collect {{ ds }}")
    match = BashOperator(task_id="match", bash_command="echo orders_refunds match {{ ds }}")
    collect >> match
