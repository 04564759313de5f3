"""Stores where the vans are."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "fleet_positions",
    description="Stores where the vans are",
    schedule="*/5 * * * *",
    start_date=datetime(2026, 5, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["fleet"],
    default_args={"owner": "fleet"},
):
    poll = BashOperator(task_id="poll", bash_command="echo fleet_positions poll {{ ds }}")
    store = BashOperator(task_id="store", bash_command="echo fleet_positions store {{ ds }}")
    poll >> store
