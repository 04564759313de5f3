"""Cases of the rules in advice/rules/hazards.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rows_code import saying
from tests.advice.rules.rulecase import CRON, PLAN, case, no, source, with_environment, yes

from astroferry.advice.rules.hazards import TIMEZONE
from astroferry.model.inventory import Caller, Dag, Schedule, Sign

BERLIN = source(
    config={"core": {"default_timezone": "Europe/Berlin"}},
    signs=(Sign("naive-start", "datetime()", 5, "a.py", dags=("a",)),),
)
OWN_XCOM = source(config={"core": {"xcom_backend": "acme.XCom"}})
FED = source(
    dags=(
        Dag("feeds", CRON, is_paused=False, catchup=False, produces=("s3://x",)),
        Dag("a", CRON, is_paused=False, catchup=False, consumes=("s3://x",)),
    )
)
ODD = Schedule("timetable", "Odd")
"""moved by people"""
FED_BY_HAND = replace(FED, dags=(replace(FED.dags[0], schedule=ODD), FED.dags[1]))
HAND_FED = replace(FED, dags=(FED.dags[0], replace(FED.dags[1], schedule=ODD)))
APART = replace(PLAN, waves=(replace(PLAN.waves[0], dags=("feeds",)), replace(PLAN.waves[0], name="w2", dags=("a",))))
CALLED = source(callers=(Caller("etl-bot", "post_dag_run", 41, dags=("a",)), Caller("", "patch_dag", 1)))

ROWS = (
    yes("HAZ-004", case(inventory=BERLIN), "Europe/Berlin; test, prod would run by UTC"),
    no("HAZ-004", case(with_environment({TIMEZONE: "Europe/Berlin"}), BERLIN)),
    no("HAZ-004", case(inventory=source(config={"core": {"default_timezone": "utc"}}))),
    yes("HAZ-007", case(inventory=saying("xcom-elsewhere", "dag_id"))),
    no("HAZ-007", case()),
    yes("HAZ-008", case(inventory=source(config={"logging": {"remote_logging": "False"}}))),
    no("HAZ-008", case(inventory=source(config={"logging": {"remote_logging": "True"}}))),
    no("HAZ-008", case()),
    yes("HAZ-009", case(inventory=saying("parse-time", "Variable.get")), "Variable.get (daily.py:12)"),
    no("HAZ-009", case()),
    yes("HAZ-010", case(inventory=saying("home-path", "/opt/airflow/dags")), "/opt/airflow/dags"),
    no("HAZ-010", case()),
    yes("HAZ-011", case(inventory=saying("local-disk", "/mnt/x")), "/mnt/x"),
    no("HAZ-011", case()),
    yes("HAZ-013", case(inventory=CALLED), "etl-bot (post_dag_run 41x), somebody (patch_dag 1x)"),
    no("HAZ-013", case()),
    yes("HAZ-014", case(inventory=saying("mail", "EmailOperator")), "EmailOperator"),
    no("HAZ-014", case()),
    yes("HAZ-015", case(inventory=saying("moving-start", "days_ago()")), "days_ago()"),
    no("HAZ-015", case()),
    yes("HAZ-016", case(inventory=saying("arrives-unpaused")), "would start a before the cutover"),
    yes("HAZ-016", case(with_environment({"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False"})), "test, prod"),
    no("HAZ-016", case(with_environment({"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}))),
    yes("HAZ-017", case(APART, FED), "a (fed by feeds) is paused"),
    yes("HAZ-017", case(inventory=FED_BY_HAND), "a (fed by feeds)"),
    yes("HAZ-017", case(inventory=HAND_FED), "a (fed by feeds)"),
    no("HAZ-017", case(inventory=FED)),
    no("HAZ-017", case(inventory=replace(FED, dags=FED.dags[1:]))),
    no("HAZ-017", case(replace(PLAN, waves=(replace(PLAN.waves[0], dags=("feeds",)),)), FED)),
    yes("HAZ-poke", case(inventory=saying("poke-sensor", "S3KeySensor")), "S3KeySensor"),
    no("HAZ-poke", case()),
    yes("HAZ-xcom", case(inventory=OWN_XCOM), "acme.XCom"),
    no("HAZ-xcom", case(inventory=source(config={"core": {"xcom_backend": "airflow.models.xcom.BaseXCom"}}))),
)
