"""Loads yesterday's advertising costs."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "marketing_ad_spend",
    description="Loads yesterday's advertising costs",
    schedule="45 5 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["marketing", "daily"],
    default_args={"owner": "marketing", "retries": 2},
):
    load = BashOperator(task_id="load", bash_command="echo marketing_ad_spend load {{ ds }}")
