"""Which Airflow, which Astro Runtime, and whether cron keeps Airflow 2's data intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, airflow_of, listed, version_key
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts, RuntimeRelease

BOOK = Book("version")
AIRFLOW = "decisions.airflow"
RUNTIME = "decisions.runtime"
CRON_INTERVALS = "decisions.cron_data_intervals"

LAST_2 = (2, 11)


@BOOK.suggests(AIRFLOW)
def suggest_airflow(case: Case) -> Suggestion[Literal["2", "3"]]:
    """Airflow 3, since 2 is at its end; 2 only where the organization offers nothing else."""
    inventory, facts = case.inventory, case.facts
    evidence = (f"The source runs Airflow {inventory.airflow_version}.",)
    if inventory.airflow_major == 2 and facts and facts.runtimes and not _offered(facts, "3"):
        return Suggestion("2", "This organization offers no Runtime with Airflow 3.", evidence)
    if inventory.airflow_major >= 3:
        return Suggestion("3", "The source runs Airflow 3 already, and there is no way back to 2.", evidence)
    if inventory.airflow_major == 1:
        reason = "From 1.x the way leads over Airflow 2.11, to which its DAGs are brought first; then go on to 3."
        return Suggestion("3", reason, evidence)
    return Suggestion("3", "Airflow 2 reached its end of life in April 2026, so one move serves both.", evidence)


@BOOK.suggests(RUNTIME)
def suggest_runtime(case: Case) -> Suggestion[str]:
    """The newest Runtime of that Airflow that is offered; empty where the organization could not be asked."""
    airflow, source = case.plan.decisions.airflow, case.inventory.airflow_version
    if case.facts is None:
        return Suggestion("", "Which Runtimes are on offer is read from the organization, which was not asked.")
    offered = _offered(case.facts, airflow)
    if not offered:
        return Suggestion("", f"The organization offers no Runtime with Airflow {airflow}.")
    # A deprecated Runtime is taken only where there is no other.
    offered = [runtime for runtime in offered if runtime.channel.lower() != "deprecated"] or offered
    best = max(offered, key=lambda runtime: version_key(runtime.version))
    same = [runtime for runtime in offered if _minor(runtime.airflow_version) == _minor(source)]
    if airflow == "2" and same:
        best = max(same, key=lambda runtime: version_key(runtime.version))
        reason = f"It is the newest Runtime with the source's own Airflow {best.airflow_version}."
    else:
        reason = f"It is the newest Runtime on offer with Airflow {airflow} (Airflow {best.airflow_version})."
    return Suggestion(best.version, reason, tuple(runtime.version for runtime in offered))


@BOOK.suggests(CRON_INTERVALS)
def suggest_cron_data_intervals(case: Case) -> Suggestion[bool]:
    """Keep what `ds` meant on the source."""
    inventory = case.inventory
    crons = interval_crons(inventory)
    if inventory.airflow_major >= 3:
        option = inventory.config.get("scheduler", {}).get("create_cron_data_intervals")
        if option is None:
            return _by_the_dags(inventory, crons)
        return Suggestion(
            option.lower() in {"true", "t", "1"}, f"The source has create_cron_data_intervals = {option}.", crons
        )
    if not crons:
        return Suggestion(True, "No cron DAG depends on it; true is what Airflow 2 does.")
    reason = (
        f"{several(len(crons), 'cron DAG')} {'gets' if len(crons) == 1 else 'get'} the start of the data interval "
        "as ds; Airflow 3 would give the tick itself."
    )
    return Suggestion(True, reason, crons)


@BOOK.rule(
    "VER-001",
    "refuse",
    about="source",
    reads=("inventory.airflow_version",),
    source="migration guide, Phase 1; Airflow upgrade notes: there is no path from 1.x to 3.x",
)
def airflow_1(case: Case) -> Iterator[Hit]:
    """Airflow 1.x cannot be carried.

    It has no stable API to read from, and no path leads from 1.x to 3.x in one step. Make its DAGs run on Airflow
    2.11 first (the bridge is 1.10.15), then assess that. The guide lets 1.x users take the upgrade guide straight to
    3.x; that upgrade guide itself begins at Airflow 2, so the stricter reading holds.
    """
    if case.inventory.airflow_major == 1:
        yield Hit(
            f"The source runs Airflow {case.inventory.airflow_version}, which cannot be carried; the guide lets it "
            "go straight to 3.x, but the upgrade guide that it names begins at Airflow 2.",
            "Make its DAGs run on Airflow 2.11 first, then assess that.",
            dags=tuple(dag.dag_id for dag in case.inventory.dags),
        )


@BOOK.rule(
    "VER-down",
    "refuse",
    about=AIRFLOW,
    reads=("inventory.airflow_version", "plan.decisions.airflow"),
    source="Airflow's metadata and DAG syntax move forward only",
)
def downgrade(case: Case) -> Iterator[Hit]:
    """DAGs do not go back to Airflow 2.

    Code written for Airflow 3 imports what Airflow 2 does not have. Choose Airflow 3.
    """
    if case.inventory.airflow_major > int(case.plan.decisions.airflow):
        yield Hit(
            f"The source runs Airflow {case.inventory.airflow_version}; its DAGs do not go back to Airflow 2.",
            'Set decisions.airflow to "3".',
        )


@BOOK.rule(
    "VER-older",
    "warn",
    about=RUNTIME,
    reads=("inventory.airflow_version", "plan.decisions.runtime"),
    source="astro-cli: runtime_versions.go; Astro docs: Runtime image architecture",
)
def older_than_the_source(case: Case) -> Iterator[Hit]:
    """The Runtime has an older Airflow than the source.

    Runtime 3.1-12 is Airflow 3.1, Runtime 13.x is 2.11, 12.x is 2.10 and so on. DAG code may use what the newer
    Airflow brought. Choose a Runtime with the source's Airflow or a newer one.
    """
    source, runtime = case.inventory.airflow_version, case.plan.decisions.runtime
    target = airflow_of(runtime)
    if target and target < _minor(source) and target[0] == case.inventory.airflow_major:
        name = ".".join(str(number) for number in target)
        yield Hit(
            f"Runtime {runtime} is Airflow {name}, older than the source's {source}.",
            "Choose a Runtime with that Airflow or a newer one.",
        )


@BOOK.rule(
    "VER-002",
    "advise",
    about=AIRFLOW,
    reads=("inventory.airflow_version", "plan.decisions.airflow"),
    source="Airflow 3 upgrade notes: go to the last 2.x first; Astronomer's upgrade advice",
)
def path(case: Case) -> Iterator[Hit]:
    """From an older Airflow 2 the way leads past 2.11.

    Nothing of the old metadata database is upgraded, so one move does it. But what the versions between announced as
    deprecated was never shown, and Airflow 3 has removed it. Let the DAGs run once on Airflow 2.11 (a test
    Deployment with Runtime 13), or rely on the findings about their code. From 1.10 the same, with 1.10.15 before it;
    from 3.x there is nothing between.
    """
    if case.crosses and _minor(case.inventory.airflow_version) < LAST_2:
        skipped = LAST_2[1] - _minor(case.inventory.airflow_version)[1]
        yield Hit(
            f"From Airflow {case.inventory.airflow_version} to 3, what {several(skipped, 'version')} of Airflow 2 "
            "would have warned of was never seen.",
            "Run the DAGs once on Airflow 2.11 (a test Deployment with Runtime 13), or rely on the findings about "
            "their code.",
        )


@BOOK.rule(
    "VER-015",
    "warn",
    about=AIRFLOW,
    reads=("inventory.airflow_version", "plan.decisions.airflow"),
    source="astronomer.io blog: upgrading Airflow 2 to 3, a checklist for 2026",
)
def end_of_life(case: Case) -> Iterator[Hit]:
    """Airflow 2 is at its end of life.

    The open-source project ended it in April 2026; Runtime 13 (Airflow 2.11) is supported until April 2027. Plan the
    move to Airflow 3 right after the cutover, or choose it now.
    """
    if case.plan.decisions.airflow == "2" and case.inventory.airflow_major <= 2:
        yield Hit(
            "Airflow 2 reached its end of life in April 2026.",
            "Plan the move to Airflow 3 right after the cutover, or choose it now.",
        )


@BOOK.rule(
    "VER-017",
    "warn",
    about=RUNTIME,
    reads=("plan.decisions.runtime",),
    source="Astronomer docs: deploy rollbacks; Airflow 3 upgrade advice",
    confidence="medium",
)
def airflow_3_0(case: Case) -> Iterator[Hit]:
    """Airflow 3.0 is not a good first Airflow 3.

    From its Runtimes Astro does not roll back to Airflow 2, and Astronomer recommends 3.1 or newer.
    """
    runtime = case.plan.decisions.runtime
    if runtime.startswith("3.0-"):
        yield Hit(
            f"Runtime {runtime} is Airflow 3.0, from which Astro does not roll back to Airflow 2.",
            "Choose 3.1 or newer.",
        )


@BOOK.rule(
    "VER-010",
    "refuse",
    about=RUNTIME,
    reads=("plan.decisions.runtime", "organization.runtimes"),
    source="Astro API: deployment-options, runtimeReleases",
)
def not_offered(case: Case) -> Iterator[Hit]:
    """A Deployment is made only with a Runtime that Astro offers.

    Withdrawn Runtimes never work, and deprecated ones only after Astronomer enables them. The list is read live from
    the organization. Choose one of those named.
    """
    runtime = case.plan.decisions.runtime
    if case.facts is not None and runtime not in {offered.version for offered in case.facts.runtimes}:
        fitting = [offered.version for offered in _offered(case.facts, case.plan.decisions.airflow)]
        yield Hit(
            f"The organization does not offer Runtime {runtime}." if runtime else "No Runtime is chosen.",
            f"Choose one of {listed(fitting)}." if fitting else "Ask Astronomer which Runtimes you may use.",
        )


def interval_crons(inventory: Inventory) -> tuple[str, ...]:
    """Ids of the cron DAGs that have a data interval."""
    return tuple(
        dag.dag_id for dag in inventory.dags if dag.schedule.kind == "cron" and not dag.schedule.triggers_only
    )


def _by_the_dags(inventory: Inventory, crons: tuple[str, ...]) -> Suggestion[bool]:
    """Where an Airflow 3 does not show the option: what most of its cron DAGs have."""
    count = sum(dag.schedule.kind == "cron" for dag in inventory.dags)
    if not count:
        return Suggestion(False, "No cron DAG depends on it; false is what Airflow 3 does.")
    reason = f"The source does not show the option; {len(crons):,} of its {several(count, 'cron DAG')} "
    return Suggestion(
        2 * len(crons) > count, f"{reason}{'has' if len(crons) == 1 else 'have'} data intervals.", crons
    )


def _offered(facts: OrganizationFacts, airflow: str) -> list[RuntimeRelease]:
    return [runtime for runtime in facts.runtimes if runtime.airflow_version.split(".", 1)[0] == airflow]


def _minor(version: str) -> tuple[int, ...]:
    return version_key(version)[:2]
