"""Refreshes the feature store."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "science_feature_store",
    description="Refreshes the feature store",
    schedule="20 1 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["science", "daily"],
    default_args={"owner": "science"},
):
    build = BashOperator(task_id="build", bash_command="echo science_feature_store build {{ ds }}")
    publish = BashOperator(task_id="publish", bash_command="echo science_feature_store publish {{ ds }}")
    build >> publish
