"""An Airflow DAG that makes the events another one waits for."""

from six_kinds import CRON, EVENTS, make

dag = make("producer", CRON, outlets=[EVENTS])
