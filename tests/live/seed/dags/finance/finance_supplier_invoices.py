"""Reads suppliers' invoices."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "finance_supplier_invoices",
    description="Reads suppliers' invoices",
    schedule="0 */4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["finance"],
    default_args={"owner": "finance"},
):
    read = BashOperator(task_id="read", bash_command="echo finance_supplier_invoices read {{ ds }}")
    book = BashOperator(task_id="book", bash_command="echo finance_supplier_invoices book {{ ds }}")
    read >> book
