"""Which wave takes which DAG."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from astroferry.carry.decommission.leaving import waves_moved
from astroferry.model.division import divided
from astroferry.model.plan import Plan, Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.model.inventory import Inventory

DAGS = ("sales_a", "sales_b", "sales_eu_a", "stock", "x")


def taken(*waves: tuple[str, Sequence[str]], without: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    return divided([(name, dags, without) for name, dags in waves], DAGS)


def test_the_nearest_name_wins() -> None:
    found = taken(("one", ["sales_*"]), ("two", ["sales_eu_*", "sales_a"]), ("rest", ["*"]))
    assert found == {
        "sales_a": ("two",),
        "sales_b": ("one",),
        "sales_eu_a": ("two",),
        "stock": ("rest",),
        "x": ("rest",),
    }


def test_what_no_wave_takes_and_what_is_left_out() -> None:
    assert taken(("one", ["sales_a"]))["x"] == ()
    found = taken(("one", ["sales_*"]), ("rest", ["*"]), without=["sales_b", "x"])
    assert found["sales_b"] == ()
    assert found["x"] == ()
    assert found["stock"] == ("rest",)


def test_two_waves_that_name_one_dag_both_take_it() -> None:
    assert taken(("one", ["x"]), ("two", ["x"]))["x"] == ("one", "two")


def test_a_plan_gives_the_dags_of_a_wave_in_the_order_of_all(plan: Plan) -> None:
    waves = (Wave("rest", "data-test", "data-prod"), Wave("sales", "data-test", "data-prod", ("sales_*", "x")))
    split = replace(plan, waves=waves)
    assert split.dags_of(waves[0], DAGS) == ("stock",)
    assert split.dags_of(waves[1], DAGS) == ("sales_a", "sales_b", "sales_eu_a", "x")


def test_a_wave_that_takes_no_dag_is_not_waited_for(plan: Plan, inventory: Inventory) -> None:
    ids = tuple(dag.dag_id for dag in inventory.dags)
    waves = (Wave("named", "data-test", "data-prod", ids, state="cut over"), Wave("rest", "data-test", "data-prod"))
    split = replace(plan, waves=waves)
    assert split.peopled(ids) == waves[:1]
    assert split.peopled((*ids, "new")) == waves
    assert waves_moved(split, inventory, {}).outcome == "met"
    left = waves_moved(replace(plan, waves=(waves[1],)), inventory, {})
    assert (left.outcome, left.detail) == ("missing", "not yet: rest (planned)")


@given(st.lists(st.lists(st.text("ab", max_size=4), max_size=4), max_size=4), st.sets(st.text("ab", min_size=1)))
def test_as_looking_at_each_pattern_would_find(starts: list[list[str]], everything: set[str]) -> None:
    """Against the plain reading: of all beginnings that fit, the longest, the first wave that has it."""
    waves = [(str(number), [f"{start}*" for start in dags], ()) for number, dags in enumerate(starts)]
    found = divided(waves, everything)
    for dag in everything:
        fits = [
            (len(start), -number) for number, dags in enumerate(starts) for start in dags if dag.startswith(start)
        ]
        assert found[dag] == ((str(-max(fits)[1]),) if fits else ())
