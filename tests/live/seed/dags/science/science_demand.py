"""Trains the demand forecast: branches, short circuits, and a steady timedelta for its inference."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, ShortCircuitOperator
from marlow.compat import DAG

with DAG(
    "science_train_demand",
    description="Trains the demand forecast, fully on Sundays",
    schedule="0 23 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["science", "daily"],
    default_args={"owner": "science", "retries": 2, "retry_delay": timedelta(minutes=10)},
):
    choose = BranchPythonOperator(
        task_id="choose", python_callable=lambda logical_date: "full" if logical_date.weekday() == 6 else "quick"
    )
    done = EmptyOperator(task_id="done", trigger_rule="none_failed_min_one_success")
    choose >> [EmptyOperator(task_id="full"), EmptyOperator(task_id="quick")] >> done

with DAG(
    "science_infer_demand",
    description="Forecasts the demand every 45 minutes",
    schedule=timedelta(minutes=45),
    start_date=pendulum.datetime(2026, 6, 1, tz="UTC"),
    catchup=False,
    tags=["science"],
    default_args={"owner": "science"},
):
    ShortCircuitOperator(task_id="is_open", python_callable=lambda: True) >> EmptyOperator(task_id="infer")

with DAG(
    "science_backtest",
    description="Tests the forecast against the past, every six hours, in order",
    schedule=timedelta(hours=6),
    start_date=pendulum.datetime(2026, 11, 1, tz="UTC"),
    catchup=True,
    tags=["science"],
    default_args={"owner": "science"},
):
    EmptyOperator(task_id="test")
