"""Prices in the plan: read strictly, kept whole, never shown where none are given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from astroferry.model.plancheck import problems_of
from astroferry.model.planfile import dump, parse
from astroferry.model.prices import Prices
from astroferry.stages.walk import flat

if TYPE_CHECKING:
    from astroferry.model.plan import Plan

GIVEN = Prices("CHF", {"SMALL": 0.5}, {"A5": 1}, 2.5, 1000, 800.0)


def test_prices_are_kept(plan: Plan) -> None:
    priced = replace(plan, prices=GIVEN)
    text = dump(priced)
    assert "# What things cost" in text
    assert parse(text, "plan") == priced
    assert "prices" not in dump(plan)


def test_answers_may_hold_prices() -> None:
    assert flat({"prices": {"currency": "EUR", "worker_hour": {"A5": 1.0}}}) == {
        "prices.currency": "EUR",
        "prices.worker_hour": {"A5": 1.0},
    }


@pytest.mark.parametrize(
    ("prices", "where"),
    [
        (Prices(worker_hour={"A5": -1.0}), "prices.worker_hour.A5"),
        (Prices(cluster_hour=float("inf")), "prices.cluster_hour"),
        (Prices(deployment_hour={"HUGE": 1.0}), "prices.deployment_hour.HUGE"),
    ],
)
def test_prices_that_cannot_be(plan: Plan, prices: Prices, where: str) -> None:
    assert problems_of(plan) == []
    assert [problem.where for problem in problems_of(replace(plan, prices=prices))] == [where]
