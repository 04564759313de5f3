"""A producer and two consumers, tied by datasets (assets on Airflow 3)."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG, Asset

STOCK = Asset("s3://marlow-warehouse/stock/daily")
PRICES = Asset("s3://marlow-warehouse/prices/daily")

with DAG(
    "warehouse_publish_stock",
    description="Publishes the stock of all depots",
    schedule="30 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["warehouse", "dataset"],
    default_args={"owner": "warehouse"},
):
    BashOperator(task_id="publish", bash_command="echo stock", outlets=[STOCK])

with DAG(
    "warehouse_publish_prices",
    description="Publishes the prices of the day",
    schedule="40 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["warehouse", "dataset"],
    default_args={"owner": "warehouse"},
):
    BashOperator(task_id="publish", bash_command="echo prices", outlets=[PRICES])

with DAG(
    "marketing_price_list",
    description="Prints the price list as soon as stock and prices are there",
    schedule=[STOCK, PRICES],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["marketing", "dataset"],
    default_args={"owner": "marketing"},
):
    BashOperator(task_id="print", bash_command="echo price list")
