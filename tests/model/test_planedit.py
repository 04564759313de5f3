"""One thing in a plan by its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from astroferry.errors import PlanError
from astroferry.model.plan import Wave
from astroferry.model.planedit import value_at, with_value

if TYPE_CHECKING:
    from astroferry.model.plan import Plan


def test_a_value_is_read_and_set_by_its_key(plan: Plan) -> None:
    assert value_at(plan, "decisions.airflow") == "3"
    assert value_at(plan, "name") == "sales"
    edited = with_value(plan, "decisions.region", "eu-west-1")
    assert edited.decisions.region == "eu-west-1"
    assert plan.decisions.region == "us-east-1"
    assert with_value(edited, "decisions.region", "us-east-1") == plan


def test_tables_are_set_from_dicts_and_from_what_a_plan_holds(plan: Plan) -> None:
    edited = with_value(plan, "waves", [{"name": "all", "test": "data-test", "production": "data-prod"}])
    assert edited.waves == (Wave("all", "data-test", "data-prod"),)
    assert with_value(edited, "waves", plan.waves) == plan
    assert with_value(plan, "target", plan.target) == plan


@pytest.mark.parametrize("key", ["nope", "decisions.nope", "decisions.airflow.nope", "nope.nope", "waves.0"])
def test_an_unknown_key_is_named(plan: Plan, key: str) -> None:
    with pytest.raises(KeyError):
        value_at(plan, key)
    with pytest.raises(PlanError, match=f"nothing called {key}") as error:
        with_value(plan, key, 1)
    assert [problem.where for problem in error.value.problems] == [key]


@pytest.mark.parametrize(
    ("key", "value"),
    [("decisions.airflow", "4"), ("decisions.high", True), ("cutover.poll", "often"), ("waves", [{"nam": "x"}])],
)
def test_a_value_of_a_wrong_type_is_a_problem_at_its_key(plan: Plan, key: str, value: Any) -> None:
    with pytest.raises(PlanError) as error:
        with_value(plan, key, value)
    assert all(problem.where.startswith(key.split(".", maxsplit=1)[0]) for problem in error.value.problems)
