"""What DAG code says that Airflow 3 does not take, or takes otherwise; read from its syntax, by file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.airflow3_minors import SQLALCHEMY_2
from astroferry.advice.evidence import seen
from astroferry.advice.rules.rule import Book, Case, Hit, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("code")
_SIGNS = ("inventory.signs", "plan.waves", "plan.decisions.airflow")


@BOOK.rule(
    "VER-parse",
    "refuse",
    about="code.dags_folder",
    reads=("code.dags_folder", "plan.waves", "plan.decisions.airflow"),
    source="measured on 3.3.2",
)
def does_not_parse(case: Case) -> Iterator[Hit]:
    """The DAG folder holds files that cannot parse on Airflow 3.

    They import, or give as an argument or trigger rule, what Airflow 3 does not have, so their DAGs would not appear
    on the target. Change the code as the pages of VER-018, VER-024 and VER-025 say, or leave these DAGs out of the
    waves. An import inside `try: ... except ImportError` is left alone.
    """
    found = seen(case, "gone-import", "gone-argument", "gone-rule")
    if case.plan.decisions.airflow == "3" and case.folder is not None and found:
        yield found.hit(
            f"Code of {found.who} cannot parse on Airflow 3: {listed(found.whats, 3)}",
            "Change it, or leave these DAGs out of the waves.",
        )


@BOOK.rule("VER-018", "warn", reads=_SIGNS, source="measured on 2.11.2 and 3.3.2; ruff AIR301 to 303")
def gone_imports(case: Case) -> Iterator[Hit]:
    """DAG code imports what Airflow 3 does not have any more.

    This is about the source's own code; the plan's DAG folder may be ahead of it, and `astroferry check` reads that.
    Such a file does not parse on the target, so none of its DAGs appears there. SubDAGs have no successor (use task
    groups or assets), the classes of 1.10 and of airflow.contrib are in provider packages, datasets are assets.
    Change the imports (`ruff check --select AIR --fix` does many), or leave these DAGs out of the waves. An import
    inside `try: ... except ImportError` is left alone, and so are names that Airflow 3 still takes with a warning.
    From 3.0 or 3.1 to a newer one it is told too, since those still took some of these names.
    """
    if case.upgrades and case.folder is None and (found := seen(case, "gone-import")):
        yield found.hit(
            f"Imports that Airflow 3 does not have, in {found.who}: {listed(found.whats, 3)}",
            "Change the imports, or leave these DAGs out of the waves.",
        )


@BOOK.rule("VER-024", "warn", reads=_SIGNS, source="Airflow 3 upgrade notes; measured on 3.3.2")
def gone_arguments(case: Case) -> Iterator[Hit]:
    """DAG code gives arguments that Airflow 3 does not know.

    An unknown argument raises TypeError while the file is parsed. schedule_interval and timetable are `schedule`,
    concurrency is `max_active_tasks`, fail_stop is `fail_fast`, task_concurrency is `max_active_tis_per_dag`, and
    TriggerDagRunOperator takes `logical_date`. default_view, orientation and provide_context have no successor.
    """
    if case.crosses and case.folder is None and (found := seen(case, "gone-argument")):
        yield found.hit(
            f"Arguments that Airflow 3 does not know, in {found.who}: {listed(found.whats, 3)}",
            "Rename or remove them, or leave these DAGs out of the waves.",
        )


@BOOK.rule("VER-025", "warn", reads=_SIGNS, source="airflow 3.3.2: sdk/bases/operator.py; ruff does not see it")
def gone_trigger_rules(case: Case) -> Iterator[Hit]:
    """A trigger rule that Airflow 3 does not know.

    "dummy" is `always`, "none_failed_or_skipped" is `none_failed_min_one_success`. The old words raise an error while
    the file is parsed.
    """
    if case.crosses and case.folder is None and (found := seen(case, "gone-rule")):
        yield found.hit(
            f"Trigger rules that Airflow 3 does not know, in {found.who}: {listed(found.whats)}",
            "Write always, or none_failed_min_one_success.",
        )


@BOOK.rule(
    "VER-038", "warn", reads=_SIGNS, source="PEP 594, PEP 632; Astro API: Runtime 3.2 and 3.3 have Python 3.12+"
)
def gone_from_python(case: Case) -> Iterator[Hit]:
    """DAG code imports a module that newer Pythons do not have.

    Airflow does not tell its Python over its API, but Astro's newer Runtimes bring 3.12 to 3.14 (Runtime 3.3: 3.14
    by default), where distutils, imp, cgi, telnetlib and others are gone. Replace the import, or choose an image tag
    with an older Python that the Runtime still offers.
    """
    if found := seen(case, "gone-python"):
        yield found.hit(
            f"Modules that newer Pythons do not have, imported in {found.who}: {listed(found.whats)}",
            "Replace them, or choose an image with an older Python.",
        )


@BOOK.rule(
    "VER-038-sql",
    "warn",
    reads=(*_SIGNS, "inventory.airflow_version", "plan.decisions.runtime"),
    source="requirements of apache-airflow 2.11.2 and apache-airflow-core 3.0.6, 3.1.8, 3.2.2 and 3.3.2, compared",
)
def sqlalchemy_2(case: Case) -> Iterator[Hit]:
    """DAG code uses SQLAlchemy, of which the Runtime brings 2.0.

    Airflow up to 2.11, and 3.0, hold SQLAlchemy below 2.0; 3.1 takes either, 3.2 and newer need 2.0. There
    `engine.execute(...)`, plain strings as statements, autocommit and `select([...])` are gone, and tasks fail at run
    time, not while the file is parsed. Run such tasks once in a test Deployment, or with SQLALCHEMY_WARN_20=1 on the
    source, which names the lines.
    """
    if case.comes_to(*SQLALCHEMY_2) and (found := seen(case, "sqlalchemy")):
        has = "perhaps 1.4" if case.inventory.airflow_version.startswith("3.1") else "1.4"
        yield found.hit(
            f"SQLAlchemy is 2.0 with this Runtime, {has} on the source, and it is used in {found.who}: "
            f"{listed(found.whats, 3)}",
            "Run these tasks in a test Deployment, or on the source with SQLALCHEMY_WARN_20=1, before their wave.",
        )


@BOOK.rule(
    "VER-020", "warn", reads=_SIGNS, source="Airflow 3 upgrade notes: no ORM access from tasks; ruff misses it"
)
def sessions(case: Case) -> Iterator[Hit]:
    """DAG code asks the metadata database directly.

    Airflow 3 refuses that in tasks ("Direct database access via the ORM is not allowed"), at run time and not before.
    Ask the REST API (apache-airflow-client) instead, or the task context.
    """
    if case.crosses and (found := seen(case, "sessions")):
        yield found.hit(
            f"Sessions of the metadata database, which Airflow 3 refuses, in {found.who}: {listed(found.whats, 3)}",
            "Use the REST API, or what the task context offers.",
        )


@BOOK.rule("VER-023", "warn", reads=_SIGNS, source="Airflow 3 upgrade notes; ruff misses templates")
def context_keys(case: Case) -> Iterator[Hit]:
    """Tasks and templates use keys of the context that Airflow 3 does not give.

    Twelve are gone, execution_date, prev_ds and next_ds among them: a template fails to render, a task fails with
    KeyError, at run time and not before. execution_date is `logical_date`; the others follow from `ds`,
    `data_interval_start` and `data_interval_end`.
    """
    if case.crosses and (found := seen(case, "context-key")):
        yield found.hit(
            f"Context keys that Airflow 3 does not give, in {found.who}: {listed(found.whats)}",
            "Write logical_date, ds or the data interval.",
        )


@BOOK.rule("VER-029", "warn", reads=_SIGNS, source="Airflow 3 upgrade notes: /api/v1 is gone; ruff misses it")
def old_api(case: Case) -> Iterator[Hit]:
    """DAG code calls Airflow's old REST API.

    /api/v1 (and /api/experimental) answer 404 on Airflow 3: write /api/v2, which takes a Bearer token, and calls
    datasets assets. The Python client must be of version 3. The address changes with the move in any case.
    """
    if case.crosses and (found := seen(case, "old-api", "old-client")):
        yield found.hit(
            f"Airflow's old REST API is called in {found.who}: {listed(found.whats, 3)}",
            "Call /api/v2 of the Deployment, with a token of Astro.",
        )


@BOOK.rule(
    "VER-026", "warn", reads=_SIGNS, source="Airflow 3 upgrade notes: schedule is None by default; ruff AIR002"
)
def no_schedule(case: Case) -> Iterator[Hit]:
    """A DAG says no schedule, and what that means changed.

    On Airflow 2 it runs daily, on Airflow 3 never by itself. Write the schedule into the code.
    """
    if case.crosses and (found := seen(case, "no-schedule")):
        yield found.hit(
            f"No schedule is said, which is daily on Airflow 2 and never on Airflow 3, in {found.who}",
            "Write schedule= into the code.",
        )


@BOOK.rule("VER-022", "advise", reads=_SIGNS, source="airflow 3.3.2: sdk/bases/operator.py, sdk/definitions/dag.py")
def slas(case: Case) -> Iterator[Hit]:
    """SLAs do nothing on Airflow 3.

    The arguments are still taken, with a warning, and ignored (read in 3.3.2; some documents say that they are
    removed). Make a task-duration or timeliness alert on Astro for each, or a deadline alert of Airflow 3.1 and
    newer.
    """
    if case.crosses and (found := seen(case, "sla")):
        yield found.hit(f"SLAs, which Airflow 3 ignores, in {found.who}", "Make alerts on Astro instead.")


@BOOK.rule("VER-041", "advise", reads=_SIGNS, source="Airflow 3 upgrade advice of Astronomer", confidence="medium")
def run_limits(case: Case) -> Iterator[Hit]:
    """max_active_tasks counts per run on Airflow 3.

    On Airflow 2 it counted over all runs of the DAG, so with several runs at once more tasks may now run. Where a
    system behind must be spared, use a pool.
    """
    several_runs = {dag.dag_id for dag in case.inventory.dags if dag.max_active_runs != 1}
    found = seen(case, "run-limit", only=lambda sign: not several_runs.isdisjoint(sign.dags) or not sign.dags)
    if case.crosses and found:
        yield found.hit(
            f"A limit of tasks, which Airflow 3 counts per run and no longer over all runs, in {found.who}",
            "Where a system must be spared, use a pool.",
        )


@BOOK.rule("VER-042", "advise", reads=_SIGNS, source="Airflow 3 upgrade advice of Astronomer", confidence="medium")
def success_callbacks(case: Case) -> Iterator[Hit]:
    """on_success_callback is not called for skipped tasks any more.

    Where a DAG branches or short-circuits and relies on it, add on_skipped_callback.
    """
    skipping = {
        dag.dag_id
        for dag in case.inventory.dags
        if any("Branch" in name or "ShortCircuit" in name for name in dag.operators)
    }
    found = seen(case, "success-callback", only=lambda sign: not skipping.isdisjoint(sign.dags))
    if case.crosses and found:
        yield found.hit(
            f"Tasks are skipped, for which Airflow 3 does not call on_success_callback, in {found.who}",
            "Add on_skipped_callback where it is relied on.",
        )


@BOOK.rule("VER-032", "warn", reads=_SIGNS, source="Airflow 3 upgrade advice of Astronomer", confidence="medium")
def xcom_without_task(case: Case) -> Iterator[Hit]:
    """xcom_pull with a key alone finds nothing on Airflow 3.

    Airflow 2 looked through all tasks of the run. Name the task (task_ids=...).
    """
    if case.crosses and (found := seen(case, "xcom-without-task")):
        yield found.hit(
            f"XComs are pulled by key alone, which finds nothing on Airflow 3, in {found.who}",
            "Name the task in task_ids.",
        )


@BOOK.rule("VER-031", "warn", reads=(*_SIGNS, "inventory.plugins"), source="Airflow 3 upgrade notes; ruff AIR301")
def plugin_classes(case: Case) -> Iterator[Hit]:
    """Plugins do not bring operators, hooks or sensors any more.

    Airflow 3 loads none of these from a plugin class. Import them as ordinary modules.
    """
    if not case.crosses:
        return
    if found := seen(case, "plugin-classes"):
        yield found.hit(f"A plugin class brings {listed(found.whats)}", "Import them as ordinary modules.")
    named = _plugins(case, ("operators: ", "hooks: ", "sensors: ", "executors: "))
    if named:
        yield Hit(
            f"Airflow 3 loads no operators, hooks, sensors or executors from plugins: {listed(named)}.",
            "Import them as ordinary modules.",
            listed(named),
        )


@BOOK.rule(
    "VER-030", "warn", reads=(*_SIGNS, "inventory.plugins"), source="Airflow 3 upgrade notes", confidence="medium"
)
def flask_plugins(case: Case) -> Iterator[Hit]:
    """Plugins add pages by Flask, which Airflow 3's web interface does not load by itself.

    They need the FAB provider, or to be written anew (fastapi_apps, external_views). Astro has its own access
    control, so plugins for logins and roles are not needed there.
    """
    if not case.crosses:
        return
    if found := seen(case, "plugin-flask"):
        yield found.hit(f"A plugin class brings {listed(found.whats)}", "Write it anew, or leave it behind.")
    named = _plugins(case, ("appbuilder_views: ", "appbuilder_menu_items: ", "flask_blueprints: "))
    if named:
        yield Hit(
            f"Pages that plugins add to Airflow 2's web interface: {listed(named)}.",
            "Write them anew for Airflow 3 (external_views, fastapi_apps), or leave them behind.",
            listed(named),
        )


@BOOK.rule("VER-043", "warn", reads=("inventory.import_errors",), source="Airflow 3 upgrade notes: before upgrading")
def import_errors(case: Case) -> Iterator[Hit]:
    """DAG files do not parse on the source.

    They will not parse on Astro either, and what they define cannot be seen here. Repair or remove them first.
    """
    broken = [file.filename.rsplit("/", 1)[-1] for file in case.inventory.import_errors]
    if broken:
        yield Hit(
            f"DAG files that do not parse on the source: {listed(broken)}.",
            "Repair or remove them before the code is deployed.",
            listed(broken),
            evidence=tuple(
                f"{file.filename}: {last[-1]}" if (last := file.message.splitlines()) else file.filename
                for file in case.inventory.import_errors
            ),
        )


def _plugins(case: Case, kinds: tuple[str, ...]) -> list[str]:
    """Names of plugins that add such things; Starship is a tool of the move, not part of it."""
    return [
        plugin.name
        for plugin in case.inventory.plugins
        if any(added.startswith(kinds) for added in plugin.adds) and "starship" not in plugin.name.lower()
    ]
