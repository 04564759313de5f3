"""Prepares the quarterly VAT return."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "finance_vat_return",
    description="Prepares the quarterly VAT return",
    schedule="0 7 5 1,4,7,10 *",
    start_date=datetime(2025, 1, 5, tzinfo=timezone.utc),
    catchup=True,
    tags=["finance", "quarterly"],
    default_args={"owner": "finance"},
):
    sum = BashOperator(task_id="sum", bash_command="echo finance_vat_return sum {{ ds }}")
    draft = BashOperator(task_id="draft", bash_command="echo finance_vat_return draft {{ ds }}")
    sum >> draft
