"""Warns of certificates that end soon."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "platform_certificates",
    description="Warns of certificates that end soon",
    schedule="0 8 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["platform"],
    default_args={"owner": "platform"},
):
    look = BashOperator(task_id="look", bash_command="echo platform_certificates look {{ ds }}")
    warn = BashOperator(task_id="warn", bash_command="echo platform_certificates warn {{ ds }}")
    look >> warn
