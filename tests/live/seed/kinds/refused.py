"""DAGs that a cutover leaves to people: a timetable of Marlow's own, and steps of a month, which have no fixed length."""

import os
from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from dateutil.relativedelta import relativedelta
from marlow.compat import DAG
from marlow_plugin import MarketDayTimetable

START = datetime.fromisoformat(os.environ["LEDGER_START"])

for dag_id, schedule in (("market_days", MarketDayTimetable()), ("monthly", relativedelta(months=1))):
    with DAG(dag_id, schedule=schedule, start_date=START, catchup=False, default_args={"owner": "platform"}) as dag:
        EmptyOperator(task_id="nothing")
    globals()[dag_id] = dag
