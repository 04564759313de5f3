from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rulecase import CRON, INVENTORY, PLAN, facts, ids

from astroferry.advice.rules.rule import listed, version_key
from astroferry.advice.rules.version import (
    CATCHUP_VARIABLE,
    DELTA_VARIABLE,
    problems,
    suggest_airflow,
    suggest_cron_data_intervals,
    suggest_runtime,
)
from astroferry.model.inventory import Dag, Schedule

OFFERED = (
    ("3.1-9", "3.1.7", "stable"),
    ("3.3-8", "3.3.2", "stable"),
    ("3.3-10", "3.3.3", "deprecated"),
    ("3.0-20", "3.0.6", "stable"),
    ("13.9.0", "2.11.1", "stable"),
    ("13.11.0", "2.11.2", "stable"),
    ("12.1.0", "2.10.5", "stable"),
)


def test_airflow_3_is_suggested_unless_there_is_none() -> None:
    assert suggest_airflow(INVENTORY, None).value == "3"
    assert suggest_airflow(INVENTORY, facts()).value == "3"
    assert suggest_airflow(INVENTORY, facts(runtimes=[("13.11.0", "2.11.2", "")])).value == "2"
    three = replace(INVENTORY, airflow_version="3.1.0")
    assert suggest_airflow(three, facts(runtimes=[("13.11.0", "2.11.2", "")])).value == "3"


def test_the_newest_runtime_on_offer_is_suggested() -> None:
    found = suggest_runtime(INVENTORY, facts(runtimes=OFFERED))
    assert found.value == "3.3-8"
    assert "3.3.2" in found.reason
    assert "3.1-9" in found.evidence
    assert (
        suggest_runtime(replace(INVENTORY, airflow_version="2.10.5"), facts(runtimes=OFFERED), "2").value == "12.1.0"
    )
    assert suggest_runtime(INVENTORY, facts(runtimes=OFFERED), "2").value == "13.11.0"
    assert (
        suggest_runtime(replace(INVENTORY, airflow_version="2.4.3"), facts(runtimes=OFFERED), "2").value == "13.11.0"
    )
    assert suggest_runtime(INVENTORY, facts(runtimes=OFFERED[2:3])).value == "3.3-10"
    assert suggest_runtime(INVENTORY, None).value == ""
    assert suggest_runtime(INVENTORY, facts(runtimes=())).value == ""


def test_cron_data_intervals_are_kept() -> None:
    found = suggest_cron_data_intervals(INVENTORY, None)
    assert (found.value, found.evidence) == (True, ("a",))
    assert suggest_cron_data_intervals(replace(INVENTORY, dags=()), None).value is True
    three = replace(INVENTORY, airflow_version="3.1.0")
    assert suggest_cron_data_intervals(three, None).value is False
    three = replace(three, config={"scheduler": {"create_cron_data_intervals": "True"}})
    assert suggest_cron_data_intervals(three, None).value is True


def test_nothing_is_wrong_with_a_good_plan() -> None:
    assert ids(problems(PLAN, INVENTORY, facts())) == []
    assert ids(problems(PLAN, INVENTORY, None)) == []


def test_airflow_1_and_downgrades_are_refused() -> None:
    assert ids(problems(PLAN, replace(INVENTORY, airflow_version="1.10.15"), facts())) == ["VER-001"]
    two = replace(PLAN, decisions=replace(PLAN.decisions, airflow="2", runtime="13.11.0"))
    offered = facts(runtimes=OFFERED)
    assert ids(problems(two, replace(INVENTORY, airflow_version="3.1.0"), offered)) == ["VER-down"]
    assert ids(problems(two, INVENTORY, offered)) == ["VER-015"]


@pytest.mark.parametrize(
    ("runtime", "expected"), [("3.3-9", ["VER-010"]), ("3.0-20", ["VER-017"]), ("", ["VER-010"]), ("3.1-9", [])]
)
def test_the_runtime_must_be_on_offer(runtime: str, expected: list[str]) -> None:
    plan = replace(PLAN, decisions=replace(PLAN.decisions, runtime=runtime))
    assert ids(problems(plan, INVENTORY, facts(runtimes=OFFERED))) == expected


def test_no_runtime_at_all_says_whom_to_ask() -> None:
    found = list(problems(PLAN, INVENTORY, facts(runtimes=())))
    assert "Ask Astronomer" in found[0].todo


def test_moved_meanings_are_told() -> None:
    plan = replace(PLAN, decisions=replace(PLAN.decisions, cron_data_intervals=False))
    assert ids(problems(plan, INVENTORY, None)) == ["VER-028"]
    trigger = Dag("a", replace(CRON, triggers_only=True), is_paused=False)
    assert ids(problems(plan, replace(INVENTORY, dags=(trigger,)), None)) == []


@pytest.mark.parametrize(("variable", "code"), [(DELTA_VARIABLE, "VER-028-delta"), (CATCHUP_VARIABLE, "VER-027")])
def test_defaults_are_frozen_in_every_deployment(variable: str, code: str) -> None:
    schedule = Schedule("timedelta", "3600") if variable == DELTA_VARIABLE else CRON
    inventory = replace(INVENTORY, dags=(Dag("a", schedule, is_paused=False, catchup=variable == CATCHUP_VARIABLE),))
    first = replace(PLAN.deployments[0], environment={variable: "True"})
    partly = replace(PLAN, deployments=(first, PLAN.deployments[1]))
    found = list(problems(partly, inventory, None))
    assert ids(found) == [code]
    assert found[0].subject == "prod"
    both = replace(PLAN, deployments=(first, replace(PLAN.deployments[1], environment={variable: "True"})))
    assert ids(problems(both, inventory, None)) == []


def test_catchup_matters_only_where_it_is_the_default() -> None:
    config = {"scheduler": {"catchup_by_default": "False"}}
    inventory = replace(INVENTORY, dags=(Dag("a", CRON, is_paused=False, catchup=True),), config=config)
    assert ids(problems(PLAN, inventory, None)) == []


def test_versions_compare_as_numbers() -> None:
    ordered = ["2.9.3", "2.10.5+astro.1", "2.11.2", "13.7.0"]
    assert sorted(ordered, key=version_key) == ordered
    assert version_key("3.3-10") > version_key("3.3-8")
    assert version_key("2.11.0rc1") == (2, 11, 0)
    assert version_key("before 2.5.0") == ()


@given(st.text())
def test_any_text_has_a_version_key(text: str) -> None:
    version_key(text)


def test_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg"), 3) == "a, b, c and 4 more"
