"""What deploying and cutting over will not do by themselves: said while it can still be planned for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.handing import left_to_people, marked_by_starship
from astroferry.advice.rules.rule import Book, Case, Hit, listed, version_key
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.organization import DeploymentSeen

BOOK = Book("cutover")
_SHOWN = 2
"""reasons that a sentence bears"""


@BOOK.rule(
    "DEP-006",
    "refuse",
    about="decisions.runtime",
    reads=("plan.decisions.runtime", "plan.deployments", "organization.deployments"),
    source="astro-cli, cloud/deploy: a deploy never lowers the Runtime",
)
def lower_runtime(case: Case) -> Iterator[Hit]:
    """A Deployment that is there already runs a newer Runtime than the plan says.

    A deploy never lowers the Runtime of a Deployment. Take its Runtime into the plan, or let the plan make another
    Deployment.
    """
    wanted = case.plan.decisions.runtime
    newer = [
        f"{seen.name} ({seen.runtime_version})"
        for seen in _there(case)
        if wanted and seen.runtime_version and _order(seen.runtime_version) > _order(wanted)
    ]
    if newer:
        yield Hit(
            f"The plan says Runtime {wanted}, but these Deployments run a newer one: {listed(newer)}.",
            "Take the newer Runtime, or name another Deployment.",
        )


@BOOK.rule(
    "DEP-001",
    "warn",
    about="code.dags_folder",
    reads=("inventory.plugins",),
    source="docs: deploy-dags; a DAG-only deploy changes nothing outside dags/",
)
def plugins_need_an_image(case: Case) -> Iterator[Hit]:
    """Plugins are not part of a DAG-only deploy.

    Astroferry deploys the DAG folder alone. Plugins, requirements.txt, packages.txt and the Dockerfile are in the
    image of an Astro project; a DAG that needs them does not parse until that image has been deployed
    (`astro deploy`).
    """
    plugins = [plugin.name for plugin in case.inventory.plugins if "starship" not in plugin.name.lower()]
    if plugins:
        yield Hit(
            f"A DAG-only deploy does not carry {several(len(plugins), 'plugin')} of the source: {listed(plugins)}.",
            "Put them into an Astro project and deploy its image before the DAGs.",
            evidence=tuple(plugins),
        )


@BOOK.rule(
    "DEP-015",
    "advise",
    about="deployments",
    reads=("plan.deployments", "plan.values"),
    source="docs: create and link connections, overrides; our own inference",
    confidence="medium",
)
def tests_write_to_production(case: Case) -> Iterator[Hit]:
    """A test Deployment gets the same connections as production.

    Astroferry carries every connection to every Deployment of the plan, so a DAG that is run there for a test reads
    and writes what production reads and writes. DAGs that cannot be run twice harmlessly must not be run there.
    """
    tests = [item.name for item in case.plan.deployments if item.role == "test"]
    if tests and case.plan.values.connections != "none" and case.inventory.connections:
        yield Hit(
            f"{listed(tests, 3)} {'gets' if len(tests) == 1 else 'get'} the same "
            f"{several(len(case.inventory.connections), 'connection')} as production.",
            "Point them at test data there before you run DAGs that write.",
        )


@BOOK.rule(
    "DEP-011",
    "advise",
    about="deployments",
    reads=("plan.deployments", "organization.deployments"),
    source="docs: deploy-history; migration guide, Phase 5",
)
def nothing_to_roll_back_to(case: Case) -> Iterator[Hit]:
    """A deploy rollback cannot bring back the old platform.

    On a new Deployment there is no earlier deploy. A rollback restores code, Runtime and the DAG-deploy setting, for
    90 days; it restores no environment variables, sizes, connections, variables, pools or run history, and tasks that
    run while it lowers the Runtime fail. From Airflow 3 back to 2 not every pair of versions is possible. Until a
    full cycle has run clean, the way back is the paused source: `astroferry rollback`.
    """
    there = {seen.name for seen in _there(case)}
    fresh = [item.name for item in case.plan.deployments if item.name not in there]
    if fresh and case.facts is not None:
        yield Hit(
            f"{listed(fresh, 3)} will be new, so no deploy can be rolled back there at first; later, one of the last "
            "90 days.",
            "Keep the source, paused, as the way back until a full cycle has run clean.",
        )


@BOOK.rule(
    "CUT-refused",
    "warn",
    about="waves",
    reads=("inventory.dags.schedule", "plan.decisions.airflow", "plan.decisions.cron_data_intervals"),
    source="what has been proven on real servers; carry/handover",
)
def left_by_the_cutover(case: Case) -> Iterator[Hit]:
    """This DAG's schedule is not handed over by the cutover.

    What has not been proven exactly-once on real servers is refused, with the reason, before anything is paused. The
    DAG goes on running on the source, and lies paused on Astro.

    Unpausing it there is not enough: Astro does not know what the source has run, and would run the latest tick
    again (with catchup all since its start date). Nor is pausing it first: that freezes runs half-way. By hand, in
    this order: wait until none of its runs is queued or running on the source, pause it there, and look again; what
    slipped in must end first, so unpause it and wait once more. Note the dates of its last run.

    Then tell Astro, while it is still paused there. On Airflow 3: make a backfill over the one date of that run, and
    mark the queued run it makes as successful. Elsewhere: give the DAG a start_date in its code from which its next
    tick is the first, and deploy. See that Astro shows the right next run; only then unpause it, and watch that run.
    The way back is the same, from the other side.
    """
    left = {dag.dag_id: why for dag, why in left_to_people(case.plan, case.inventory)}
    if left:
        reasons = Counter(left.values())
        shown = [f"{why} ({several(count, 'DAG')})" for why, count in reasons.most_common()]
        yield Hit(
            f"{several(len(left), 'running DAG')} will not be handed over by the cutover: {listed(tuple(left))}. "
            f"{'Because' if len(shown) <= _SHOWN else 'Among the reasons'}: {'; '.join(shown[:_SHOWN])}.",
            "Where the reason names a way, take it; else move them by hand as `astroferry explain CUT-refused` says: "
            "just unpausing runs ticks twice.",
            dags=tuple(left),
            evidence=tuple(f"{dag}: {why[:1].upper()}{why[1:]}." for dag, why in left.items()),
        )


@BOOK.rule(
    "CUT-starship",
    "warn",
    about="decisions.airflow",
    reads=("plan.decisions.airflow", "inventory.dags.schedule", "inventory.dags.catchup"),
    source="tried on 2.11.2 with Starship 2.10.1; clients/starship.py",
)
def starship_for_a_while(case: Case) -> Iterator[Hit]:
    """An Airflow 2 target needs Starship for the time of the handover.

    Airflow 2 has no backfills in its API, so nothing can tell it "up to here the other side has run" for a DAG that
    catches up. Starship (2.8.6 or newer) can write such a row. Put astronomer-starship into the Deployment's
    requirements.txt and deploy its image, hand over, and take it out again: whoever may read its configuration can
    read every password through it. A DAG-only deploy changes no requirements, so astroferry cannot do it for you: the
    checklist of the cutover refuses without it, `status` lists it until it is gone, and `decommission` refuses while
    it is there.
    """
    needing = marked_by_starship(case.plan, case.inventory, case.inventory.dags)
    if needing:
        yield Hit(
            f"An Airflow 2 target takes the boundary of {several(len(needing), 'DAG')} only through Starship: "
            f"{listed(needing)}.",
            "Whoever deploys the image adds astronomer-starship to requirements.txt for the time of the handover, "
            "and takes it out afterwards.",
            dags=tuple(needing),
        )


@BOOK.rule(
    "CUT-009",
    "warn",
    about="cutover.gap",
    reads=("plan.cutover.gap", "inventory.dags.catchup"),
    source="airflow-core 3.3.2, simulated: without catchup only the latest tick of a gap is run",
)
def gap_only_listed(case: Case) -> Iterator[Hit]:
    """Ticks that fall between the two sides are only listed.

    Without catchup Airflow passes over all but the latest tick of the minutes between pause and unpause. The plan
    says that such ticks are listed and not run; somebody has to run them by hand, or accept that they are missing.
    """
    passed = [dag.dag_id for dag in case.inventory.dags if dag.catchup is False and not dag.is_paused]
    if case.plan.cutover.gap == "list" and passed:
        yield Hit(
            f"Ticks that fall into the cutover are not run for {several(len(passed), 'DAG')} without catchup: "
            f"{listed(passed)}.",
            'Set cutover.gap to "run", or run the listed ticks by hand.',
            dags=tuple(passed),
        )


@BOOK.rule(
    "CUT-014",
    "advise",
    reads=("inventory.dags.last_run", "plan.history"),
    source="docs: Starship, what it does not copy; carry/history",
)
def history_stays(case: Case) -> Iterator[Hit]:
    """Task logs and XComs stay on the source; finished runs are carried only when asked for.

    `astroferry history PLAN --wave W` writes finished runs, tasks and tries to a target that has Starship in its
    image, best before the wave's cutover; [history] of the plan says how many of each DAG. Nothing carries logs,
    XComs, notes and events of datasets, and a task that reads XComs of earlier runs finds none. Without it a boundary
    marker alone tells Astro where to go on.
    """
    ran = sum(dag.last_run is not None for dag in case.inventory.dags)
    if ran:
        runs = case.plan.history.runs
        some = f"the newest {several(runs, 'finished run')}" if runs else "all finished runs"
        yield Hit(
            f"Task logs and XComs of {several(ran, 'DAG')} stay on the source; `astroferry history` can carry {some} "
            "of each.",
            "For that, put Starship into the target's image and run it before each cutover; export what else must be "
            "kept before the source is switched off.",
        )


@BOOK.rule(
    "CUT-022",
    "advise",
    reads=("inventory.kind",),
    source="Google Cloud documentation: Cloud Composer, cloud storage",
)
def bucket_stays(case: Case) -> Iterator[Hit]:
    """Deleting a Composer environment leaves its bucket.

    DAGs, plugins, data and task logs lie in a Cloud Storage bucket that is not deleted with the environment. Copy
    data/ and logs/ that must be kept, then delete the bucket too.
    """
    if case.inventory.kind == "composer":
        yield Hit(
            "Deleting the Composer environment leaves its bucket, with data and logs.",
            "Copy what must be kept, then delete the bucket.",
        )


def _there(case: Case) -> tuple[DeploymentSeen, ...]:
    """Deployments of the organization that have the name of one in the plan."""
    planned = {item.name for item in case.plan.deployments}
    return tuple(seen for seen in case.facts.deployments if seen.name in planned) if case.facts is not None else ()


def _order(runtime: str) -> tuple[bool, tuple[int, ...]]:
    """Runtimes in their order: 3.0-1 comes after 13.11.0."""
    return "-" in runtime, version_key(runtime)
