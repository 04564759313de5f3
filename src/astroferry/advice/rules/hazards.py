"""What works on the old machines and may not on Astro, whichever Airflow: paths, disks, time, mail, callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.evidence import moving_dags, seen
from astroferry.advice.handing import left_to_people
from astroferry.advice.options import set_to, variable
from astroferry.advice.placing import kept_links
from astroferry.advice.rules.rule import Book, Case, Hit, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("hazards")
_SIGNS = ("inventory.signs", "plan.waves")
TIMEZONE = variable("core.default_timezone")


@BOOK.rule(
    "HAZ-004",
    "warn",
    about="deployments",
    reads=("inventory.config", "inventory.signs", "plan.deployments.environment"),
    source="Airflow configuration: core.default_timezone; Astro docs: alerts count in UTC",
    confidence="medium",
)
def time_zone(case: Case) -> Iterator[Hit]:
    """The source has another default time zone than UTC.

    A start date without a time zone is read in it, and cron schedules follow: without it on Astro every such DAG runs
    at another hour. Set AIRFLOW__CORE__DEFAULT_TIMEZONE in the environment of each Deployment, or write the zone into
    the code. Deadlines of Astro's alerts are in UTC in any case.
    """
    zone = set_to(case.inventory.config, "core.default_timezone")
    missing = [item.name for item in case.plan.deployments if item.environment.get(TIMEZONE) != zone]
    if zone and missing:
        naive = seen(case, "naive-start")
        yield Hit(
            f"The source's time zone is {zone}; {listed(missing)} would run by UTC.",
            f'Set {TIMEZONE} = "{zone}" in the environment of these Deployments.',
            listed(missing),
            naive.dags,
            naive.lines,
        )


@BOOK.rule(
    "HAZ-007", "warn", reads=_SIGNS, source="XComs are not carried: they are in the source's metadata database"
)
def xcom_elsewhere(case: Case) -> Iterator[Hit]:
    """Tasks read XComs of earlier runs or of other DAGs.

    Nobody carries XComs over: on the first run on Astro they are not there. Keep such state in a variable, a table or
    object storage, or let the first run do without.
    """
    if found := seen(case, "xcom-elsewhere"):
        yield found.hit(
            f"XComs of earlier runs or other DAGs, which do not move, are read in {found.who}",
            "Keep that state elsewhere, or let the first run do without.",
        )


@BOOK.rule("HAZ-008", "advise", reads=("inventory.config",), source="task logs are not carried: they are files")
def logs_on_disk(case: Case) -> Iterator[Hit]:
    """Task logs stay where they are.

    They are not carried. Where the source writes them to its own disk alone, they are gone when it is
    decommissioned: copy what must be kept to object storage first.
    """
    if case.inventory.config.get("logging", {}).get("remote_logging", "").lower() == "false":
        yield Hit(
            "The source keeps task logs on its own disk (remote_logging = False); they do not move.",
            "Copy those that must be kept before the source is decommissioned.",
        )


@BOOK.rule("HAZ-009", "advise", reads=_SIGNS, source="Airflow best practices; ruff AIR003")
def parse_time(case: Case) -> Iterator[Hit]:
    """A DAG file asks for variables, connections or web pages while it is parsed.

    That happens every few seconds, is slow with a secrets backend and costs money with some, and the file does not
    parse where the answer is missing: on Astro, until values have been carried. Ask inside a task, or in a template.
    """
    if found := seen(case, "parse-time"):
        yield found.hit(
            f"Values are asked for while files are parsed, in {found.who}: {listed(found.whats)}",
            "Ask inside tasks or templates; carry values before the code.",
        )


@BOOK.rule("HAZ-010", "warn", reads=_SIGNS, source="Astro docs: the home of Airflow is /usr/local/airflow")
def home_paths(case: Case) -> Iterator[Hit]:
    """DAG code names a folder of the old machine.

    Airflow's home on Astro is /usr/local/airflow. Make paths from `__file__`, put files into include/ of the Astro
    project, or keep them in object storage.
    """
    if found := seen(case, "home-path"):
        yield found.hit(
            f"Folders that Astro does not have are named in {found.who}: {listed(found.whats)}",
            "Make paths from __file__, or keep the files in object storage.",
        )


@BOOK.rule(
    "HAZ-011",
    "warn",
    reads=_SIGNS,
    source="Astro docs: workers are containers without a shared disk",
    confidence="medium",
)
def local_disk(case: Case) -> Iterator[Hit]:
    """Tasks pass files to each other on a disk.

    Workers on Astro share none: the next task may run elsewhere and find nothing. Pass files through object storage.
    A path below /mnt, /nfs or /efs counts, and a file in /tmp that one DAG names more than once.
    """
    if found := seen(case, "local-disk"):
        yield found.hit(
            f"Files on a disk that tasks share are named in {found.who}: {listed(found.whats, 3)}",
            "Pass files through object storage.",
        )


@BOOK.rule(
    "HAZ-013", "warn", reads=("inventory.callers",), source="the source's event log (Airflow 2 marks API calls)"
)
def callers(case: Case) -> Iterator[Hit]:
    """Somebody changes things through the source's REST API.

    Its event log tells who, within its newest entries; those who only read leave no trace there, so look into the
    access log of the web server too. All of them need the new address and a token of Astro, and on Airflow 3 the new
    API (/api/v2).
    """
    found = case.inventory.callers
    if found:
        told = [f"{caller.user or 'somebody'} ({caller.event} {caller.count:,}x)" for caller in found]
        yield Hit(
            f"The source's REST API is used to change things by {listed(told)}.",
            "Give these callers the Deployment's address and a token of Astro.",
            listed(list(dict.fromkeys(caller.user for caller in found))),
            tuple(sorted({dag for caller in found for dag in caller.dags})),
            tuple(told),
        )


@BOOK.rule(
    "HAZ-014", "advise", reads=_SIGNS, source="airflow 3.3.2: smtp_user and smtp_password are gone; Astro docs"
)
def mail(case: Case) -> Iterator[Hit]:
    """DAGs send mail by Airflow.

    Astro sends none for you. Airflow 3 takes the login from the connection smtp_default (provider smtp) and no longer
    from the options [smtp] smtp_user and smtp_password. Make that connection, or use Astro's alerts for failures.
    """
    if found := seen(case, "mail"):
        yield found.hit(
            f"Mail is sent by Airflow in {found.who}: {listed(found.whats)}",
            "Make the connection smtp_default on Astro, or use its alerts.",
        )


@BOOK.rule("HAZ-015", "warn", reads=_SIGNS, source="Airflow best practices; ruff AIR304")
def moving_start(case: Case) -> Iterator[Hit]:
    """A start date moves with every parse.

    With days_ago or now() no moment is the first one: a run may never begin, Airflow 3 makes a new version of the DAG
    at every parse, and where the source stopped cannot be told for sure. Write a fixed date.
    """
    if found := seen(case, "moving-start"):
        yield found.hit(
            f"The start date moves with every parse in {found.who}: {listed(found.whats)}", "Write a fixed date."
        )


@BOOK.rule(
    "HAZ-016",
    "warn",
    reads=(*_SIGNS, "plan.deployments.environment"),
    source="airflow 2.10.5: models/dag.py; is_paused_upon_creation wins over the option",
)
def arrives_unpaused(case: Case) -> Iterator[Hit]:
    """A DAG would start to run as soon as it is deployed.

    Astroferry sets AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION in every Deployment, so that a DAG waits for its
    cutover; is_paused_upon_creation=False in its code wins over that. Take it out of the code until the cutover is
    done, or the DAG runs on both sides at once.
    """
    if found := seen(case, "arrives-unpaused"):
        yield found.hit(
            f"is_paused_upon_creation=False would start {found.who} before the cutover",
            "Take it out of the code until the cutover is done.",
        )
    option = variable("core.dags_are_paused_at_creation")
    running = [item.name for item in case.plan.deployments if item.environment.get(option, "True").lower() != "true"]
    if running:
        yield Hit(
            f"{option} would start DAGs before their cutover on {listed(running)}.",
            "Take it out of the environment of these Deployments.",
            listed(running),
        )


@BOOK.rule(
    "HAZ-017",
    "warn",
    about="waves",
    reads=("inventory.dags", "plan.waves"),
    source="airflow 2.10.5: datasets/manager.py, 3.3.2: assets/manager.py",
)
def lost_events(case: Case) -> Iterator[Hit]:
    """Events for a paused consumer are lost.

    A dataset (asset) event is not kept for a DAG that is paused at that moment, on Airflow 2 and 3 alike. Inside a
    wave the cutover unpauses consumers before their producers. It cannot where one of both moves by hand or in
    another wave: unpause the consumer first there; what fell between is sent again through the REST API.
    """
    datasets = kept_links(case.plan, case.inventory).datasets
    if not datasets:
        return
    waves = case.plan.divided(dag.dag_id for dag in case.inventory.dags)
    moving = moving_dags(case)
    by_hand = {dag.dag_id for dag, _ in left_to_people(case.plan, case.inventory)}
    apart: dict[str, str] = {}
    for writers, readers in datasets.values():
        feeders = {(waves[dag], dag in by_hand): dag for dag in writers if dag in moving}
        for reader in readers if feeders else ():
            mine = (waves[reader], False)
            other = next((dag for key, dag in feeders.items() if key != mine or reader in by_hand), "")
            if other and reader in moving and other != reader:
                apart.setdefault(reader, other)
    if apart:
        shown = [f"{reader} (fed by {feeder})" for reader, feeder in apart.items()]
        yield Hit(
            f"Events are lost while {listed(shown, 3)} {'is' if len(apart) == 1 else 'are'} paused: they do not move "
            "together with what feeds them.",
            "Unpause each before what feeds it, and send by the REST API the events that fell between.",
            listed(tuple(apart)),
            tuple(apart),
            tuple(f"{reader}: fed by {feeder}, which moves otherwise." for reader, feeder in apart.items()),
        )


@BOOK.rule("HAZ-poke", "advise", reads=_SIGNS, source="Airflow best practices: sensors", confidence="medium")
def poke_sensors(case: Case) -> Iterator[Hit]:
    """Sensors hold a worker slot while they wait.

    In poke mode, the default, a sensor that waits for hours keeps a slot and on Astro the worker that is paid for.
    Say mode="reschedule", or deferrable=True where the sensor has it.
    """
    if found := seen(case, "poke-sensor"):
        yield found.hit(
            f"Sensors hold a worker slot while they wait, in {found.who}: {listed(found.whats)}",
            'Say mode="reschedule" or deferrable=True.',
        )


@BOOK.rule("HAZ-xcom", "warn", reads=("inventory.config",), source="Airflow configuration: core.xcom_backend")
def xcom_backend(case: Case) -> Iterator[Hit]:
    """The source keeps XComs by a class of its own.

    The class must be in the image on Astro (a DAG-only deploy does not bring it), its storage must be reachable from
    there, and AIRFLOW__CORE__XCOM_BACKEND must name it.
    """
    backend = set_to(case.inventory.config, "core.xcom_backend")
    if backend:
        yield Hit(
            f"XComs are kept by {backend}, which Astro's image does not have.",
            "Bring the class in the image and set AIRFLOW__CORE__XCOM_BACKEND, or go back to Airflow's own.",
            backend,
        )
