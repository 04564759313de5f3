"""One DAG per sales region, made in a loop, each in its own time zone."""

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from marlow.compat import DAG, TaskGroup

REGIONS = {
    "north": "Europe/Stockholm",
    "west": "Europe/Lisbon",
    "east": "Europe/Warsaw",
    "overseas": "America/Sao_Paulo",
}


def settle(region, ds=None, **_):
    print(f"settling {region} for {ds}")


for region, zone in REGIONS.items():
    with DAG(
        f"orders_settle_{region}",
        description=f"Settles the orders of the region {region} after its own midnight",
        schedule="10 0 * * *",
        start_date=pendulum.datetime(2026, 1, 1, tz=zone),
        catchup=False,
        tags=["orders", "region"],
        default_args={"owner": "orders", "retries": 1},
    ):
        start = EmptyOperator(task_id="start")
        with TaskGroup("settle") as group:
            for part in ("cash", "cards"):
                PythonOperator(task_id=part, python_callable=settle, op_kwargs={"region": region})
        start >> group >> EmptyOperator(task_id="done")
