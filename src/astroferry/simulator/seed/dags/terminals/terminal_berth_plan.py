"""Tomorrow's berths.

Owner: terminal-ops
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="terminal_berth_plan",
    description="Tomorrow's berths.",
    schedule="0 5 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "terminal-ops", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["terminals", "critical"],
):
    collect_task = BashOperator(task_id="collect", bash_command="echo collect {{ ds }}")
    solve_task = BashOperator(task_id="solve", bash_command="echo solve {{ ds }}")
    start_terminal_berth_notices_task = TriggerDagRunOperator(
        task_id="start_terminal_berth_notices",
        trigger_dag_id="terminal_berth_notices",
    )

    collect_task >> solve_task
    solve_task >> start_terminal_berth_notices_task
