"""Cases of the rules in advice/rules/configuration.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import case, no, source, with_environment, yes

from astroferry.advice.rules.configuration import IGNORE_SYNTAX
from astroferry.model.inventory import Dag, Schedule, Sign

RETRIES = source(config={"core": {"default_task_retries": "2", "default_timezone": "Asia/Tokyo"}})
RENAMED = source(options_set=("scheduler.min_file_process_interval",))
REMOVED = source(environment=("AIRFLOW__CORE__CHECK_SLAS", "STAGE"))
LATER = source(
    airflow_version="3.1.8",
    options_set=("api.access_logfile", "core.max_num_rendered_ti_fields_per_task", "lineage.backend"),
)
BEHIND = source(options_set=("webserver.page_size",))
IGNORES = source(signs=(Sign("ignore-file", ".airflowignore", 1, ".airflowignore"),))
GLOB = replace(IGNORES, config={"core": {"dag_ignore_file_syntax": "glob"}})
PICKLED = source(config={"core": {"enable_xcom_pickling": "True"}})


def by(executor: str) -> dict[str, dict[str, str]]:
    return {"core": {"executor": executor}}


PODS = by("CeleryKubernetesExecutor") | {"celery_kubernetes_executor": {"kubernetes_queue": "pods"}}
ON_PODS = (Dag("train", Schedule("none"), is_paused=False, queues=("default", "pods")),)

ROWS = (
    yes("ENV-options", case(inventory=RETRIES), "core.default_task_retries = 2; test, prod would run"),
    no("ENV-options", case(with_environment({"AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2"}), RETRIES)),
    no("ENV-options", case(inventory=source(config={"core": {"default_task_retries": "0"}}))),
    yes("VER-037", case(inventory=RENAMED), "is now dag_processor.min_file_process_interval"),
    yes("VER-037", case(inventory=REMOVED), "that Airflow 3 does not have: core.check_slas"),
    yes("VER-037", case(inventory=BEHIND), "that stays behind: webserver.page_size: it is for the old machines"),
    no("VER-037", case()),
    no("VER-037", case(inventory=RENAMED, airflow="2", runtime="13.11.0")),
    yes("VER-037", case(inventory=replace(BEHIND, airflow_version="3.0.6")), "stays behind: webserver.page_size"),
    no("VER-037", case(inventory=replace(BEHIND, airflow_version="3.3.2"))),
    yes(
        "VER-037-later",
        case(inventory=LATER),
        "2 options of the source that later versions of Airflow 3 changed: core.max_num_rendered_ti_fields_per_task "
        "(core.num_dag_runs_to_retain_rendered_fields since 3.2), lineage.backend (gone since 3.2).",
    ),
    yes("VER-037-later", case(inventory=replace(LATER, airflow_version="2.11.2")), "3 options"),
    yes(
        "VER-037-later",
        case(inventory=replace(LATER, airflow_version="2.11.2")),
        "api.access_logfile (api.log_config since 3.1; it is for the old machines, or the plan decides it)",
    ),
    yes("VER-037-later", case(inventory=source(environment=("AIRFLOW__LINEAGE__BACKEND",))), "1 option of"),
    no("VER-037-later", case(inventory=LATER, runtime="3.1-12")),
    no("VER-037-later", case(inventory=replace(LATER, airflow_version="3.2.2"))),
    no("VER-037-later", case(inventory=LATER, airflow="2", runtime="13.11.0")),
    yes(
        "VER-037-plan",
        case(with_environment({"AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "60"})),
        "which Airflow 3 calls AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL",
    ),
    yes("VER-037-plan", case(with_environment({"AIRFLOW__CORE__CHECK_SLAS": "True"})), "does not have"),
    yes(
        "VER-037-plan",
        case(with_environment({"AIRFLOW__SCHEDULER__RUNNING_METRICS_INTERVAL": "9"})),
        "which Airflow 3.2 calls AIRFLOW__SCHEDULER__TI_METRICS_INTERVAL.",
    ),
    yes("VER-037-plan", case(with_environment({"AIRFLOW__LINEAGE__BACKEND": "x"})), "Airflow 3.2 does not have."),
    no("VER-037-plan", case(with_environment({"AIRFLOW__LINEAGE__BACKEND": "x"}), runtime="3.1-12")),
    no("VER-037-plan", case(with_environment({"AIRFLOW__LINEAGE__BACKEND": "x"}), runtime="")),
    yes("VER-037-plan", case(with_environment({"AIRFLOW__CORE__HOSTNAME": ":"})), "to a value"),
    no("VER-037-plan", case(with_environment({"AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2", "STAGE": "x"}))),
    no("VER-037-plan", case(with_environment({"AIRFLOW__CORE__CHECK_SLAS": "1"}), airflow="2", runtime="13.11.0")),
    yes("VER-033", case(inventory=PICKLED)),
    no("VER-033", case(inventory=source(config={"core": {"enable_xcom_pickling": "False"}}))),
    yes("VER-034", case(inventory=IGNORES), ".airflowignore would be read as globs by test, prod"),
    no("VER-034", case(with_environment({IGNORE_SYNTAX: "regexp"}), IGNORES)),
    no("VER-034", case(inventory=GLOB)),
    no("VER-034", case()),
    yes("VER-040", case(inventory=source(config=by("SequentialExecutor")))),
    yes("VER-040", case(inventory=source(config=by("a.b.CeleryKubernetesExecutor"))), "no task is seen to name"),
    yes("VER-040", case(inventory=source(config=PODS, dags=ON_PODS)), "tasks of train name its queue pods"),
    no("VER-040", case(inventory=source(config=by("CeleryExecutor")))),
)
