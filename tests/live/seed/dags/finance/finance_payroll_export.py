"""Sends hours to the payroll office."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "finance_payroll_export",
    description="Sends hours to the payroll office",
    schedule="0 6 25 * *",
    start_date=datetime(2025, 1, 25, tzinfo=timezone.utc),
    catchup=False,
    tags=["finance", "monthly"],
    default_args={"owner": "finance", "retries": 1},
):
    freeze = BashOperator(task_id="freeze", bash_command="echo finance_payroll_export freeze {{ ds }}")
    export = BashOperator(task_id="export", bash_command="echo finance_payroll_export export {{ ds }}")
    sign = BashOperator(task_id="sign", bash_command="echo finance_payroll_export sign {{ ds }}")
    freeze >> export >> sign
