"""Moves old orders to cold storage."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "orders_archive",
    description="Moves old orders to cold storage",
    schedule="0 3 1 * *",
    start_date=datetime(2025, 6, 1, tzinfo=timezone.utc),
    catchup=True,
    tags=["orders", "monthly"],
    default_args={"owner": "orders"},
):
    select = BashOperator(task_id="select", bash_command="echo orders_archive select {{ ds }}")
    move = BashOperator(task_id="move", bash_command="echo orders_archive move {{ ds }}")
    check = BashOperator(task_id="check", bash_command="echo orders_archive check {{ ds }}")
    select >> move >> check
