"""What Astro demands of a Deployment beyond its schema: sizes that fit, queues, clusters, environment variables.

The rules are those that the public clients check or that the API's own comments state (notes on API v1); where the
sources disagree the stricter reading is taken, so that what passes here passes there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.facts import AIRFLOW_OF, REGIONS, WORKERS
from astroferry.simulator.astro.records import EnvironmentVariable
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.simulator.astro.records import Cluster

Body = dict[str, Any]

_SIZES = (("defaultTaskPodCpu", "defaultTaskPodMemory"), ("resourceQuotaCpu", "resourceQuotaMemory"))
_CPU = re.compile(r"\d+(\.\d+)?")
_MEMORY = re.compile(r"(\d+(\.\d+)?)Gi")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _is_remote(body: Body) -> bool:
    return bool(body.get("remoteExecution", {}).get("enabled"))


def wrong_sizes(body: Body, *, required: bool) -> list[FieldError]:
    """Pod sizes and quotas: there (unless execution is remote), and memory exactly twice the CPUs, in Gi."""
    errors = []
    for cpu_field, memory_field in _SIZES:
        cpu, memory = body.get(cpu_field), body.get(memory_field)
        if cpu is None and memory is None:
            if required and not _is_remote(body):
                errors += [FieldError(key, "required", "is required") for key in (cpu_field, memory_field)]
            continue
        gibibytes = _MEMORY.fullmatch(memory or "")
        if not _CPU.fullmatch(cpu or ""):
            errors.append(FieldError(cpu_field, "quantity", "must be a number of CPUs such as 0.25"))
        elif gibibytes is None or float(gibibytes[1]) != 2 * float(str(cpu)):
            errors.append(FieldError(memory_field, "quantity", f"must be exactly twice {cpu_field}, in Gi"))
    return errors


def wrong_executor(body: Body, runtime: str) -> list[FieldError]:
    """The executor fits the runtime, and worker queues fit the executor."""
    executor, queues, remote = body.get("executor", "CELERY"), body.get("workerQueues"), _is_remote(body)
    errors = []
    is_airflow_2 = AIRFLOW_OF.get(runtime, "3").startswith("2.")
    if executor == "ASTRO" and is_airflow_2:
        errors.append(FieldError("executor", "oneof", "ASTRO needs a runtime with Airflow 3"))
    if remote and executor != "ASTRO":
        errors.append(FieldError("executor", "oneof", "remote execution needs the executor ASTRO"))
    if queues and (remote or executor == "KUBERNETES"):
        errors.append(FieldError("workerQueues", "excluded", f"{executor} has no worker queues here"))
    return errors


def wrong_hibernation(body: Body) -> list[FieldError]:
    """Hibernation schedules only in development mode."""
    schedules = body.get("scalingSpec", {}).get("hibernationSpec", {}).get("schedules", [])
    if not schedules or body.get("isDevelopmentMode"):
        return []
    return [FieldError("scalingSpec", "excluded", "hibernation needs development mode")]


def wrong_queues(queues: list[Body]) -> list[FieldError]:
    """Worker queues: one is called default, names differ, and numbers stay within the machine's."""
    errors = []
    names = [queue["name"] for queue in queues]
    if "default" not in names:
        errors.append(FieldError("workerQueues", "default", "one queue must be called default"))
    if len(set(names)) != len(names):
        errors.append(FieldError("workerQueues", "unique", "two queues have the same name"))
    for place, queue in enumerate(queues):
        where = f"workerQueues.{place}"
        if not queue["name"].strip():
            errors.append(FieldError(f"{where}.name", "required", "must not be empty"))
        if queue["minWorkerCount"] > queue["maxWorkerCount"]:
            errors.append(FieldError(f"{where}.minWorkerCount", "ltefield", "must not exceed maxWorkerCount"))
        machine = queue.get("astroMachine", "A5")
        if queue["workerConcurrency"] > WORKERS[machine][2]:
            errors.append(
                FieldError(f"{where}.workerConcurrency", "max", f"must be at most {WORKERS[machine][2]} on {machine}")
            )
    return errors


def wrong_place(body: Body, clusters: Mapping[str, tuple[Cluster, str]]) -> list[FieldError]:
    """Where a new Deployment goes; `clusters` maps the organization's cluster ids to the cluster and its status."""
    cluster_id, workspace = body.get("clusterId"), body["workspaceId"]
    cloud, region = body.get("cloudProvider"), body.get("region")
    errors = []
    if body["type"] == "DEDICATED":
        if cluster_id is None:
            return [FieldError("clusterId", "required", "a DEDICATED Deployment needs a cluster")]
    elif body["type"] == "HYBRID":
        return [FieldError("type", "oneof", "this organization has no hybrid clusters")]
    elif bool(cloud) != bool(region):
        errors.append(FieldError("region", "required_with", "goes together with cloudProvider"))
    elif cloud and region not in REGIONS[cloud]:
        errors.append(FieldError("region", "oneof", f"is no region of {cloud}"))
    if cluster_id is not None:
        if cluster_id not in clusters:
            errors.append(FieldError("clusterId", "notfound", "there is no such cluster"))
        else:
            cluster, status = clusters[cluster_id]
            if status != cluster.status.final:
                errors.append(FieldError("clusterId", "status", "the cluster is not ready yet"))
            allowed = cluster.shown["workspaceIds"]
            if allowed and workspace not in allowed:
                errors.append(FieldError("clusterId", "notallowed", "the cluster is not for this Workspace"))
    return errors


def new_environment(
    old: Mapping[str, EnvironmentVariable], wanted: list[Body], stamp: str
) -> tuple[dict[str, EnvironmentVariable], list[FieldError]]:
    """The environment that replaces `old` as a whole.

    A secret listed without a value keeps the one it has; a secret never becomes plain; a key left out is gone.
    """
    made: dict[str, EnvironmentVariable] = {}
    errors = []
    for place, entry in enumerate(wanted):
        key, is_secret, value = entry["key"], entry["isSecret"], entry.get("value")
        where, before = f"environmentVariables.{place}", old.get(key)
        if not _KEY.fullmatch(key):
            errors.append(FieldError(f"{where}.key", "envvar", "must be a name of letters, digits and _"))
        elif key in made:
            errors.append(FieldError(f"{where}.key", "unique", "is listed twice"))
        elif before is not None and before.is_secret and not is_secret:
            errors.append(FieldError(f"{where}.isSecret", "secret", "a secret cannot be made plain; delete it first"))
        elif value is None and not (is_secret and before is not None):
            errors.append(FieldError(f"{where}.value", "required", "is required"))
        else:
            text = before.value if value is None and before is not None else str(value)
            same = before is not None and (before.value, before.is_secret) == (text, is_secret)
            made[key] = EnvironmentVariable(
                key, text, is_secret, before.updated_at if same and before is not None else stamp
            )
    return made, errors
