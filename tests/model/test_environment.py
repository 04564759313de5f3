from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from astroferry.model.environment import CRON_DATA_INTERVALS, DELTA_DATA_INTERVALS, PAUSED_AT_CREATION, environment_of

if TYPE_CHECKING:
    from astroferry.model.plan import Plan


def with_decisions(plan: Plan, **decided: object) -> Plan:
    return replace(plan, decisions=replace(plan.decisions, **decided))  # type: ignore[arg-type] # keys of the test


def test_airflow_3_gets_the_data_intervals_of_airflow_2(plan: Plan) -> None:
    assert environment_of(plan, plan.deployment("data-prod")) == {
        PAUSED_AT_CREATION: "True",
        CRON_DATA_INTERVALS: "True",
        DELTA_DATA_INTERVALS: "True",
    }
    without = with_decisions(plan, cron_data_intervals=False)
    assert environment_of(without, plan.deployment("data-prod"))[CRON_DATA_INTERVALS] == "False"


def test_airflow_2_has_no_such_setting(plan: Plan) -> None:
    assert environment_of(with_decisions(plan, airflow="2"), plan.deployment("data-prod")) == {
        PAUSED_AT_CREATION: "True"
    }


def test_the_deployments_own_table_comes_last(plan: Plan) -> None:
    own = replace(plan.deployment("data-test"), environment={CRON_DATA_INTERVALS: "False", "TZ": "UTC"})
    assert environment_of(plan, own) == {
        PAUSED_AT_CREATION: "True",
        CRON_DATA_INTERVALS: "False",
        DELTA_DATA_INTERVALS: "True",
        "TZ": "UTC",
    }
