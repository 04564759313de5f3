"""A DAG of every kind of schedule, each writing its runs into the ledger: what a handover is tried with."""

import os
import time
from datetime import datetime, timedelta, timezone

import pendulum
from airflow.providers.standard.operators.python import PythonOperator
from airflow.timetables.trigger import CronTriggerTimetable
from marlow import ledger
from marlow.compat import DAG, Asset

START = datetime.fromisoformat(os.environ["LEDGER_START"]).astimezone(timezone.utc)
MINUTE = "* * * * *"
SECOND = "*/2 * * * *"
EVENTS = Asset("s3://marlow/kinds/events")


def write(seconds=0, fail=False, **context):
    time.sleep(seconds)
    ledger.write(**context)
    if fail:
        raise RuntimeError("as it should be")


def kind(dag_id, schedule, *, catchup, start=START, end=None, runs=4, outlets=(), depends=False, **how):
    with DAG(
        dag_id,
        schedule=schedule,
        start_date=start,
        end_date=end,
        catchup=catchup,
        max_active_runs=runs,
        default_args={"owner": "platform", "depends_on_past": depends},
    ) as dag:
        PythonOperator(task_id="write", python_callable=write, op_kwargs=how, outlets=list(outlets))
    return dag


for catchup in (True, False):
    side = "all" if catchup else "latest"
    for made in (
        kind(f"cron_{side}", MINUTE, catchup=catchup),
        kind(f"trigger_{side}", CronTriggerTimetable(MINUTE, timezone="UTC"), catchup=catchup),
        kind(f"delta_{side}", timedelta(minutes=1), catchup=catchup),
        # Without catchup not each minute: on a busy machine more than one would come due between two looks at it.
        kind(f"past_{side}", MINUTE if catchup else SECOND, catchup=catchup, depends=True),
    ):
        globals()[made.dag_id] = made

# Ticks at second 17: off the grid to which Airflow rounds a timedelta without catchup.
delta_odd_all = kind("delta_odd_all", timedelta(minutes=2), catchup=True, start=START + timedelta(seconds=17))
one_at_a_time = kind("one_at_a_time", SECOND, catchup=True, runs=1)
# Its runs take a quarter of its period: what fills a gap and the scheduler's own must take turns.
one_latest = kind("one_latest", MINUTE, catchup=False, runs=1, seconds=15)
overlapping = kind("overlapping", SECOND, catchup=True, runs=3, seconds=150)
failing = kind("failing", SECOND, catchup=True, fail=True)
left_paused = kind("left_paused", SECOND, catchup=True)
ended = kind("ended", SECOND, catchup=True, end=START + timedelta(minutes=2))
never_run = kind("never_run", "@hourly", catchup=False, start=START + timedelta(hours=2))
preset = kind("preset", "@hourly", catchup=True, start=START - timedelta(hours=3))
once = kind("once", "@once", catchup=False)
continuous = kind("continuous", "@continuous", catchup=False, runs=1, seconds=2)
by_hand = kind("by_hand", None, catchup=False)
producer = kind("producer", SECOND, catchup=False, outlets=[EVENTS])
consumer = kind("consumer", [EVENTS], catchup=False)
# One of the two never comes, so the other waits for it.
half_waiting = kind("half_waiting", [EVENTS, Asset("s3://marlow/kinds/never")], catchup=False)

# The test gives this zone a change of the clock some minutes from now.
zone = pendulum.instance(START).in_timezone("Antarctica/Troll")
forward = kind("forward", "*/2 6-18 * * *", catchup=True, start=zone)
