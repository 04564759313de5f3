"""Scores new orders for fraud."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "orders_fraud_score",
    description="Scores new orders for fraud",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 3, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["orders"],
    default_args={"owner": "orders", "retries": 1},
):
    score = BashOperator(task_id="score", bash_command="echo orders_fraud_score score {{ ds }}")
