"""What contradicts itself inside a plan: pure, the same for every face, and all at once."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import fields
from ipaddress import ip_network
from typing import TYPE_CHECKING

from astroferry.errors import Problem
from astroferry.model import cutoverdaycheck as daycheck
from astroferry.model.naming import unfit, unfit_for_a_wave
from astroferry.model.prices import SIZES
from astroferry.model.secret import is_masked
from astroferry.model.webaddress import address_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Deployment, Plan

_SOURCES = re.compile(r"environment|keyring|prompt|file:.+")
_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|FERNET_KEY)", re.IGNORECASE)
_PASSWORD_IN = re.compile(r"://[^/@\s]*:[^/@\s]+@|\b(?:password|passwd|pwd)\s*=\s*[^\s;&]", re.IGNORECASE)
_RUNTIME = re.compile(r"\d+\.\d+\.\d+|\d+\.\d+-\d+")
WORKSPACE_NAME_LENGTH = 50
"""Astro API v1, CreateWorkspaceRequest.name"""
QUEUE_NAME_LENGTH = 63
"""Astro API v1, WorkerQueueRequest.name"""


def problems_of(plan: Plan) -> list[Problem]:
    """Every contradiction; `where` is a dotted path with list positions from 0."""
    checks = (
        _credentials,
        _decisions,
        _network,
        _values,
        _names,
        _deployments,
        _waves,
        _cutover,
        _prices,
        daycheck.problems_of,
    )
    return [problem for check in checks for problem in check(plan)]


def _credentials(plan: Plan) -> Iterator[Problem]:
    for where, source in (
        ("source.credentials", plan.source.credentials),
        ("target.credentials", plan.target.credentials),
    ):
        if not _SOURCES.fullmatch(source):
            # The text is not repeated: it may be the credential itself.
            yield Problem(where, "must be environment, keyring, prompt or file:PATH; never the credential itself")
    for where, url in (("source.url", plan.source.url), ("target.api", plan.target.api)):
        if why := address_problem(url):
            yield Problem(where, why)


def _decisions(plan: Plan) -> Iterator[Problem]:
    decisions = plan.decisions
    if decisions.runtime:
        if not _RUNTIME.fullmatch(decisions.runtime):
            yield Problem("decisions.runtime", 'is no Astro Runtime version, such as "3.3-8" or "13.11.0"')
        elif ("-" in decisions.runtime) != (decisions.airflow == "3"):
            yield Problem(
                "decisions.runtime",
                f"Runtime {decisions.runtime} is not Airflow {decisions.airflow}: versions with a dash are Airflow 3",
            )
    if decisions.execution == "remote" and decisions.airflow != "3":
        yield Problem("decisions.execution", "remote execution needs Airflow 3")
    if decisions.cluster == "dedicated" and not decisions.cluster_name:
        yield Problem("decisions.cluster_name", "is missing: which dedicated cluster do the Deployments go into?")
    if (
        decisions.networking in {"vpc-peering", "transit-gateway", "private-endpoint", "vpn"}
        and decisions.cluster == "standard"
    ):
        yield Problem(
            "decisions.networking",
            f"{decisions.networking} needs a dedicated cluster, but decisions.cluster is standard",
        )
    if decisions.networking == "remote-agents" and decisions.execution != "remote":
        yield Problem("decisions.networking", "remote agents need decisions.execution = remote")


def _network(plan: Plan) -> Iterator[Problem]:
    network = plan.network
    ranges = [(field.name, getattr(network, field.name)) for field in fields(network) if field.name != "own_ranges"]
    ranges += [(f"own_ranges.{number}", text) for number, text in enumerate(network.own_ranges)]
    for where, text in ranges:
        if not text:
            continue
        try:
            ip_network(text)
        except ValueError:
            yield Problem(f"network.{where}", 'is no address range such as "172.20.0.0/20" (no host bits set)')


def _values(plan: Plan) -> Iterator[Problem]:
    for kind in ("connections", "variables"):
        if getattr(plan.values, kind) == "export-file" and not getattr(plan.values, f"{kind}_file"):
            yield Problem(
                f"values.{kind}_file",
                f"is missing: {kind} travel by an export file (airflow {kind} export FILE on the source)",
            )
    if plan.values.connections == "api":
        yield Problem("values.connections", "Airflow's API never shows passwords; choose another way")


def _names(plan: Plan) -> Iterator[Problem]:
    for kind in ("workspaces", "deployments", "waves"):
        counted = Counter(item.name for item in getattr(plan, kind))
        for number, item in enumerate(getattr(plan, kind)):
            if wrong := unfit_for_a_wave(item.name) if kind == "waves" else unfit(item.name):
                yield Problem(f"{kind}.{number}.name", wrong)
            elif counted[item.name] > 1:
                yield Problem(f"{kind}.{number}.name", f'"{item.name}" is there more than once')
    for number, workspace in enumerate(plan.workspaces):
        if len(workspace.name) > WORKSPACE_NAME_LENGTH:
            yield Problem(f"workspaces.{number}.name", f"is longer than {WORKSPACE_NAME_LENGTH} characters")
    for number, deployment in enumerate(plan.deployments):
        # The journal says `variable/DEPLOYMENT/KEY`, and a key may hold a slash.
        if above := [item.name for item in plan.deployments if deployment.name.startswith(f"{item.name}/")]:
            yield Problem(
                f"deployments.{number}.name",
                f'cannot be told from what is on the Deployment "{above[0]}" in the journal: give one of them a name '
                'without "/"',
            )


def _deployments(plan: Plan) -> Iterator[Problem]:
    workspaces = {workspace.name for workspace in plan.workspaces}
    for number, deployment in enumerate(plan.deployments):
        where = f"deployments.{number}"
        if deployment.workspace not in workspaces:
            yield Problem(f"{where}.workspace", f'there is no Workspace "{deployment.workspace}" in this plan')
        if deployment.executor == "ASTRO" and plan.decisions.airflow != "3":
            yield Problem(f"{where}.executor", "the Astro executor needs Airflow 3")
        if deployment.worker_min > deployment.worker_max:
            yield Problem(f"{where}.worker_min", "is greater than worker_max")
        if deployment.worker_min < 0:
            yield Problem(f"{where}.worker_min", "must not be negative")
        if deployment.worker_max < 1:
            yield Problem(f"{where}.worker_max", "must be at least 1")
        yield from _queues(deployment, where)
        for name, value in deployment.environment.items():
            if is_masked(value):
                yield Problem(f"{where}.environment.{name}", "is a masked value (***), not a value")
            elif looks_secret(name, value):
                yield Problem(
                    f"{where}.environment.{name}",
                    "looks secret: name it in secret_environment; a plan holds no secret",
                )


def looks_secret(name: str, value: str) -> bool:
    """Whether an environment variable's name says so, or a password stands in its value (an address, a DSN)."""
    return bool(_SECRET_NAME.search(name) or _PASSWORD_IN.search(value))


def _queues(deployment: Deployment, where: str) -> Iterator[Problem]:
    """Astro API v1: names of worker queues are unique and 1 to 63 characters; `default` is the Deployment's own."""
    counted = Counter(["default", *(queue.name for queue in deployment.worker_queues)])
    for number, queue in enumerate(deployment.worker_queues):
        at = f"{where}.worker_queues.{number}"
        if not 1 <= len(queue.name) <= QUEUE_NAME_LENGTH:
            yield Problem(f"{at}.name", f"must have 1 to {QUEUE_NAME_LENGTH} characters")
        elif counted[queue.name] > 1:
            yield Problem(f"{at}.name", f'there is another queue "{queue.name}" (the default one counts)')
        if not 0 <= queue.worker_min <= queue.worker_max or queue.worker_max < 1 or queue.worker_concurrency < 1:
            yield Problem(at, "needs 0 <= worker_min <= worker_max, worker_max >= 1 and worker_concurrency >= 1")


def _waves(plan: Plan) -> Iterator[Problem]:
    deployments = {deployment.name for deployment in plan.deployments}
    owners: dict[str, str] = {}
    for number, wave in enumerate(plan.waves):
        for role in ("test", "production"):
            if getattr(wave, role) not in deployments:
                yield Problem(
                    f"waves.{number}.{role}", f'there is no Deployment "{getattr(wave, role)}" in this plan'
                )
        for dag in wave.dags:
            if "*" in dag[:-1]:
                yield Problem(f"waves.{number}.dags", f'"{dag}": a * can only stand at the end, as in "sales_*"')
            if dag in owners:
                what = 'all other DAGs ("*")' if dag == "*" else f'DAG "{dag}"'
                yield Problem(f"waves.{number}.dags", f'{what} belongs to wave "{owners[dag]}" already')
            owners.setdefault(dag, wave.name)


def _cutover(plan: Plan) -> Iterator[Problem]:
    for name in ("drain_timeout", "poll", "watch_ticks", "watch_within", "parse_timeout", "at_once"):
        number = getattr(plan.cutover, name)
        if not 0 < number < math.inf:
            yield Problem(f"cutover.{name}", "must be greater than 0")


def _prices(plan: Plan) -> Iterator[Problem]:
    prices = plan.prices
    given = {
        **{f"deployment_hour.{size}": price for size, price in prices.deployment_hour.items()},
        **{f"worker_hour.{machine}": price for machine, price in prices.worker_hour.items()},
        **{name: getattr(prices, name) for name in ("cluster_hour", "source_month", "person_day")},
    }
    for name, price in given.items():
        if price is not None and not 0 <= price < math.inf:
            yield Problem(f"prices.{name}", "must be a price, 0 or more")
    for size in prices.deployment_hour:
        if size not in SIZES:
            yield Problem(f"prices.deployment_hour.{size}", f"is no size of a Deployment: {', '.join(SIZES)}")
