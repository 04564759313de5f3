"""Removes old task logs."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "platform_log_cleanup",
    description="Removes old task logs",
    schedule="0 0 * * 0",
    start_date=datetime(2026, 1, 4, tzinfo=timezone.utc),
    catchup=False,
    tags=["platform", "maintenance"],
    default_args={"owner": "platform"},
):
    clean = BashOperator(task_id="clean", bash_command="echo platform_log_cleanup clean {{ ds }}")
