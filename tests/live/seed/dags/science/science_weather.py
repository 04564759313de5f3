"""Fetches the forecast that demand depends on."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "science_weather",
    description="Fetches the forecast that demand depends on",
    schedule="5 */3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["science"],
    default_args={"owner": "science", "retries": 4},
):
    fetch = BashOperator(task_id="fetch", bash_command="echo science_weather fetch {{ ds }}")
