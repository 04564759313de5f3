"""Counts the stock of every depot."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "warehouse_stock_count",
    description="Counts the stock of every depot",
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=True,
    tags=["warehouse", "daily"],
    default_args={"owner": "warehouse", "depends_on_past": True},
):
    snapshot = BashOperator(task_id="snapshot", bash_command="echo warehouse_stock_count snapshot {{ ds }}")
    diff = BashOperator(task_id="diff", bash_command="echo warehouse_stock_count diff {{ ds }}")
    snapshot >> diff
