"""How much work the migration is: counted from the plan by a measure of our own, which is said with every figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

LOOSE = 2
"""the upper end: everything takes this many times as long"""


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work: `days` of one person, and `measure`, how they were counted."""

    what: str
    days: float
    measure: str


def effort(
    plan: Plan, inventory: Inventory, findings: Iterable[Finding], by_hand: Collection[str]
) -> tuple[Work, ...]:
    """Pieces of work, in the order in which they come; none that takes no time.

    `by_hand`: ids of the DAGs that the cutover leaves to people.
    """
    return tuple(work for work in _pieces(plan, inventory, list(findings), set(by_hand)) if work.days)


def total(pieces: Iterable[Work]) -> tuple[int, int]:
    """Whole person days, the least and the most; money is counted from these, so that whoever multiplies agrees."""
    least = max(1, round(sum(work.days for work in pieces)))
    return least, least * LOOSE


def _pieces(plan: Plan, inventory: Inventory, findings: list[Finding], left: set[str]) -> Iterator[Work]:
    decisions = plan.decisions
    yield Work(
        "Workspaces, Deployments, access", 1 + 0.25 * len(plan.deployments), "a day, and a quarter a Deployment"
    )
    if decisions.cluster == "dedicated":
        yield Work("Dedicated cluster and its network", 4, "four days, beside the waiting")
    if decisions.execution == "remote":
        yield Work("Remote agents", 5, "five days: Kubernetes, secrets, XCom, images")
    about = [finding for finding in findings if not finding.dags]
    refused = sum(finding.severity == "refuse" for finding in about)
    warned = sum(finding.severity == "warn" for finding in about)
    yield Work("What refuses", 0.5 * refused, f"{several(refused, 'finding')} about the environment, half a day each")
    yield Work(
        "What needs a look", 0.25 * warned, f"{several(warned, 'finding')} about the environment, a quarter each"
    )
    touched = {dag for finding in findings if finding.severity == "refuse" for dag in finding.dags}
    looked = {dag for finding in findings if finding.severity == "warn" for dag in finding.dags} - touched - left
    yield Work("DAG code to change", 0.25 * len(touched), f"{several(len(touched), 'DAG')}, a quarter each")
    yield Work("DAGs to look at", 0.05 * len(looked), f"{several(len(looked), 'DAG')}, a twentieth each")
    yield Work("DAGs moved by hand", 0.25 * len(left), f"{several(len(left), 'DAG')}, a quarter each")
    typed = sum(
        number
        for way, number in (
            (plan.values.connections, len(inventory.connections)),
            (plan.values.variables, len(inventory.variables)),
        )
        if way == "typed"
    )
    yield Work("Secret values typed in", typed / 50, f"{several(typed, 'value')}, fifty a day")
    waves = len(plan.waves)
    yield Work("Waves: test, compare, cut over, watch", 1.0 * waves, f"{several(waves, 'wave')}, a day each")
    yield Work("Decommission", 1, "a day")
