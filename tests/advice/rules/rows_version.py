"""Cases of the rules in advice/rules/version.py and defaults.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import CRON, PLAN, case, facts, no, source, with_environment, yes

from astroferry.advice.rules.defaults import CATCHUP_VARIABLE
from astroferry.model.environment import DELTA_DATA_INTERVALS
from astroferry.model.inventory import Dag, Schedule, Sign

OFFERED = (
    ("3.1-9", "3.1.7", "stable"),
    ("3.3-8", "3.3.2", "stable"),
    ("3.3-10", "3.3.3", "deprecated"),
    ("3.0-20", "3.0.6", "stable"),
    ("13.9.0", "2.11.1", "stable"),
    ("13.11.0", "2.11.2", "stable"),
    ("12.1.0", "2.10.5", "stable"),
)
THREE = source(airflow_version="3.1.0")
HOURLY = source(dags=(Dag("hourly", Schedule("timedelta", "3600"), is_paused=False),))
CATCHING_UP = source(dags=(Dag("a", CRON, is_paused=False, catchup=True),))
NOT_BY_DEFAULT = replace(CATCHING_UP, config={"scheduler": {"catchup_by_default": "False"}})
TRIGGER = source(dags=(Dag("a", replace(CRON, triggers_only=True), is_paused=False),))
ONE_WITHOUT = replace(
    PLAN,
    deployments=(replace(PLAN.deployments[0], environment={DELTA_DATA_INTERVALS: "False"}), PLAN.deployments[1]),
)
CODE_READ = replace(CATCHING_UP, dags=(replace(CATCHING_UP.dags[0], dependencies="none"),))
UNSAID = replace(CODE_READ, signs=(Sign("no-catchup", "", 4, "a.py", dags=("a",)),))

ROWS = (
    yes("VER-001", case(inventory=source(airflow_version="1.10.15")), "begins at Airflow 2"),
    no("VER-001", case()),
    yes("VER-down", case(inventory=THREE, airflow="2", runtime="13.11.0")),
    no("VER-down", case(inventory=THREE)),
    yes("VER-older", case(inventory=source(airflow_version="3.3.2"), runtime="3.1-9"), "3.1-9 is Airflow 3.1, older"),
    yes("VER-older", case(airflow="2", runtime="12.1.0"), "12.1.0 is Airflow 2.10, older"),
    no("VER-older", case()),
    no("VER-older", case(runtime="")),
    no("VER-older", case(airflow="2", runtime="13.11.0")),
    yes(
        "VER-002",
        case(inventory=source(airflow_version="2.4.3")),
        "what 7 versions of Airflow 2 would have warned of",
    ),
    no("VER-002", case()),
    no("VER-002", case(inventory=THREE)),
    yes("VER-015", case(airflow="2", runtime="13.11.0")),
    no("VER-015", case()),
    no("VER-015", case(inventory=THREE, airflow="2", runtime="13.11.0")),
    yes("VER-017", case(runtime="3.0-20")),
    no("VER-017", case(runtime="3.1-9")),
    yes("VER-010", case(facts=facts(runtimes=OFFERED), runtime="3.3-9"), "does not offer Runtime 3.3-9"),
    yes("VER-010", case(facts=facts(runtimes=OFFERED), runtime=""), "No Runtime is chosen"),
    yes("VER-010", case(facts=facts(runtimes=()))),
    no("VER-010", case(facts=facts(runtimes=OFFERED), runtime="3.1-9")),
    no("VER-010", case(runtime="9.9-9")),
    yes("VER-028", case(cron_data_intervals=False), "intervals of 1 cron DAG move"),
    no("VER-028", case()),
    no("VER-028", case(inventory=TRIGGER, cron_data_intervals=False)),
    no("VER-028", case(inventory=THREE, cron_data_intervals=False)),
    yes("VER-028-delta", case(inventory=HOURLY, cron_data_intervals=False), "hourly had one"),
    yes("VER-028-delta", case(ONE_WITHOUT, HOURLY)),
    no("VER-028-delta", case(inventory=HOURLY)),
    no("VER-028-delta", case(inventory=replace(HOURLY, airflow_version="3.1.0"))),
    yes("VER-027", case(inventory=CATCHING_UP), "a catch up on the source"),
    no("VER-027", case(with_environment({CATCHUP_VARIABLE: "True"}), CATCHING_UP)),
    no("VER-027", case(inventory=NOT_BY_DEFAULT)),
    no("VER-027", case(inventory=CODE_READ)),
    yes("VER-027", case(inventory=UNSAID)),
)
