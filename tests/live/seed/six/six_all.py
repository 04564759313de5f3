"""An Airflow DAG that catches up."""

from six_kinds import CRON, make

dag = make("all", CRON, catchup=True)
