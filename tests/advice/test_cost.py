"""Cost in words, and in figures where there are prices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advice.rules.rulecase import PLAN

from astroferry.advice.cost import amount, cost
from astroferry.model.plan import Deployment, Plan, Wave, WorkerQueue
from astroferry.model.prices import Prices

PRICES = Prices("EUR", {"SMALL": 0.5}, {"A5": 0.1, "A10": 0.2}, cluster_hour=2.0, source_month=2600.0)


def planned(*deployments: Deployment, prices: Prices = PRICES, waves: int = 1, **decided: str) -> Plan:
    decisions = replace(PLAN.decisions, **decided)  # type: ignore[arg-type] # the tests name what they set
    division = tuple(Wave(f"w{number}", "prod", "prod", ()) for number in range(waves))
    return replace(PLAN, deployments=deployments, decisions=decisions, prices=prices, waves=division)


PROD = Deployment("prod", "w", worker_min=1, worker_max=4)


def test_without_prices_there_are_only_words() -> None:
    found = cost(planned(PROD, prices=Prices(), cluster="dedicated"))
    assert (found.least, found.most) == (None, None)
    assert [item.what for item in found.items] == [
        "Deployment prod",
        "Workers of prod",
        "Dedicated cluster",
        "Both environments",
    ]
    assert found.unpriced == tuple(item.what for item in found.items)
    assert "size small" in found.items[0].words


def test_figures_by_the_month() -> None:
    found = cost(planned(PROD, waves=3, cluster="dedicated"))
    assert [(item.least, item.most) for item in found.items] == [
        (365, 365),
        (73, 292),
        (1460, 1460),
        (pytest.approx(2400), pytest.approx(2400)),
    ]
    assert (found.least, found.most) == (1898, 2117)
    assert found.items[-1].once
    assert found.weeks == 4
    assert "about 4 weeks" in found.items[-1].words


def test_what_has_no_price_is_left_out_and_named() -> None:
    big = Deployment("big", "w", scheduler_size="LARGE", high_availability=True, worker_machine="A120")
    found = cost(planned(PROD, big))
    assert found.unpriced == ("Deployment big", "Workers of big")
    assert "high availability" in found.items[2].words
    assert found.least == 365 + 73


def test_queues_pods_and_agents() -> None:
    queues = replace(PROD, worker_queues=(WorkerQueue("heavy", "A10", 0, 2),))
    pods = Deployment("pods", "w", executor="KUBERNETES", development_mode=True)
    found = {item.what: item for item in cost(planned(queues, pods)).items}
    assert found["Workers of prod, queue heavy"].most == 292
    assert found["Tasks of pods"].least is None
    assert "hibernate" in found["Deployment pods"].words
    remote = [item.what for item in cost(planned(PROD, execution="remote")).items]
    assert remote == ["Deployment prod", "Remote agents", "Both environments"]


@pytest.mark.parametrize(
    ("value", "currency", "text"), [(1234.5, "EUR", "1,234 EUR"), (99.5, "", "99.50"), (0, "USD", "0 USD")]
)
def test_amounts(value: float, currency: str, text: str) -> None:
    assert amount(value, currency) == text
