"""What of the source's configuration is kept: named options that matter for a move, and nothing else.

An allow-list: a server may show everything (`expose_config = True`), database passwords too, and custom sections may
hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.options import changed_by_airflow_3, is_default

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT: dict[str, frozenset[str]] = {
    "core": frozenset(
        {
            "auth_manager",
            "dag_ignore_file_syntax",
            "dags_are_paused_at_creation",
            "dags_folder",
            "default_pool_task_slot_count",
            "default_task_execution_timeout",
            "default_task_retries",
            "default_task_weight_rule",
            "default_timezone",
            "enable_xcom_pickling",
            "executor",
            "load_examples",
            "max_active_runs_per_dag",
            "max_active_tasks_per_dag",
            "max_map_length",
            "parallelism",
            "plugins_folder",
            "test_connection",
            "xcom_backend",
        }
    ),
    "scheduler": frozenset(
        {
            "catchup_by_default",
            "create_cron_data_intervals",
            "create_delta_data_intervals",
            "min_file_process_interval",
            "use_job_schedule",
        }
    ),
    "dag_processor": frozenset({"min_file_process_interval"}),
    "celery": frozenset({"worker_autoscale", "worker_concurrency"}),
    "operators": frozenset({"default_deferrable", "default_queue"}),
    "logging": frozenset({"remote_logging"}),
    "email": frozenset({"email_backend"}),
    "secrets": frozenset({"backend", "use_cache"}),
    "webserver": frozenset({"default_ui_timezone", "expose_config"}),
    "api": frozenset({"auth_backends", "expose_config"}),
}
_HIDDEN = "< hidden >"


def kept(config: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The options that matter and are shown, sections and options sorted."""
    found: dict[str, dict[str, str]] = {}
    for section in sorted(_KEPT.keys() & config.keys()):
        options = {
            option: value
            for option, value in sorted(config[section].items())
            if option in _KEPT[section] and value != _HIDDEN
        }
        if options:
            found[section] = options
    return found


def merged(
    shown: Mapping[str, Mapping[str, str]], given: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Both as one: what the server shows is what holds, so what the environment says only fills the gaps."""
    return {section: {**given.get(section, {}), **shown.get(section, {})} for section in sorted({*shown, *given})}


def options_set(config: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Names of the options that Airflow 3 renamed or removed and that are not at their default; sorted.

    A server shows every option with its value, whoever set it, so what is set shows only by another value.
    """
    return tuple(
        sorted(
            name
            for section, options in config.items()
            for option, value in options.items()
            if changed_by_airflow_3(name := f"{section}.{option}")
            and value != _HIDDEN
            and not is_default(name, value)
        )
    )


def secrets_backend(config: Mapping[str, Mapping[str, str]]) -> str:
    """Class path of the secrets backend that is configured, or empty."""
    return config.get("secrets", {}).get("backend", "").strip()
