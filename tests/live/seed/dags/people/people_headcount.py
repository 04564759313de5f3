"""Counts heads for the monthly report."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "people_headcount",
    description="Counts heads for the monthly report",
    schedule="@monthly",
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["people", "monthly"],
    default_args={"owner": "people"},
):
    count = BashOperator(task_id="count", bash_command="echo people_headcount count {{ ds }}")
