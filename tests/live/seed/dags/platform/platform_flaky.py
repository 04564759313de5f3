"""Fails on purpose, so that failed runs are seen too; no owner given."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "platform_flaky",
    description="Fails on purpose",
    schedule="0 12 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["platform"],
):
    BashOperator(task_id="fail", bash_command="exit 3")

with DAG(
    "platform_ping",
    description="Runs through at once",
    schedule="@hourly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["platform"],
    default_args={"owner": "platform"},
):
    BashOperator(task_id="ping", bash_command="echo pong")
