"""Cases of the rules in advice/rules/cutover.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import CRON, PLAN, case, facts, no, source, yes

from astroferry.model.cutoverday import History
from astroferry.model.inventory import ConnectionSeen, Dag, Plugin, Run, Schedule
from astroferry.model.organization import DeploymentSeen
from astroferry.model.plan import Cutover, Deployment, Values

CLEAN = source()
BOTH = replace(PLAN, deployments=(Deployment("prod", "w", "both"),))
LISTING = replace(PLAN, cutover=Cutover(gap="list"))
CATCHING_UP = source(dags=(Dag("a", CRON, is_paused=False, catchup=True),))
ODD = Dag("odd", Schedule("timetable", "Odd"), is_paused=False)
ENDLESS = Dag("endless", Schedule("continuous", "@continuous"), is_paused=False)


NEWER, OLDER, ELSEWHERE = (
    replace(facts(), deployments=(DeploymentSeen("d", name, "w", "HEALTHY", runtime),))
    for name, runtime in (("prod", "3.3-9"), ("prod", "13.11.0"), ("else", "3.3-9"))
)

RAN = source(dags=(replace(CLEAN.dags[0], last_run=Run("r", "scheduled", "success")),))

ROWS = (
    yes("DEP-006", case(facts=NEWER), "prod (3.3-9)"),
    yes("DEP-006", case(facts=OLDER, airflow="2", runtime="13.9.0"), "13.11.0"),
    no("DEP-006", case(facts=OLDER)),
    no("DEP-006", case(facts=ELSEWHERE)),
    no("DEP-006", case()),
    yes("DEP-001", case(inventory=source(plugins=(Plugin("acme_macros"),))), "acme_macros"),
    no("DEP-001", case(inventory=source(plugins=(Plugin("starship"),)))),
    yes("DEP-015", case(inventory=source(connections=(ConnectionSeen("db"),))), "test gets the same 1 connection"),
    no("DEP-015", case()),
    no("DEP-015", case(BOTH, source(connections=(ConnectionSeen("db"),)))),
    no("DEP-015", case(replace(PLAN, values=Values("none")), source(connections=(ConnectionSeen("db"),)))),
    yes("DEP-011", case(facts=ELSEWHERE), "test, prod"),
    yes("DEP-011", case(facts=NEWER), "test will be new"),
    no("DEP-011", case(BOTH, facts=NEWER)),
    no("DEP-011", case()),
    yes("CUT-refused", case(inventory=source(dags=(ODD,))), "1 running DAG will not be handed over"),
    yes("CUT-refused", case(inventory=source(dags=(ODD, ENDLESS))), "(1 DAG); @continuous never goes idle; name it"),
    no("CUT-refused", case(inventory=replace(CLEAN, airflow_version="3.1.0"))),
    no("CUT-refused", case(inventory=CLEAN)),
    no("CUT-refused", case(inventory=source(dags=(replace(ODD, is_paused=True), Dag("b", Schedule("none"), False))))),
    yes("CUT-starship", case(inventory=CATCHING_UP, airflow="2", runtime="13.9.0"), "only through Starship: a"),
    no("CUT-starship", case(inventory=CATCHING_UP)),
    no("CUT-starship", case(inventory=CLEAN, airflow="2", runtime="13.9.0")),
    yes("CUT-009", case(LISTING, CLEAN), "1 DAG without catchup"),
    no("CUT-009", case(PLAN, CLEAN)),
    no("CUT-009", case(LISTING, source(dags=(Dag("a", CRON, is_paused=False, catchup=True),)))),
    yes("CUT-014", case(inventory=RAN), "can carry the newest 100 finished runs of each"),
    yes("CUT-014", case(replace(PLAN, history=History(runs=0)), RAN), "can carry all finished runs"),
    no("CUT-014", case()),
    yes("CUT-022", case(inventory=source(kind="composer"))),
    no("CUT-022", case()),
)
