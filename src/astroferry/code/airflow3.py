"""What a DAG file may say on Airflow 2.11 and not on 3: modules, names, arguments, context keys.

Measured: every public module and the names that DAGs use were imported with 2.11.2 and with 3.3.2 (core, SDK and
standard provider); what 3.3.2 cannot import stands here. What it still takes with a warning does not (ruff's AIR311,
AIR312 and AIR321 are about that). Ruff's AIR301 and AIR302 are held against these tables by a test; what they know
alone is about providers that 3.3.2 does not bring.
"""

from __future__ import annotations

_STANDARD = "airflow.providers.standard"

GONE_MODULES: dict[str, str] = {
    "airflow.api.auth": "",
    "airflow.api.common.experimental": "",
    "airflow.api_connexion": "",
    "airflow.auth": "",
    "airflow.compat": "",
    "airflow.contrib": "the provider packages",
    "airflow.datasets": "airflow.sdk (Asset)",
    "airflow.decorators.python": "",
    "airflow.config_templates.default_celery": "airflow.providers.celery.executors.default_celery",
    "airflow.executors.celery_executor": "airflow.providers.celery.executors.celery_executor",
    "airflow.executors.celery_kubernetes_executor": "",
    "airflow.executors.dask_executor": "",
    "airflow.executors.debug_executor": "",
    "airflow.executors.kubernetes_executor": "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
    "airflow.executors.local_kubernetes_executor": "",
    "airflow.executors.sequential_executor": "",
    "airflow.hooks.base_hook": "airflow.sdk (BaseHook)",
    "airflow.hooks.dbapi": "airflow.providers.common.sql.hooks.sql",
    "airflow.kubernetes": "airflow.providers.cncf.kubernetes",
    "airflow.lineage.entities": "",
    "airflow.listeners.spec.dataset": "airflow.listeners.spec.asset",
    "airflow.macros.hive": "airflow.providers.apache.hive.macros.hive",
    "airflow.metrics": "",
    "airflow.models.dagparam": "",
    "airflow.models.dagpickle": "",
    "airflow.models.dataset": "",
    "airflow.models.mappedoperator": "",
    "airflow.models.slamiss": "",
    "airflow.models.taskfail": "",
    "airflow.operators.bash_operator": f"{_STANDARD}.operators.bash",
    "airflow.operators.branch_operator": "airflow.sdk (BaseBranchOperator)",
    "airflow.operators.dagrun_operator": f"{_STANDARD}.operators.trigger_dagrun",
    "airflow.operators.dummy": f"{_STANDARD}.operators.empty (EmptyOperator)",
    "airflow.operators.dummy_operator": f"{_STANDARD}.operators.empty (EmptyOperator)",
    "airflow.operators.email_operator": "airflow.providers.smtp.operators.smtp",
    **dict.fromkeys(
        (
            "airflow.operators.gcs_to_s3",
            "airflow.operators.google_api_to_s3_transfer",
            "airflow.operators.hive_to_druid",
            "airflow.operators.hive_to_mysql",
            "airflow.operators.mssql_to_hive",
            "airflow.operators.mysql_to_hive",
            "airflow.operators.presto_to_mysql",
        ),
        "the provider package",
    ),
    "airflow.operators.latest_only_operator": f"{_STANDARD}.operators.latest_only",
    "airflow.operators.python_operator": f"{_STANDARD}.operators.python",
    "airflow.operators.sql": "airflow.providers.common.sql.operators.sql",
    "airflow.operators.subdag": "task groups or assets",
    "airflow.operators.subdag_operator": "task groups or assets",
    **{
        f"airflow.providers.{of}.datasets": f"airflow.providers.{of}.assets"
        for of in ("amazon.aws", "common.io", "google", "mysql", "postgres", "trino")
    },
    "airflow.sensors.base_sensor_operator": "airflow.sdk (BaseSensorOperator)",
    "airflow.sensors.date_time_sensor": f"{_STANDARD}.sensors.date_time",
    "airflow.sensors.external_task_sensor": f"{_STANDARD}.sensors.external_task",
    "airflow.sensors.sql": "airflow.providers.common.sql.sensors.sql",
    "airflow.sensors.sql_sensor": "airflow.providers.common.sql.sensors.sql",
    "airflow.sensors.time_delta_sensor": f"{_STANDARD}.sensors.time_delta",
    "airflow.sentry": "",
    "airflow.template": "",
    "airflow.timetables.datasets": "airflow.timetables.assets (AssetOrTimeSchedule)",
    "airflow.traces": "",
    "airflow.utils.airflow_flask_app": "",
    "airflow.utils.compression": "",
    "airflow.utils.dag_parsing_context": "airflow.sdk (get_parsing_context)",
    "airflow.utils.log.secrets_masker": "airflow.sdk.log (mask_secret)",
    "airflow.utils.module_loading": "airflow.sdk.module_loading",
    "airflow.utils.python_virtualenv": "",
    "airflow.utils.sensor_helper": "",
    "airflow.utils.weekday": f"{_STANDARD}.utils.weekday",
    "airflow.www": "",
}
"""module that is gone, with all below it -> where its things are now; "" where nothing takes its place"""

OLD_SHIMS = ("airflow.hooks.", "airflow.operators.", "airflow.sensors.")
"""the 1.10 names of provider classes ("airflow.operators.postgres_operator") end in these, and are gone"""
OLD_ENDINGS = ("_hook", "_hooks", "_operator", "_sensor")

GONE_NAMES: dict[str, dict[str, str]] = {
    "airflow": dict.fromkeys(("PY36", "PY37", "PY38", "PY39", "PY310", "PY311", "PY312"), "sys.version_info"),
    "airflow.security.permissions": {"RESOURCE_DATASET": "RESOURCE_ASSET"},
    "airflow.sensors.external_task": {
        "ExternalTaskSensorLink": f"{_STANDARD}.sensors.external_task (ExternalDagLink)"
    },
    "airflow.utils.operator_helpers": {"context_to_airflow_vars": "airflow.sdk.execution_time.context"},
    "airflow.utils.state": {"SHUTDOWN": "", "terminating_states": ""},
    "airflow.utils.dates": {
        "days_ago": "a fixed pendulum.datetime",
        "date_range": "",
        "parse_execution_date": "",
        "round_time": "",
        "infer_time_unit": "",
        "scale_time_units": "",
    },
    "airflow.utils.helpers": {"chain": "airflow.sdk (chain)", "cross_downstream": "airflow.sdk (cross_downstream)"},
    "airflow.utils.db": {"create_session": ""},
    "airflow.utils.decorators": {"apply_defaults": "nothing: it is not needed any more"},
    "airflow.utils.file": {"TemporaryDirectory": "tempfile.TemporaryDirectory", "mkdirs": "pathlib.Path.mkdir"},
    "airflow.utils.dag_cycle_tester": {"test_cycle": "check_cycle"},
    "airflow.configuration": {
        name: f"airflow.configuration.conf.{name}"
        for name in ("get", "getboolean", "getfloat", "getint", "getsection", "has_option", "remove_option", "set")
    }
    | {"as_dict": "airflow.configuration.conf.as_dict", "load_test_config": ""},
    "airflow.lineage": {"AUTO": "", "apply_lineage": "", "prepare_lineage": ""},
    "airflow.lineage.hook": {"DatasetLineageInfo": "AssetLineageInfo"},
    "airflow.timetables.simple": {"DatasetTriggeredTimetable": "AssetTriggeredTimetable"},
    "airflow.secrets.local_filesystem": {"load_connections": "load_connections_dict"},
    "airflow.triggers.external_task": {"TaskStateTrigger": "WorkflowTrigger"},
    "airflow.models.errors": {"ImportError": "airflow.models.errors (ParseImportError)"},
}
"""module that is still there -> name that it has no more -> what to use instead"""

DAG_ARGUMENTS: dict[str, str] = {
    "schedule_interval": "schedule",
    "timetable": "schedule",
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
    "default_view": "",
    "orientation": "",
    "full_filepath": "",
}
"""argument that DAG no longer takes -> its new name"""
TASK_ARGUMENTS: dict[str, str] = {
    "task_concurrency": "max_active_tis_per_dag",
    "provide_context": "",
    "use_task_execution_day": "use_task_logical_date",
}
GONE_METHODS: dict[str, str] = {"get_connections": "get_connection", "get_conn_uri": "get_conn_value"}
"""method of hooks and secrets backends that is gone -> its new name"""
TRIGGER_RULES: dict[str, str] = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}

CONTEXT_KEYS: dict[str, str] = {
    "conf": "airflow.configuration.conf",
    "execution_date": "logical_date",
    "next_ds": "data_interval_end | ds",
    "next_ds_nodash": "data_interval_end | ds_nodash",
    "next_execution_date": "data_interval_end",
    "prev_ds": "prev_data_interval_start_success | ds",
    "prev_ds_nodash": "prev_data_interval_start_success | ds_nodash",
    "prev_execution_date": "prev_data_interval_start_success",
    "prev_execution_date_success": "prev_data_interval_start_success",
    "tomorrow_ds": "macros.ds_add(ds, 1)",
    "tomorrow_ds_nodash": "macros.ds_add(ds, 1) | replace('-', '')",
    "yesterday_ds": "macros.ds_add(ds, -1)",
    "yesterday_ds_nodash": "macros.ds_add(ds, -1) | replace('-', '')",
}
"""key of the task context and of templates that is gone -> what says the same"""

GONE_FROM_PYTHON: dict[str, str] = {
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), "3.12"),
    **dict.fromkeys(
        ("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"), "3.13"
    ),
    **dict.fromkeys(
        ("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"), "3.13"
    ),
}
"""module of Python's own library -> the first Python without it (PEP 594, PEP 632)"""


def replacement(module: str, name: str = "") -> str | None:
    """What takes the place of an import that Airflow 3 refuses ("" for nothing); None where it still works."""
    parts = module.split(".")
    for count in range(len(parts), 1, -1):
        above = ".".join(parts[:count])
        if above in GONE_MODULES:
            return GONE_MODULES[above]
    if module.startswith(OLD_SHIMS) and module.endswith(OLD_ENDINGS):
        return "the provider package"
    if name:
        return GONE_NAMES.get(module, {}).get(name, replacement(f"{module}.{name}") if name.islower() else None)
    return None
