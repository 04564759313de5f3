"""The source's Airflow configuration on its way to Astro: what moves into the environment, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.airflow3_options import INVALID, OLD_VALUES, REMOVED, RENAMED
from astroferry.advice.evidence import seen
from astroferry.advice.options import change, fate, later_change, option, set_to, variable
from astroferry.advice.rules.defaults import CATCHUP_VARIABLE, by_default
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("configuration")
ENVIRONMENT = "deployments.environment"
IGNORE_SYNTAX = variable("core.dag_ignore_file_syntax")

CARRIED = (
    "core.default_timezone",
    "core.default_task_execution_timeout",
    "core.default_task_retries",
    "core.default_task_weight_rule",
    "core.max_active_runs_per_dag",
    "core.max_active_tasks_per_dag",
    "core.max_map_length",
    "operators.default_deferrable",
    "scheduler.catchup_by_default",
    "scheduler.min_file_process_interval",
)
"""options that say what DAGs mean, so that they move with them where the source set them"""
_COMBINED = {
    "CeleryKubernetesExecutor": "celery_kubernetes_executor",
    "LocalKubernetesExecutor": "local_kubernetes_executor",
}
"""the section of the configuration that names the queue of the pods"""
GONE_EXECUTORS = {
    "SequentialExecutor": "which Airflow 3 does not have; Astro runs tasks by its own executors",
    "CeleryKubernetesExecutor": "which there is not on Astro",
    "LocalKubernetesExecutor": "which there is not on Astro",
    "DebugExecutor": "which Airflow 3 does not have; use dag.test()",
    "DaskExecutor": "which Airflow does not have any more",
}


@BOOK.suggests(ENVIRONMENT)
def suggest(case: Case) -> Suggestion[dict[str, str]]:
    """Variables for every Deployment that keep what the DAGs mean: defaults that changed, options that were set."""
    proposed: dict[str, str] = {}
    why: list[str] = []
    for name in CARRIED:
        value, becomes = set_to(case.inventory.config, name), fate(variable(name), case.target)
        if value and becomes.name:
            proposed[becomes.name] = value
            why.append(f"{name} = {value} on the source")
    if case.crosses and by_default(case):
        proposed[CATCHUP_VARIABLE] = "True"
        why.append("DAGs catch up by Airflow 2's default")
    if case.crosses and seen(case, "ignore-file"):
        proposed[IGNORE_SYNTAX] = case.inventory.config.get("core", {}).get("dag_ignore_file_syntax", "regexp")
        why.append("the DAG folder has an .airflowignore in Airflow 2's syntax")
    reason = "They keep what the DAGs mean today." if proposed else "Nothing of the source's options needs to move."
    return Suggestion(proposed, reason, tuple(why))


@BOOK.rule(
    "ENV-options",
    "advise",
    about="deployments",
    reads=("inventory.config", "plan.deployments.environment"),
    source="Airflow's configuration as the source shows it, against the defaults of 2.11.2",
)
def options_left_out(case: Case) -> Iterator[Hit]:
    """The source sets options that no Deployment has.

    These say what DAGs mean: retries, time-outs, limits, the time zone. Put them into the environment of the
    Deployments, under the names given here, or decide that Airflow's defaults do.
    """
    for name in CARRIED:
        if name in {"core.default_timezone", "scheduler.catchup_by_default"}:
            continue  # rules of their own
        value, becomes = set_to(case.inventory.config, name), fate(variable(name), case.target)
        missing = [item.name for item in case.plan.deployments if becomes.name not in item.environment]
        if value and becomes.name and missing:
            yield Hit(
                f"The source has {name} = {value}; {listed(missing)} would run with Airflow's default.",
                f'Set {becomes.name} = "{value}" in the environment of these Deployments.',
                listed(missing),
            )


@BOOK.rule(
    "VER-037",
    "advise",
    reads=("inventory.options_set", "inventory.environment", "plan.decisions.airflow"),
    source="airflow 3.3.2: `airflow config lint` (161 changes)",
)
def changed_options(case: Case) -> Iterator[Hit]:
    """The source sets options that Airflow 3 renamed or removed.

    Each is told with its new name, or with the reason why it stays behind: Airflow 3 does not have it, Astro sets it
    itself, or it belongs to the old machines. From 3.0 too: it still took many old names, and later versions renamed
    more.
    """
    names = _set_on_source(case) if case.upgrades else ()
    renamed = [name for name in names if name in RENAMED]
    moved = [f"{name} is now {option(to)}" for name in renamed if (to := fate(variable(name), case.target).name)]
    if moved:
        yield Hit(
            f"{several(len(moved), 'option')} of the source with another name on Airflow 3: {listed(moved)}.",
            "Use the new names in the environment of Deployments.",
            evidence=tuple(moved),
        )
    removed = [name for name in names if name in REMOVED]
    if removed:
        yield Hit(
            f"{several(len(removed), 'option')} of the source that Airflow 3 does not have: {listed(removed)}.",
            "Leave them behind.",
            evidence=tuple(removed),
        )
    behind = [f"{name}: {told.why}" for name in renamed if not (told := fate(variable(name), case.target)).name]
    if behind:
        yield Hit(
            f"{several(len(behind), 'option')} of the source that {'stays' if len(behind) == 1 else 'stay'} behind: "
            f"{listed(behind)}.",
            "Nothing needs to be done.",
            evidence=tuple(behind),
        )


@BOOK.rule(
    "VER-037-later",
    "advise",
    reads=("inventory.options_set", "inventory.environment", "inventory.airflow_version", "plan.decisions.runtime"),
    source="config.yml and deprecated options of apache-airflow-core 3.0.6, 3.1.8, 3.2.2 and 3.3.2, compared",
)
def changed_later(case: Case) -> Iterator[Hit]:
    """The source sets options that a later version of Airflow 3 renamed or removed.

    `airflow config lint` does not tell these. A renamed one still works under its old name, with a warning; one that
    was removed does nothing. Use the new names in the environment of Deployments, and leave the others behind.
    """
    told = []
    for name in _set_on_source(case):
        since, new = later_change(name)
        if since is not None and case.comes_to(*since):
            becomes = fate(variable(name), case.target)
            why = f"; {becomes.why}" if new and not becomes.name else ""
            told.append(f"{name} ({f'{new} since' if new else 'gone since'} {since[0]}.{since[1]}{why})")
    if told:
        yield Hit(
            f"{several(len(told), 'option')} of the source that later versions of Airflow 3 changed: {listed(told)}.",
            "Use the new names in the environment of Deployments, and leave the others behind.",
            evidence=tuple(told),
        )


@BOOK.rule(
    "VER-037-plan",
    "warn",
    about="deployments",
    reads=("plan.deployments.environment", "plan.decisions.airflow", "plan.decisions.runtime"),
    source="airflow 3.3.2: `airflow config lint` (161 changes); what it leaves out as in VER-037-later",
)
def old_names_in_plan(case: Case) -> Iterator[Hit]:
    """A Deployment's environment names an option as an older Airflow did.

    Airflow 3, or a later version of it up to the chosen Runtime's, renamed or removed it: the variable has no effect
    there, or a warning at best. Write the new name, or take it out.
    """
    if case.plan.decisions.airflow != "3":
        return
    for deployment in case.plan.deployments:
        for name, value in deployment.environment.items():
            given = option(name)
            if changed := change(given, case.target):
                here = f"{deployment.name} sets {name}, which Airflow {changed.since}"
                yield (
                    Hit(f"{here} calls {variable(changed.name)}.", "Write the new name.", deployment.name)
                    if changed.name
                    else Hit(f"{here} does not have.", "Take it out.", deployment.name)
                )
            elif value in OLD_VALUES.get(given, ()) or value == INVALID.get(given):
                yield Hit(
                    f"{deployment.name} sets {name} to a value that Airflow 3 does not take.",
                    "Leave it out.",
                    deployment.name,
                )


@BOOK.rule("VER-033", "warn", reads=("inventory.config",), source="airflow 3.3.2: `airflow config lint`")
def pickled_xcoms(case: Case) -> Iterator[Hit]:
    """The source pickles XComs, which Airflow 3 does not.

    Values that are no JSON (data frames, objects) raise an error there. Return JSON, files in object storage, or use
    an XCom backend of your own.
    """
    if case.crosses and case.inventory.config.get("core", {}).get("enable_xcom_pickling", "").lower() == "true":
        yield Hit(
            "The source pickles XComs (enable_xcom_pickling = True), which Airflow 3 does not.",
            "Let tasks return JSON, or use an XCom backend.",
        )


@BOOK.rule(
    "VER-034",
    "warn",
    about="deployments",
    reads=("inventory.signs", "inventory.config", "plan.deployments.environment"),
    source="Airflow 3 upgrade notes: dag_ignore_file_syntax is glob",
)
def ignore_files(case: Case) -> Iterator[Hit]:
    """The DAG folder has an .airflowignore, whose syntax changed.

    Airflow 2 reads it as regular expressions, Airflow 3 as globs like a .gitignore. Set
    AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX in the environment of each Deployment, or write the file anew.
    """
    syntax = case.inventory.config.get("core", {}).get("dag_ignore_file_syntax", "regexp")
    missing = [item.name for item in case.plan.deployments if IGNORE_SYNTAX not in item.environment]
    if case.crosses and syntax != "glob" and missing and (found := seen(case, "ignore-file")):
        yield Hit(
            f"{listed(found.whats)} would be read as globs by {listed(missing)}, and not as regular expressions.",
            f'Set {IGNORE_SYNTAX} = "{syntax}" in the environment of these Deployments.',
            listed(missing),
        )


@BOOK.rule(
    "VER-040",
    "warn",
    about="deployments",
    reads=("inventory.config", "inventory.dags.queues"),
    source="Airflow 3 upgrade notes: removed executors; Astro API: executors of a Deployment",
)
def executors(case: Case) -> Iterator[Hit]:
    """The source runs tasks by an executor that there is not on Astro.

    Astro has the Astro, Celery and Kubernetes executors. Tasks that were sent to a Kubernetes queue of a combined
    executor need a worker queue, the Kubernetes executor, or KubernetesPodOperator.
    """
    name = case.inventory.config.get("core", {}).get("executor", "").rsplit(".", 1)[-1]
    if name not in GONE_EXECUTORS:
        return
    if not name.endswith("KubernetesExecutor"):
        yield Hit(f"The source runs tasks by {name}, {GONE_EXECUTORS[name]}.", "Choose the executor per Deployment.")
        return
    queue = case.inventory.config.get(_COMBINED[name], {}).get("kubernetes_queue", "kubernetes")
    pods = tuple(dag.dag_id for dag in case.inventory.dags if queue in dag.queues)
    named = (
        f"tasks of {listed(pods)} name its queue {queue}" if pods else f"no task is seen to name its queue {queue}"
    )
    yield Hit(
        f"The source runs tasks by {name}, {GONE_EXECUTORS[name]}; {named}, for which it makes pods.",
        "Give these tasks a worker queue, the Kubernetes executor or KubernetesPodOperator."
        if pods
        else "The executor that the plan has will do, unless DAGs choose the queue while they are parsed.",
        dags=pods,
    )


def tells(case: Case, name: str) -> bool:
    """Whether a rule here tells what becomes of an option that the source sets: VER-037 or VER-037-later."""
    since, _ = later_change(name)
    return (case.upgrades and (name in RENAMED or name in REMOVED)) or (since is not None and case.comes_to(*since))


def _set_on_source(case: Case) -> tuple[str, ...]:
    """Options, as section.option, of what is set on the source, by its configuration or its environment."""
    from_environment = [name for variable_name in case.inventory.environment if (name := option(variable_name))]
    return tuple(dict.fromkeys((*case.inventory.options_set, *from_environment)))
