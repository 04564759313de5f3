"""Tells depots what expires soon."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "warehouse_expiry_alerts",
    description="Tells depots what expires soon",
    schedule="0 5,17 * * *",
    start_date=datetime(2026, 4, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["warehouse"],
    default_args={"owner": "warehouse"},
):
    find = BashOperator(task_id="find", bash_command="echo warehouse_expiry_alerts find {{ ds }}")
    tell = BashOperator(task_id="tell", bash_command="echo warehouse_expiry_alerts tell {{ ds }}")
    find >> tell
