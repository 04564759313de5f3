"""What the planned Astro costs, in words; in figures where the user gives prices, and only for what they price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.placing import steps
from astroferry.model.prices import HOURS_A_MONTH
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Deployment, Plan

WEEKS_A_MONTH = 52 / 12


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that costs. `least` and `most`: a month of it, or None where no price was given for it.

    `once`: it is paid once, for the time of the migration, and not by the month.
    """

    what: str
    words: str
    least: float | None = None
    most: float | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """All items. `least` and `most`: the priced ones by the month, together; None where nothing is priced."""

    currency: str
    items: tuple[Item, ...]
    weeks: int
    """for which both environments run, as planned"""

    @property
    def least(self) -> float | None:
        """The priced monthly items at their least, together."""
        return _together([item.least for item in self.items if not item.once])

    @property
    def most(self) -> float | None:
        """The priced monthly items at their most, together."""
        return _together([item.most for item in self.items if not item.once])

    @property
    def unpriced(self) -> tuple[str, ...]:
        """What has no price, so that the sums leave it out."""
        return tuple(item.what for item in self.items if item.least is None)


def cost(plan: Plan) -> Cost:
    """The cost of a plan, by the month of 730 hours."""
    weeks = weeks_in_parallel(plan)
    return Cost(plan.prices.currency, tuple(_items(plan, weeks)), weeks)


def weeks_in_parallel(plan: Plan) -> int:
    """How long both environments run: a week a step, and one more in which the source is kept as the way back.

    Waves of several Workspaces that belong to one step go in the same week.
    """
    return max(1, len(set(steps(plan).values()))) + 1


def amount(value: float, currency: str) -> str:
    """`1,234 EUR`; small sums keep their cents."""
    text = f"{value:,.0f}" if abs(value) >= 100 or not value else f"{value:,.2f}"
    return f"{text} {currency}".strip()


def _items(plan: Plan, weeks: int) -> Iterator[Item]:
    prices = plan.prices
    for deployment in plan.deployments:
        yield _of_deployment(plan, deployment)
        yield from _of_workers(plan, deployment)
    if plan.decisions.cluster == "dedicated":
        month = _month(prices.cluster_hour)
        yield Item(
            "Dedicated cluster",
            "billed for as long as it exists, idle or not, beside what runs in it",
            month,
            month,
        )
    if plan.decisions.execution == "remote":
        yield Item("Remote agents", "run on your own Kubernetes: its machines are yours to pay")
    parallel = prices.source_month * weeks / WEEKS_A_MONTH if prices.source_month is not None else None
    yield Item(
        "Both environments",
        f"the source goes on for about {several(weeks, 'week')}: one for each step of waves, one standing by",
        parallel,
        parallel,
        once=True,
    )


def _of_deployment(plan: Plan, deployment: Deployment) -> Item:
    month = _month(plan.prices.deployment_hour.get(deployment.scheduler_size))
    more = [
        *(["high availability"] if deployment.high_availability else []),
        *(["development mode: may hibernate, and then costs less"] if deployment.development_mode else []),
    ]
    size = deployment.scheduler_size.replace("_", " ").lower()
    words = f"size {size}, billed for as long as it exists{''.join(f'; {item}' for item in more)}"
    return Item(f"Deployment {deployment.name}", words, month, month)


def _of_workers(plan: Plan, deployment: Deployment) -> Iterator[Item]:
    if deployment.executor == "KUBERNETES":
        yield Item(f"Tasks of {deployment.name}", "a pod for each task, billed by what it asks for while it runs")
        return
    if plan.decisions.execution == "remote":
        return
    queues = (
        ("default", deployment.worker_machine, deployment.worker_min, deployment.worker_max),
        *((queue.name, queue.machine, queue.worker_min, queue.worker_max) for queue in deployment.worker_queues),
    )
    for name, machine, least, most in queues:
        month = _month(plan.prices.worker_hour.get(machine))
        where = deployment.name if name == "default" else f"{deployment.name}, queue {name}"
        yield Item(
            f"Workers of {where}",
            f"{least} to {most} machines {machine}, as tasks need them",
            None if month is None else least * month,
            None if month is None else most * month,
        )


def _month(hour: float | None) -> float | None:
    return None if hour is None else hour * HOURS_A_MONTH


def _together(amounts: list[float | None]) -> float | None:
    known = [item for item in amounts if item is not None]
    return sum(known) if known else None
