"""Which Airflow, which Astro Runtime, and whether cron keeps Airflow 2's data intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.advice.rules.rule import Rule, Suggestion, listed, version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts, RuntimeRelease
    from astroferry.model.plan import Plan

AIRFLOW_1 = Rule("VER-001", "refuse", "migration guide, Phase 1: Airflow version upgrade")
NOT_OFFERED = Rule("VER-010", "refuse", "Astro API: deployment-options, runtimeReleases")
END_OF_LIFE = Rule("VER-015", "warn", "astronomer.io blog: upgrading Airflow 2 to 3, a checklist for 2026")
AIRFLOW_3_0 = Rule("VER-017", "warn", "Astronomer docs: deploy rollbacks; Airflow 3 upgrade advice", "medium")
CATCHUP_DEFAULT = Rule("VER-027", "warn", "Airflow 3 upgrade notes: catchup_by_default")
CRON_INTERVALS = Rule("VER-028", "warn", "Airflow 3 upgrade notes: create_cron_data_intervals; tried on 3.3.2")
DELTA_INTERVALS = Rule("VER-028-delta", "warn", "Airflow 3 upgrade notes: create_delta_data_intervals")
DOWNGRADE = Rule("VER-down", "refuse", "Airflow's metadata and DAG syntax move forward only")
RULES = (
    AIRFLOW_1,
    NOT_OFFERED,
    END_OF_LIFE,
    AIRFLOW_3_0,
    CATCHUP_DEFAULT,
    CRON_INTERVALS,
    DELTA_INTERVALS,
    DOWNGRADE,
)

CATCHUP_VARIABLE = "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT"
DELTA_VARIABLE = "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS"


def suggest_airflow(inventory: Inventory, facts: OrganizationFacts | None) -> Suggestion[Literal["2", "3"]]:
    """Airflow 3, since 2 is at its end; 2 only where the organization offers nothing else."""
    evidence = (f"The source runs Airflow {inventory.airflow_version}.",)
    if inventory.airflow_major == 2 and facts and facts.runtimes and not _offered(facts, "3"):
        return Suggestion("2", "This organization offers no Runtime with Airflow 3.", evidence)
    if inventory.airflow_major >= 3:
        return Suggestion("3", "The source runs Airflow 3 already, and there is no way back to 2.", evidence)
    return Suggestion("3", "Airflow 2 reached its end of life in April 2026, so one move serves both.", evidence)


def suggest_runtime(
    inventory: Inventory, facts: OrganizationFacts | None, airflow: Literal["2", "3"] = "3"
) -> Suggestion[str]:
    """The newest Runtime of that Airflow that is offered; empty where the organization could not be asked."""
    if facts is None:
        return Suggestion("", "The Runtimes on offer are read from the organization; it was not asked yet.")
    offered = _offered(facts, airflow)
    if not offered:
        return Suggestion("", f"The organization offers no Runtime with Airflow {airflow}.")
    # A deprecated Runtime is taken only where there is no other.
    offered = [runtime for runtime in offered if runtime.channel.lower() != "deprecated"] or offered
    best = max(offered, key=lambda runtime: version_key(runtime.version))
    same = [runtime for runtime in offered if _minor(runtime.airflow_version) == _minor(inventory.airflow_version)]
    if airflow == "2" and same:
        best = max(same, key=lambda runtime: version_key(runtime.version))
        reason = f"It is the newest Runtime with the source's own Airflow {best.airflow_version}."
    else:
        reason = f"It is the newest Runtime on offer with Airflow {airflow} (Airflow {best.airflow_version})."
    return Suggestion(best.version, reason, tuple(runtime.version for runtime in offered))


def suggest_cron_data_intervals(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[bool]:
    """Keep what `ds` meant on the source."""
    crons = _interval_crons(inventory)
    if inventory.airflow_major >= 3:
        option = inventory.config.get("scheduler", {}).get("create_cron_data_intervals", "False")
        return Suggestion(
            option.lower() in {"true", "t", "1"}, f"The source has create_cron_data_intervals = {option}.", crons
        )
    if not crons:
        return Suggestion(True, "No cron DAG depends on it; true is what Airflow 2 does.")
    reason = (
        f"{len(crons)} cron DAG(s) get the start of their data interval as ds; Airflow 3 would give the tick itself."
    )
    return Suggestion(True, reason, crons)


def problems(plan: Plan, inventory: Inventory, facts: OrganizationFacts | None) -> Iterator[Finding]:
    """What is wrong with the version decisions."""
    decisions = plan.decisions
    if inventory.airflow_major == 1:
        yield AIRFLOW_1.finding(
            f"The source runs Airflow {inventory.airflow_version}, which cannot be carried.",
            "source",
            "Make its DAGs run on Airflow 2.11 first, then assess that.",
        )
    if inventory.airflow_major > int(decisions.airflow):
        yield DOWNGRADE.finding(
            f"The source runs Airflow {inventory.airflow_version}; its DAGs do not go back to Airflow 2.",
            "decisions.airflow",
            'Set decisions.airflow to "3".',
        )
    elif decisions.airflow == "2":
        yield END_OF_LIFE.finding(
            "Airflow 2 reached its end of life in April 2026.",
            "decisions.airflow",
            "Plan the move to Airflow 3 right after the cutover, or choose it now.",
        )
    yield from _runtime_problems(plan, facts)
    if inventory.airflow_major == 2 and decisions.airflow == "3":
        yield from _moved_meanings(plan, inventory)


def _runtime_problems(plan: Plan, facts: OrganizationFacts | None) -> Iterator[Finding]:
    runtime = plan.decisions.runtime
    if runtime.startswith("3.0-"):
        yield AIRFLOW_3_0.finding(
            f"Runtime {runtime} is Airflow 3.0, from which Astro does not roll back to Airflow 2.",
            "decisions.runtime",
            "Choose 3.1 or newer.",
        )
    if facts is not None and runtime not in {offered.version for offered in facts.runtimes}:
        fitting = [offered.version for offered in _offered(facts, plan.decisions.airflow)]
        yield NOT_OFFERED.finding(
            f"The organization does not offer Runtime {runtime}." if runtime else "No Runtime is chosen.",
            "decisions.runtime",
            f"Choose one of {listed(fitting)}." if fitting else "Ask Astronomer which Runtimes you may use.",
        )


def _moved_meanings(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Defaults that changed between Airflow 2 and 3, where DAGs of this source feel it."""
    crons = _interval_crons(inventory)
    if crons and not plan.decisions.cron_data_intervals:
        yield CRON_INTERVALS.finding(
            f"Without cron data intervals, ds and the data interval of {len(crons)} cron DAG(s) move by one period.",
            "decisions.cron_data_intervals",
            "Set it to true, or change the DAGs that use ds or the interval.",
        )
    deltas = tuple(dag.dag_id for dag in inventory.dags if dag.schedule.kind == "timedelta")
    if deltas and (missing := _without(plan, DELTA_VARIABLE)):
        yield DELTA_INTERVALS.finding(
            f"Airflow 3 gives timedelta schedules no data interval by itself; {listed(deltas)} had one.",
            listed(missing),
            f'Set {DELTA_VARIABLE} = "True" in the environment of these Deployments.',
        )
    by_default = inventory.config.get("scheduler", {}).get("catchup_by_default", "True").lower() != "false"
    catching_up = tuple(dag.dag_id for dag in inventory.dags if dag.catchup)
    if by_default and catching_up and (missing := _without(plan, CATCHUP_VARIABLE)):
        yield CATCHUP_DEFAULT.finding(
            f"{listed(catching_up)} catch up on the source; where their code leaves catchup out, Airflow 3 will not.",
            listed(missing),
            f'Set {CATCHUP_VARIABLE} = "True" in the environment of these Deployments, or write catchup in the code.',
        )


def _without(plan: Plan, variable: str) -> tuple[str, ...]:
    return tuple(item.name for item in plan.deployments if variable not in item.environment)


def _interval_crons(inventory: Inventory) -> tuple[str, ...]:
    return tuple(
        dag.dag_id for dag in inventory.dags if dag.schedule.kind == "cron" and not dag.schedule.triggers_only
    )


def _offered(facts: OrganizationFacts, airflow: str) -> list[RuntimeRelease]:
    return [runtime for runtime in facts.runtimes if runtime.airflow_version.split(".", 1)[0] == airflow]


def _minor(version: str) -> tuple[int, ...]:
    return version_key(version)[:2]
