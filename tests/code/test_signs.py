from __future__ import annotations

import textwrap

import pytest

from astroferry.code.airflow3 import replacement
from astroferry.code.read import read
from astroferry.model.inventory import placed

QUIET = """
from airflow.sdk import DAG
import pendulum
with DAG("a", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1), catchup=False) as dag:
"""


def signs(text: str) -> set[tuple[str, str]]:
    seen = read(textwrap.dedent(text))
    assert not seen.error
    return {(sign.kind, sign.what) for sign in seen.signs}


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("from airflow.operators.subdag import SubDagOperator", "gone-import", "airflow.operators.subdag"),
        ("import airflow.contrib.hooks.ssh_hook", "gone-import", "airflow.contrib.hooks.ssh_hook"),
        ("from airflow.operators import dummy_operator", "gone-import", "airflow.operators.dummy_operator"),
        ("from airflow.operators.postgres_operator import PostgresOperator", "gone-import", "PostgresOperator"),
        ("from airflow.utils.dates import days_ago", "gone-import", "airflow.utils.dates.days_ago"),
        ("import distutils.util", "gone-python", "distutils"),
        ("from telnetlib import Telnet", "gone-python", "telnetlib"),
        ("from airflow.utils.session import provide_session", "sessions", "provide_session"),
        ("from airflow.settings import Session", "sessions", "airflow.settings.Session"),
        ("def f(session):\n    session.query(X)", "sessions", "session.query"),
        ("def f():\n    settings.Session()", "sessions", "settings.Session"),
        ("from airflow_client.client.api import dag_api", "old-client", "airflow_client.client.api"),
        ("from airflow.providers.amazon.aws.hooks.s3 import S3Hook", "provider", "airflow.providers.amazon.aws"),
        ("from sqlalchemy import create_engine", "sqlalchemy", "sqlalchemy"),
        ("import sqlalchemy.orm as orm", "sqlalchemy", "sqlalchemy.orm"),
        ("def f():\n    PostgresHook('x').get_sqlalchemy_engine()", "sqlalchemy", "get_sqlalchemy_engine"),
        ("DAG('a', schedule_interval='@daily')", "gone-argument", "DAG(schedule_interval)"),
        ("DAG('a', schedule=None, concurrency=3)", "run-limit", "concurrency"),
        ("DAG('a', schedule=None, sla_miss_callback=f)", "sla", "sla_miss_callback"),
        ("DAG('a')", "no-schedule", ""),
        ("DAG('a', schedule=acme.WorkdayCron('0 6 * * *'))", "own-timetable", "WorkdayCron"),
        ("DAG('a', None, WorkdayCron('0 6 * * *'))", "own-timetable", "WorkdayCron"),
        ("DAILY = WorkdayCron('0 6 * * *')\nDAG('a', timetable=DAILY)", "own-timetable", "WorkdayCron"),
        ("DAG('a')", "no-catchup", ""),
        ("from airflow.decorators import dag\n@dag\ndef a():\n    pass", "no-catchup", ""),
        ("from airflow.decorators import dag\n@dag(schedule=None)\ndef a():\n    pass", "no-catchup", ""),
        ("DAG('a', is_paused_upon_creation=False)", "arrives-unpaused", ""),
        ("DAG('a', start_date=datetime.now())", "moving-start", "now()"),
        ("START = days_ago(2)\nDAG('a', start_date=START)", "moving-start", "days_ago()"),
        ("DAG('a', start_date=datetime(2024, 1, 1))", "naive-start", "datetime()"),
        ("default_args = {'owner': 'x', 'start_date': datetime.datetime(2024, 1, 1)}", "naive-start", "datetime()"),
        ("Op(task_id='x', provide_context=True)", "gone-argument", "Op(provide_context)"),
        ("TriggerDagRunOperator(task_id='x', execution_date=1)", "gone-argument", "execution_date"),
        ("default_args = {'owner': 'x', 'task_concurrency': 1}", "gone-argument", "default_args(task_concurrency)"),
        ("Op(task_id='x', trigger_rule='dummy')", "gone-rule", "dummy"),
        ("Op(task_id='x', trigger_rule=TriggerRule.NONE_FAILED_OR_SKIPPED)", "gone-rule", "none_failed_or_skipped"),
        ("default_args = {'owner': 'x', 'sla': 1}", "sla", "sla"),
        ("S3KeySensor(task_id='x')", "poke-sensor", "S3KeySensor"),
        ("KubernetesPodOperator(task_id='x', namespace='composer-user-workloads')", "pod", "namespace"),
        ("KubernetesPodOperator(task_id='x', config_file='/c')", "pod", "config_file"),
        ("EmailOperator(task_id='x')", "mail", "EmailOperator"),
        ("default_args = {'owner': 'x', 'email_on_failure': True}", "mail", "email_on_failure"),
        ("def f():\n    send_email('x')", "mail", "send_email"),
        ("Op(task_id='x', on_success_callback=f)", "success-callback", "on_success_callback"),
        ("def f(ti):\n    ti.xcom_pull(key='x')", "xcom-without-task", "xcom_pull"),
        ("def f(ti):\n    ti.xcom_pull('t', include_prior_dates=True)", "xcom-elsewhere", "include_prior_dates"),
        ("def f(ti):\n    ti.xcom_pull('t', dag_id='other')", "xcom-elsewhere", "dag_id"),
        ("x = Variable.get('x')", "parse-time", "Variable.get"),
        ("x = BaseHook.get_connection('x')", "parse-time", "get_connection"),
        ("x = requests.get('https://x.example')", "parse-time", "requests.get"),
        ("x = urlopen('https://x.example')", "parse-time", "urlopen"),
        ("def f(**context):\n    context['execution_date']", "context-key", "execution_date"),
        ("def f(**kwargs):\n    kwargs.get('prev_ds')", "context-key", "prev_ds"),
        ("def f():\n    get_current_context()['next_ds']", "context-key", "next_ds"),
        ("def f(ti):\n    ti.execution_date", "context-key", "execution_date"),
        ("@task\ndef f(execution_date):\n    pass", "context-key", "execution_date"),
        ("@task.branch(x=1)\ndef f(*, tomorrow_ds):\n    pass", "context-key", "tomorrow_ds"),
        ("def f(next_ds):\n    pass\nOp(task_id='x', python_callable=f)", "context-key", "next_ds"),
        ("x = 'run {{ macros.ds_add(prev_ds, 1) }}'", "context-key", "prev_ds"),
        ("x = '{% if execution_date %}{% endif %}'", "context-key", "execution_date"),
        ("x = f'{base}/api/v1/dags/{name}'", "old-api", "/api/v1/dags"),
        ("x = 'https://airflow.example/api/v1'", "old-api", "/api/v1"),
        ("x = '/api/experimental/test'", "old-api", "/api/experimental"),
        ("x = '/home/airflow/gcs/data/x.csv'", "composer-path", "/home/airflow/gcs/data"),
        ("x = '/opt/airflow/dags/x.sql'", "home-path", "/opt/airflow/dags"),
        ("x = '/mnt/shared/x.csv'", "local-disk", "/mnt/shared/x.csv"),
        ("a = '/tmp/x.csv'\nb = '/tmp/x.csv'", "local-disk", "/tmp/x.csv"),
        ("x = os.environ['GCS_BUCKET']", "environment", "GCS_BUCKET"),
        ("x = os.environ.get('STAGE', 'dev')", "environment", "STAGE"),
        ("x = os.getenv('STAGE')", "environment", "STAGE"),
        ("class P(AirflowPlugin):\n    operators = [X]", "plugin-classes", "operators"),
        ("DAG('a', access_control={'auditors': {'can_read'}, R: X})", "access-control", "auditors"),
        ("DAG('a', access_control=ACCESS)", "access-control", "access_control"),
        ("class P(AirflowPlugin):\n    flask_blueprints = [X]", "plugin-flask", "flask_blueprints"),
    ],
)
def test_a_sign_is_seen(text: str, kind: str, what: str) -> None:
    assert any(seen == kind and what in held for seen, held in signs(text)), signs(text)


@pytest.mark.parametrize(
    "text",
    [
        QUIET + "    Op(task_id='x', trigger_rule='all_done', email_on_failure=False)",
        QUIET + "    S3KeySensor(task_id='x', mode='reschedule')\n    S3KeySensor(task_id='y', deferrable=True)",
        "try:\n    from airflow.sdk import Asset\nexcept ImportError:\n    from airflow.datasets import Dataset",
        "try:\n    import distutils\nexcept (ImportError, ValueError):\n    pass",
        "from airflow.operators.bash import BashOperator",
        "from airflow.utils.task_group import TaskGroup",
        "from . import helpers",
        "DAG('a', **kwargs)",
        "DAG('a', None, '@daily', catchup=True)",
        "DAG('a', catchup=True, schedule=CronTriggerTimetable('@daily', timezone='UTC'))",
        "DAG('a', catchup=True, schedule=every('@daily'))",
        "from pendulum import datetime\nDAG('a', schedule=None, catchup=False, start_date=datetime(2024, 1, 1))",
        "DAG('a', schedule=None, catchup=False, start_date=datetime(2024, 1, 1, tzinfo=UTC))",
        "def f():\n    Variable.get('x')\ng = lambda: Variable.get('x')",
        "def f(ti):\n    ti.xcom_pull(task_ids='t', key='x', include_prior_dates=False, dag_id=None)",
        "def f(**context):\n    context['ds'], context['logical_date'], context[0], settings['execution_date']",
        "def f(execution_date):\n    'a plain function'",
        "x = '{{ dag_run.conf.prev_ds }} {{ ds }} {{ params[\"next_ds\"] }}'",
        "x = 'https://crm.example/api/v1/customers'",
        '"""See /api/v1/dags and {{ execution_date }}."""',
        "x = '/tmp/x.csv'",
        "x = cache.get('STAGE')",
        "class P(Base):\n    operators = [X]",
        "class P(AirflowPlugin):\n    name = 'p'\n    def f(self): ...",
        "result.query('a > b')",
        "KubernetesPodOperator(task_id='x', namespace=conf.get('kubernetes_executor', 'namespace'))",
    ],
)
def test_what_still_works_is_no_sign(text: str) -> None:
    assert signs(text) == set()


def test_signs_stand_by_line_and_dag() -> None:
    text = """
        from airflow import DAG
        NOTE = Variable.get("note")
        with DAG("one", schedule=None, catchup=False):
            Op(task_id="x", trigger_rule="dummy")
        with DAG("two", schedule=None, catchup=False):
            Op(task_id="x", provide_context=True)
        three = DAG("three", schedule=None)
    """
    seen = read(textwrap.dedent(text)).signs
    assert [(sign.kind, sign.line, sign.dag) for sign in seen] == [
        ("parse-time", 3, ""),
        ("gone-rule", 5, "one"),
        ("gone-argument", 7, "two"),
        ("no-catchup", 8, "three"),
    ]
    of_two = placed(seen, "/dags/x.py", ("one", "two"))
    assert [(sign.place, sign.dags) for sign in of_two] == [
        ("x.py:3", ("one", "two")),
        ("x.py:5", ("one",)),
        ("x.py:7", ("two",)),
    ]


def test_a_dag_function_is_parsed_and_its_tasks_run_later() -> None:
    text = """
        from airflow.decorators import dag, task
        @dag(schedule=None, catchup=False)
        def one():
            where = Variable.get("where")
            @task
            def work():
                Variable.get("more")
    """
    assert [(sign.line, sign.dag) for sign in read(textwrap.dedent(text)).signs] == [(5, "one")]


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        ("airflow.operators.subdag", "SubDagOperator", "task groups or assets"),
        ("airflow.contrib.operators.x", "", "the provider packages"),
        ("airflow.hooks.S3_hook", "S3Hook", "the provider package"),
        ("airflow.utils.dates", "days_ago", "a fixed pendulum.datetime"),
        ("airflow.utils.dates", "cron_presets", None),
        ("airflow.operators.python", "PythonOperator", None),
        ("airflow", "DAG", None),
        ("airflow.models", "Variable", None),
    ],
)
def test_what_takes_the_place_of_an_import(module: str, name: str, instead: str | None) -> None:
    assert replacement(module, name) == instead
