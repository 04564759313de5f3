"""Many DAGs whose tasks need no worker: a wave as large as real ones, on a small machine.

A copy called `many_light_3_of_20.py` makes every twentieth of them, so that no file takes minutes to parse.
"""

import os
import re
from datetime import datetime, timezone

from airflow.providers.standard.operators.empty import EmptyOperator
from marlow.compat import DAG

START = datetime.fromisoformat(os.environ["LEDGER_START"]).astimezone(timezone.utc)
PERIOD = int(os.environ.get("LEDGER_LIGHT_PERIOD", "4"))
PART = re.search(r"_(\d+)_of_(\d+)\.py$", __file__)
FIRST, STEP = map(int, PART.groups()) if PART else (0, 1)

for number in range(FIRST, int(os.environ.get("LEDGER_LIGHT", "0")), STEP):
    with DAG(
        f"light_{number:04}",
        schedule=f"{number % PERIOD}-59/{PERIOD} * * * *",
        start_date=START,
        catchup=number % 2 == 0,
        max_active_runs=4,
        default_args={"owner": "platform"},
    ) as dag:
        EmptyOperator(task_id="nothing")
    globals()[dag.dag_id] = dag
