"""Sends the weekly newsletter."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "marketing_newsletter",
    description="Sends the weekly newsletter",
    schedule="0 9 * * 4",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["marketing", "weekly"],
    default_args={"owner": "marketing"},
):
    segment = BashOperator(task_id="segment", bash_command="echo marketing_newsletter segment {{ ds }}")
    render = BashOperator(task_id="render", bash_command="echo marketing_newsletter render {{ ds }}")
    send = BashOperator(task_id="send", bash_command="echo marketing_newsletter send {{ ds }}")
    segment >> render >> send
