"""An Airflow DAG without catchup, whose callback leaves a line."""

from six_kinds import CRON, called, make

dag = make("latest", CRON, callback=called)
