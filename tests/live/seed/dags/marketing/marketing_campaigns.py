"""Campaigns use connections, variables and macros the way people write them."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from marlow.compat import DAG, BaseHook, Variable


def push(**_):
    shop = BaseHook.get_connection("shop_api")
    print(f"pushing to {shop.host}, in the voice {Variable.get('marketing_voice')!r}")


with DAG(
    "marketing_push",
    description="Pushes the week's campaign to the shop",
    schedule="0 10 * * 1",
    start_date=pendulum.datetime(2026, 1, 5, tz="Europe/London"),
    catchup=False,
    tags=["marketing", "weekly"],
    default_args={"owner": "marketing"},
):
    BashOperator(task_id="render", bash_command="echo {{ var.value.marketing_voice }} {{ data_interval_end }}") >> (
        PythonOperator(task_id="push", python_callable=push)
    )
