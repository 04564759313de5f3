from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rows_version import OFFERED, THREE, TRIGGER
from tests.advice.rules.rulecase import PLAN, case, facts, ids, source

from astroferry.advice.rules.rule import listed, version_key
from astroferry.advice.rules.version import BOOK, suggest_airflow, suggest_cron_data_intervals, suggest_runtime

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory


def test_airflow_3_is_suggested_unless_there_is_none() -> None:
    only_two = facts(runtimes=[("13.11.0", "2.11.2", "")])
    assert suggest_airflow(case()).value == "3"
    assert suggest_airflow(case(facts=facts())).value == "3"
    assert suggest_airflow(case(facts=only_two)).value == "2"
    assert suggest_airflow(case(inventory=THREE, facts=only_two)).value == "3"


def test_from_1_the_way_over_2_is_named() -> None:
    found = suggest_airflow(case(inventory=source(airflow_version="1.10.12")))
    assert "over Airflow 2.11" in found.reason
    assert "one move" not in found.reason


def test_the_newest_runtime_on_offer_is_suggested() -> None:
    found = suggest_runtime(case(facts=facts(runtimes=OFFERED)))
    assert found.value == "3.3-8"
    assert "3.3.2" in found.reason
    assert "3.1-9" in found.evidence

    def of_2(inventory: Inventory) -> str:
        return suggest_runtime(case(inventory=inventory, facts=facts(runtimes=OFFERED), airflow="2")).value

    assert of_2(source(airflow_version="2.10.5")) == "12.1.0"
    assert of_2(source()) == "13.11.0"
    assert of_2(source(airflow_version="2.4.3")) == "13.11.0"
    assert suggest_runtime(case(facts=facts(runtimes=OFFERED[2:3]))).value == "3.3-10"
    assert suggest_runtime(case()).value == ""
    assert suggest_runtime(case(facts=facts(runtimes=()))).value == ""


def test_cron_data_intervals_are_kept() -> None:
    found = suggest_cron_data_intervals(case())
    assert (found.value, found.evidence) == (True, ("a",))
    assert suggest_cron_data_intervals(case(inventory=source(dags=()))).value is True
    unsaid = suggest_cron_data_intervals(case(inventory=THREE))
    assert (unsaid.value, unsaid.reason[:58]) == (True, "The source does not show the option; 1 of its 1 cron DAG h")
    assert suggest_cron_data_intervals(case(inventory=replace(THREE, dags=TRIGGER.dags))).value is False
    assert suggest_cron_data_intervals(case(inventory=replace(THREE, dags=()))).value is False
    kept = source(airflow_version="3.1.0", config={"scheduler": {"create_cron_data_intervals": "True"}})
    assert suggest_cron_data_intervals(case(inventory=kept)).value is True


def test_nothing_is_wrong_with_a_good_plan() -> None:
    assert ids(BOOK.problems(case(PLAN, facts=facts()))) == []
    assert ids(BOOK.problems(case(PLAN))) == []


def test_no_runtime_at_all_says_whom_to_ask() -> None:
    found = list(BOOK.problems(case(facts=facts(runtimes=()))))
    assert "Ask Astronomer" in found[0].todo


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
