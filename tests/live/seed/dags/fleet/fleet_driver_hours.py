"""Checks the drivers' hours of rest."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "fleet_driver_hours",
    description="Checks the drivers' hours of rest",
    schedule="0 22 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=True,
    tags=["fleet", "compliance"],
    default_args={"owner": "fleet"},
):
    read = BashOperator(task_id="read", bash_command="echo fleet_driver_hours read {{ ds }}")
    check = BashOperator(task_id="check", bash_command="echo fleet_driver_hours check {{ ds }}")
    report = BashOperator(task_id="report", bash_command="echo fleet_driver_hours report {{ ds }}")
    read >> check >> report
