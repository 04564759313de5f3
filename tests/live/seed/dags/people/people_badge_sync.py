"""Gives new colleagues their badges."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "people_badge_sync",
    description="Gives new colleagues their badges",
    schedule="*/30 6-20 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["people"],
    default_args={"owner": "people"},
):
    read = BashOperator(task_id="read", bash_command="echo people_badge_sync read {{ ds }}")
    sync = BashOperator(task_id="sync", bash_command="echo people_badge_sync sync {{ ds }}")
    read >> sync
