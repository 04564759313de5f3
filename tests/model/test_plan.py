from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from astroferry.model.plan import Wave

if TYPE_CHECKING:
    from astroferry.model.plan import Plan

DAGS = ("a", "b", "c", "d")


def test_parts_are_found_by_name(plan: Plan) -> None:
    assert plan.deployment("data-prod").role == "production"
    assert plan.wave("rest").dags == ("*",)
    with pytest.raises(KeyError, match="nope"):
        plan.deployment("nope")
    with pytest.raises(KeyError, match="nope"):
        plan.wave("nope")


def test_one_waves_state_changes_alone(plan: Plan) -> None:
    after = plan.with_wave_state("rest", "tested")
    assert [wave.state for wave in after.waves] == ["planned", "tested"]
    assert replace(after, waves=plan.waves) == plan


@pytest.mark.parametrize(
    ("dags", "without", "others", "expected"),
    [
        (("*",), (), (), DAGS),
        (("*",), ("b",), (), ("a", "c", "d")),
        (("*",), (), ("a", "d"), ("b", "c")),
        (("c", "a"), (), ("d",), ("a", "c")),
        (("*", "d"), (), ("d",), DAGS),
        (("a", "gone"), (), (), ("a",)),
        (("a",), ("a",), (), ()),
        ((), (), (), ()),
    ],
)
def test_dags_of_a_wave(
    plan: Plan, dags: tuple[str, ...], without: tuple[str, ...], others: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    wave = Wave("w", "t", "p", dags=dags, without=without)
    whole = replace(plan, waves=(Wave("other", "t", "p", dags=others), wave))
    assert whole.dags_of(wave, DAGS) == expected


def test_two_waves_with_a_star_each_leave_the_others_named_ones(plan: Plan) -> None:
    one, two = Wave("1", "t", "p", dags=("*",)), Wave("2", "t", "p", dags=("b",))
    whole = replace(plan, waves=(one, two))
    assert whole.dags_of(one, DAGS) == ("a", "c", "d")
    assert whole.dags_of(two, DAGS) == ("b",)
