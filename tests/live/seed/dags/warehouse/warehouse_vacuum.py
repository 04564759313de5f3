"""Tidies up the warehouse's tables."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "warehouse_vacuum",
    description="Tidies up the warehouse's tables",
    schedule="@weekly",
    start_date=datetime(2026, 1, 4, tzinfo=timezone.utc),
    catchup=False,
    tags=["warehouse", "maintenance"],
    default_args={"owner": "warehouse"},
):
    vacuum = BashOperator(task_id="vacuum", bash_command="echo warehouse_vacuum vacuum {{ ds }}")
    analyse = BashOperator(task_id="analyse", bash_command="echo warehouse_vacuum analyse {{ ds }}")
    vacuum >> analyse
