"""An Airflow DAG whose task depends on the run before."""

from six_kinds import CRON, make

dag = make("past", CRON, depends=True)
