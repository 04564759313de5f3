"""Ends coupons at midnight."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG(
    "marketing_coupon_expiry",
    description="Ends coupons at midnight",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["marketing"],
    default_args={"owner": "marketing"},
):
    expire = BashOperator(task_id="expire", bash_command="echo marketing_coupon_expiry expire {{ ds }}")
