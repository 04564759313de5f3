"""Cases of the rules in advice/rules/code.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import CRON, PLAN, case, no, source, yes

from astroferry.model.inventory import BrokenFile, Dag, Inventory, Plugin, Sign

STAYS = replace(PLAN, waves=(replace(PLAN.waves[0], dags=("other",)),))
SKIPS = Dag("a", CRON, is_paused=False, operators=("BranchPythonOperator",))


def saying(kind: str, what: str = "", **changes: object) -> Inventory:
    """A source whose DAG `a` has that sign."""
    return source(signs=(Sign(kind, what, 12, "/dags/daily.py", dags=("a",)),), **changes)


GONE_IMPORT = saying("gone-import", "airflow.operators.subdag.SubDagOperator")
HELPER = source(signs=(Sign("gone-import", "airflow.contrib", 3, "common.py"),))
REPAIRED = replace(case(inventory=GONE_IMPORT), folder=())
STILL_THERE = replace(case(), folder=GONE_IMPORT.signs)
FLASK = Plugin("acme", adds=("flask_blueprints: acme",))
SQL = saying("sqlalchemy", "sqlalchemy")

ROWS = (
    yes("VER-018", case(inventory=GONE_IMPORT), "in a: airflow.operators.subdag.SubDagOperator (daily.py:12)"),
    yes("VER-018", case(inventory=HELPER), "in 1 file: airflow.contrib (common.py:3)"),
    yes("VER-018", case(replace(PLAN, waves=()), GONE_IMPORT)),
    yes("VER-parse", STILL_THERE, "Code of a cannot parse on Airflow 3: airflow.operators.subdag.SubDagOperator"),
    yes("VER-parse", replace(STILL_THERE, folder=saying("gone-rule", "dummy").signs)),
    no("VER-parse", REPAIRED),
    no("VER-parse", case(inventory=GONE_IMPORT)),
    no("VER-parse", replace(case(airflow="2", runtime="13.11.0"), folder=GONE_IMPORT.signs)),
    no("VER-018", REPAIRED),
    no("VER-018", case(STAYS, GONE_IMPORT)),
    no("VER-018", case(inventory=GONE_IMPORT, airflow="2", runtime="13.11.0")),
    no("VER-018", case(inventory=replace(GONE_IMPORT, airflow_version="3.3.2"))),
    yes("VER-018", case(inventory=replace(GONE_IMPORT, airflow_version="3.0.6")), "in a"),
    yes("VER-024", case(inventory=saying("gone-argument", "DAG(concurrency)")), "DAG(concurrency)"),
    no("VER-024", case()),
    yes("VER-025", case(inventory=saying("gone-rule", "dummy")), "dummy"),
    no("VER-025", case()),
    yes("VER-038", case(inventory=saying("gone-python", "imp")), "imported in a: imp"),
    no("VER-038", case()),
    yes(
        "VER-038-sql",
        case(inventory=SQL),
        "is 2.0 with this Runtime, 1.4 on the source, and it is used in a: sqlalchemy",
    ),
    yes("VER-038-sql", case(inventory=replace(SQL, airflow_version="3.1.8")), "perhaps 1.4 on the source"),
    no("VER-038-sql", case(inventory=replace(SQL, airflow_version="3.2.2"))),
    no("VER-038-sql", case(inventory=SQL, runtime="3.1-12")),
    no("VER-038-sql", case(inventory=SQL, airflow="2", runtime="13.11.0")),
    no("VER-038-sql", case()),
    yes("VER-020", case(inventory=saying("sessions", "session.query")), "session.query"),
    no("VER-020", case()),
    yes("VER-023", case(inventory=saying("context-key", "execution_date")), "execution_date"),
    no("VER-023", case()),
    yes("VER-029", case(inventory=saying("old-api", "/api/v1/dags")), "/api/v1/dags"),
    yes("VER-029", case(inventory=saying("old-client", "airflow_client"))),
    no("VER-029", case()),
    yes("VER-026", case(inventory=saying("no-schedule")), "daily on Airflow 2"),
    no("VER-026", case()),
    yes("VER-022", case(inventory=saying("sla", "sla"))),
    no("VER-022", case()),
    yes("VER-041", case(inventory=saying("run-limit", "concurrency"))),
    no("VER-041", case(inventory=saying("run-limit", dags=(Dag("a", CRON, is_paused=False, max_active_runs=1),)))),
    yes("VER-042", case(inventory=saying("success-callback", dags=(SKIPS,)))),
    no("VER-042", case(inventory=saying("success-callback"))),
    yes("VER-032", case(inventory=saying("xcom-without-task"))),
    no("VER-032", case()),
    yes("VER-031", case(inventory=saying("plugin-classes", "operators")), "operators"),
    yes("VER-031", case(inventory=source(plugins=(Plugin("acme", adds=("operators: x",)),))), "acme"),
    no("VER-031", case(inventory=source(plugins=(Plugin("acme", adds=("macros: x",)),)))),
    no("VER-031", case(inventory=source(plugins=(Plugin("x", adds=("hooks: x",)),), airflow_version="3.1.0"))),
    yes("VER-030", case(inventory=saying("plugin-flask", "flask_blueprints")), "flask_blueprints"),
    yes("VER-030", case(inventory=source(plugins=(FLASK,))), "acme"),
    no("VER-030", case(inventory=source(plugins=(replace(FLASK, name="StarshipPlugin"),)))),
    no("VER-030", case(inventory=source(plugins=(FLASK,), airflow_version="3.1.0"))),
    yes("VER-043", case(inventory=source(import_errors=(BrokenFile("/dags/x.py", "E"),))), "x.py"),
    no("VER-043", case()),
)
