"""Books fuel card receipts."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "fleet_fuel_cards",
    description="Books fuel card receipts",
    schedule="30 4 * * 1-5",
    start_date=datetime(2026, 1, 5, tzinfo=timezone.utc),
    catchup=False,
    tags=["fleet", "daily"],
    default_args={"owner": "fleet", "retries": 3},
):
    download = BashOperator(task_id="download", bash_command="echo fleet_fuel_cards download {{ ds }}")
    book = BashOperator(task_id="book", bash_command="echo fleet_fuel_cards book {{ ds }}")
    download >> book
