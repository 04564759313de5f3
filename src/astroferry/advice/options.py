"""Configuration options on their way to Astro: what is set on the source, and what becomes of each there."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from astroferry.advice import airflow3_minors
from astroferry.advice.airflow2_defaults import DEFAULTS
from astroferry.advice.airflow3_options import REMOVED, RENAMED

if TYPE_CHECKING:
    from collections.abc import Mapping

RESERVED = (
    "AIRFLOW_HOME",
    "AIRFLOW_CONN_AIRFLOW_DB",
    "AIRFLOW_CONN_ASTRO_S3_LOGGING",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__*",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE",
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__KUBERNETES__NAMESPACE",
    "AIRFLOW__LOGGING__DAG_PROCESSOR_LOG_TARGET",
    "AIRFLOW__LOGGING__ENCRYPT_S3_LOGS",
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__REMOTE_LOGGING",
    "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID",
    "AIRFLOW__METRICS__STATSD_HOST",
    "AIRFLOW__METRICS__STATSD_ON",
    "AIRFLOW__METRICS__STATSD_PORT",
    "AIRFLOW__METRICS__STATSD_PREFIX",
    "AIRFLOW__SCHEDULER__STATSD_*",
    "AIRFLOW__WEBSERVER__BASE_URL",
    "AIRFLOW__WEBSERVER__COOKIE_SECURE",
    "AIRFLOW__WEBSERVER__ENABLE_PROXY_FIX",
    "AIRFLOW__WEBSERVER__EXPOSE_CONFIG",
    "AIRFLOW__WEBSERVER__INSTANCE_NAME",
    "AIRFLOW__WEBSERVER__NAVBAR_COLOR",
    "AIRFLOW__WEBSERVER__UPDATE_FAB_PERMS",
    "AWS_DEFAULT_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "INSTANCE_TYPE",
    "OPENLINEAGE_API_KEY",
    "OPENLINEAGE_URL",
)
"""variables that Astro sets itself (its docs: platform-variables); patterns"""
RESERVED_ON_3 = (
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__RESULT_BACKEND",
    "AIRFLOW__CORE__AUTH_MANAGER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__FAB__*",
    "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE",
    "AIRFLOW__WEBSERVER__SECRET_KEY",
)
"""what the same must mean on Airflow 3; inferred, no document lists them"""
OF_THE_MACHINES = (
    "AIRFLOW__API__*",
    "AIRFLOW__CELERY__*",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION",
    "AIRFLOW__CORE__LOAD_EXAMPLES",
    "AIRFLOW__CORE__PARALLELISM",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__DATABASE__*",
    "AIRFLOW__KUBERNETES*",
    "AIRFLOW__LOGGING__*",
    "AIRFLOW__METRICS__*",
    "AIRFLOW__SECRETS__*",
    "AIRFLOW__WEBSERVER__*",
)
"""what belongs to the old machines, or is decided elsewhere in a plan"""
WORKER_QUEUE = (
    "AIRFLOW__CELERY__WORKER_AUTOSCALE",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__CORE__PARALLELISM",
)
"""what a Deployment's worker queues say on Astro"""
OF_MWAA = (
    "AIRFLOW_ENV_ID", "AIRFLOW_ENV_NAME", "AIRFLOW_TASK_REVISION_ID", "AIRFLOW__AWS_MWAA__*", "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_*", "AWS_EXECUTION_ENV", "AWS_REGION", "AWS_SESSION_TOKEN", "CW_*", "DB_SECRETS_*",
    "ECS_*", "FERNET_SECRET*", "MWAA__*", "SQL_*",
)  # fmt: skip
OF_COMPOSER = (
    "AIRFLOW_DATABASE_VERSION", "AIRFLOW_SRC_DIR", "AIRFLOW_WEBSERVER", "AUTO_GKE", "CLOUDSDK_METRICS_ENVIRONMENT",
    "CLOUD_LOGGING_ONLY", "COMPOSER_*", "CONTAINER_NAME", "C_FORCE_ROOT", "DAGS_FOLDER", "GCE_METADATA_TIMEOUT",
    "GCP_PROJECT", "GCP_TENANT_PROJECT", "GCSFUSE_EXTRACTED", "GCS_BUCKET", "GKE_CLUSTER_NAME", "GKE_IN_TENANT",
    "GOOGLE_APPLICATION_CREDENTIALS", "MAJOR_VERSION", "MINOR_VERSION", "PROJECT_ID", "REDIS_*", "SQL_*",
)  # fmt: skip
OF_ANY_MACHINE = (
    "ADDITIONAL_*", "AIRFLOW_INSTALLATION_METHOD", "AIRFLOW_PIP_VERSION", "AIRFLOW_UID", "AIRFLOW_USER_HOME_DIR",
    "AIRFLOW_USE_UV", "AIRFLOW_UV_VERSION", "AIRFLOW_VERSION", "BASH_ENV", "COMMIT_SHA", "CONNECTION_CHECK_*",
    "DEBIAN_FRONTEND", "DUMB_INIT_SETSID", "GPG_KEY", "GUNICORN_CMD_ARGS", "HOME", "HOSTNAME", "INSTALL_*_CLIENT",
    "KUBERNETES_*", "LANG", "LANGUAGE", "LC_*", "LD_*", "LIBRARY_PATH", "OLDPWD", "PATH", "PIP_*", "PS1", "PWD",
    "POSTGRES_*", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHON_*", "SHELL", "SHLVL", "TERM", "USER", "UV_*", "_",
    "_AIRFLOW_*", "_PIP_*", "*_PORT_*_TCP", "*_PORT_*_TCP_ADDR", "*_PORT_*_TCP_PORT", "*_PORT_*_TCP_PROTO",
    "*_SERVICE_HOST", "*_SERVICE_PORT", "*_SERVICE_PORT_*",
)  # fmt: skip
"""the shell's, those of the official image of Airflow and Python, and Kubernetes' links to services"""
_INDIRECT = ("_CMD", "_SECRET")
"""ends of a variable that says where the value of an option is to be had"""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an option: its name since that Airflow ("3", or "3.2"), or "" where it has it no more."""

    since: str
    name: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of an option or variable: its name on Astro, or "" and why it is left behind."""

    name: str
    why: str = ""


def variable(option: str) -> str:
    """The environment variable of "core.parallelism" (as MWAA writes it) or "core-parallelism" (as Composer does)."""
    section, _, name = option.partition("." if "." in option else "-")
    return f"AIRFLOW__{section.upper()}__{name.upper()}"


def option(variable: str) -> str:
    """The option that a variable sets: "core.parallelism" for AIRFLOW__CORE__PARALLELISM; "" where it sets none."""
    parts = variable.split("__", 2)
    return f"{parts[1].lower()}.{parts[2].lower()}" if len(parts) == 3 and parts[0] == "AIRFLOW" else ""


def change(option: str, airflow: tuple[int, ...]) -> Change | None:
    """What Airflow 3, up to that version, made of "section.option"; None where it is called as it was.

    `airflow`: as in `fate`; (3,), where the minor version is not known, has what is so on every Airflow 3.
    """
    if airflow < (3,):
        return None
    if option in REMOVED:
        return Change("3", "")
    found = Change("3", RENAMED[option]) if option in RENAMED else None
    since, name = later_change(found.name if found else option)
    return Change(f"{since[0]}.{since[1]}", name) if since and airflow >= since else found


def later_change(option: str) -> tuple[tuple[int, int] | None, str]:
    """The version after 3.0 that changed an option, and its name since then ("" for none); (None, "") for neither."""
    return airflow3_minors.RENAMED.get(option, (airflow3_minors.REMOVED.get(option), ""))


def fate(name: str, airflow: tuple[int, ...] = (3,), platform: str = "") -> Fate:
    """What becomes of an environment variable on Astro with that Airflow: (2,), (3,), (3, 2).

    `platform`: where the source runs ("mwaa", "composer", "" for neither), whose own variables stay there.
    """
    if indirect := next((end for end in _INDIRECT if name.startswith("AIRFLOW__") and name.endswith(end)), ""):
        plain = fate(name.removesuffix(indirect), airflow, platform)
        if not plain.name:
            return plain
    if (changed := change(option(name), airflow)) is not None:
        if not changed.name:
            return Fate("", f"Airflow {changed.since} does not have it any more")
        name = variable(changed.name)
    match platform_of(name, platform):
        case "Astro":
            return Fate("", "Astro sets it itself")
        case "the machine":
            return Fate("", "it belongs to the old machines or their image")
        case "":
            if matches(name, OF_THE_MACHINES):
                return Fate("", "it is for the old machines, or the plan decides it")
            return Fate(name)
        case owner:
            return Fate("", f"{owner} set it for its own machines")


def platform_of(name: str, platform: str = "") -> str:
    """Which platform sets a variable itself: Astro, MWAA, Composer, the machine; "" for one of the user's own."""
    owners = {
        "Astro": (*RESERVED, *RESERVED_ON_3),
        "MWAA": OF_MWAA if platform == "mwaa" else (),
        "Composer": OF_COMPOSER if platform == "composer" else (),
        "the machine": OF_ANY_MACHINE,
    }
    for owner, patterns in owners.items():
        if matches(name, patterns):
            return owner
    return ""


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of these; "*" stands for any end."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def changed_by_airflow_3(option: str) -> bool:
    """Whether Airflow 3, or a later version of it, renamed or removed "section.option"."""
    later = option in airflow3_minors.RENAMED or option in airflow3_minors.REMOVED
    return later or option in RENAMED or option in REMOVED


def is_default(option: str, value: str) -> bool:
    """Whether Airflow 2 or 3.0 says this for itself; a default that depends on the machine always counts as such."""
    default = DEFAULTS.get(option, airflow3_minors.DEFAULTS.get(option))
    if default is None:
        return not value
    if "{AIRFLOW_HOME}" in default or "{SECRET_KEY}" in default:
        return True
    return value.strip().lower() == default.lower()


def set_to(config: Mapping[str, Mapping[str, str]], option: str) -> str:
    """The value of "section.option" where it is known and no default; else empty."""
    section, _, name = option.partition(".")
    value = config.get(section, {}).get(name, "")
    return "" if is_default(option, value) else value
