"""What ruff's AIR301 and AIR302 hold against DAG code, ours does too: they are asked about the same lines."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from astroferry.code.read import read

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"gone-import", "gone-argument", "gone-rule", "context-key", "plugin-classes"}
IMPORTS = """\
airflow.PY36 airflow.PY312 airflow.api_connexion.security.requires_access airflow.auth.managers.base_auth_manager.x
airflow.config_templates.default_celery.DEFAULT_CELERY_CONFIG airflow.configuration.as_dict airflow.configuration.get
airflow.contrib.hooks.x airflow.datasets.manager.DatasetManager airflow.datasets.metadata.Metadata
airflow.executors.celery_executor.CeleryExecutor airflow.executors.dask_executor.DaskExecutor
airflow.executors.celery_kubernetes_executor.CeleryKubernetesExecutor airflow.hooks.S3_hook.S3Hook
airflow.hooks.base_hook.BaseHook airflow.hooks.dbapi.DbApiHook airflow.hooks.hive_hooks.HiveCliHook
airflow.lineage.hook.DatasetLineageInfo airflow.listeners.spec.dataset.on_dataset_created
airflow.macros.hive.closest_ds_partition airflow.metrics.validators.AllowListValidator
airflow.operators.check_operator.CheckOperator airflow.operators.dagrun_operator.TriggerDagRunOperator
airflow.operators.dummy.DummyOperator airflow.operators.gcs_to_s3.GCSToS3Operator
airflow.operators.google_api_to_s3_transfer.GoogleApiToS3Operator airflow.operators.hive_to_druid.HiveToDruidTransfer
airflow.operators.hive_to_mysql.HiveToMySqlOperator airflow.operators.mssql_to_hive.MsSqlToHiveOperator
airflow.operators.mysql_to_hive.MySqlToHiveOperator airflow.operators.presto_to_mysql.PrestoToMySqlOperator
airflow.operators.python_operator.PythonOperator airflow.operators.sql.SQLCheckOperator
airflow.operators.subdag.SubDagOperator airflow.providers.amazon.aws.datasets.s3.create_dataset
airflow.providers.common.io.datasets.file.create_dataset airflow.providers.google.datasets.gcs.create_dataset
airflow.providers.mysql.datasets.mysql.sanitize_uri
airflow.providers.postgres.datasets.postgres.sanitize_uri airflow.providers.trino.datasets.trino.sanitize_uri
airflow.secrets.local_filesystem.load_connections airflow.security.permissions.RESOURCE_DATASET
airflow.sensors.base_sensor_operator.BaseSensorOperator airflow.sensors.external_task.ExternalTaskSensorLink
airflow.sensors.http_sensor.HttpSensor airflow.timetables.datasets.DatasetOrTimeSchedule
airflow.triggers.external_task.TaskStateTrigger airflow.utils.dates.days_ago airflow.utils.decorators.apply_defaults
airflow.utils.file.mkdirs airflow.utils.helpers.chain airflow.utils.state.SHUTDOWN
airflow.utils.state.terminating_states
airflow.www.auth.has_access
"""
CODE = """
from airflow import DAG
from airflow.decorators import task
from airflow.hooks.base import BaseHook
from airflow.operators.bash import BashOperator
from airflow.operators.datetime import BranchDateTimeOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.plugins_manager import AirflowPlugin
DAG("x", default_view="grid")
DAG("x", orientation="LR")
DAG("x", concurrency=1)
DAG("x", fail_stop=True)
DAG("x", timetable=t)
DAG("x", schedule_interval="@daily")
BashOperator(task_id="x", task_concurrency=1)
BranchDateTimeOperator(task_id="x", use_task_execution_day=True)
TriggerDagRunOperator(task_id="x", execution_date=now)
BaseHook.get_connections("x")
@task
def f(**context):
    context["conf"]
    context["execution_date"]
    context.get("next_ds")
class P(AirflowPlugin):
    executors = []
    operators = []
"""
STILL_TAKEN = {
    "airflow.Dataset": "3.3.2 imports it with a warning",
    "airflow.notifications.basenotifier.BaseNotifier": "3.3.2 imports it with a warning",
    "airflow.operators.email.EmailOperator": "3.3.2 imports it with a warning",
}
"""name -> why ruff is not followed"""


def test_what_ruff_calls_removed_or_moved_is_seen_by_ours(tmp_path: Path) -> None:
    imports = IMPORTS.split()
    names = [*imports, *STILL_TAKEN]
    lines = [
        f"from {name.rpartition('.')[0]} import {name.rpartition('.')[2]} as n{n}; n{n}()"
        for n, name in enumerate(names)
    ]
    text = "\n".join(lines) + CODE
    (tmp_path / "dags.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "AIR301,AIR302",
        "--output-format",
        "json",
    ]
    ran = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    theirs = {item["location"]["row"] for item in json.loads(ran.stdout)}
    ours = {sign.line for sign in read(text).signs if sign.kind in KINDS}
    taken = set(range(len(imports) + 1, len(names) + 1))
    assert {text.splitlines()[row - 1] for row in theirs - ours - taken} == set()
    assert not taken & ours
    assert len(theirs) > 60, "ruff was asked, and knows them"
