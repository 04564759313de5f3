"""Standard or dedicated cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import PRIVATE, Book, Case, Hit, Suggestion, listed, paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import ClusterType

BOOK = Book("cluster")
WHERE = "decisions.cluster"
ON_DEDICATED = frozenset({"vpc-peering", "transit-gateway", "private-endpoint", "vpn"})
"""ways into a private network; each exists on dedicated clusters only"""
_WITHOUT_DEDICATED = ("DEVELOPER", "BASIC", "TRIAL")


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[ClusterType]:
    """Dedicated where places are private and Astro runs the tasks, for only there peering and its like exist."""
    private = tuple(
        f"{place.host}: {place.why}" for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE
    )
    if private:
        return Suggestion(
            "dedicated",
            f"{len(private)} place(s) look private, and only a dedicated cluster can be peered with your network.",
            private,
        )
    return Suggestion("standard", "No known place is private, and a standard cluster is there at once.")


@BOOK.rule(
    "NET-002",
    "warn",
    about=WHERE,
    reads=("plan.decisions.cluster", "plan.decisions.execution", "plan.places", "inventory.places"),
    source="migration guide, Phase 2: cluster type; docs: connect-aws, connect-gcp",
)
def private_on_standard(case: Case) -> Iterator[Hit]:
    """A standard cluster does not reach private places.

    It calls out to the internet, from fixed addresses. What listens inside your network only is reached from a
    dedicated cluster (peering, private endpoints, VPN) or by remote agents that run there.
    """
    decisions = case.plan.decisions
    private = [place.host for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE]
    if private and decisions.cluster == "standard" and decisions.execution == "hosted":
        yield Hit(
            f"A standard cluster does not reach private places: {listed(private)}.",
            "Choose a dedicated cluster, or remote execution, or say in places that they are public.",
        )


@BOOK.rule(
    "NET-018",
    "warn",
    about=WHERE,
    reads=("plan.decisions.cluster", "organization.plans"),
    source="docs of 2024: dedicated clusters from the Team plan on",
    confidence="medium",
)
def dedicated_may_not_be_in_the_plan(case: Case) -> Iterator[Hit]:
    """Dedicated clusters are not in every Astro plan.

    Documents of 2024 offer them from the Team plan on; which plans have them now could not be confirmed.
    """
    plans = case.facts.plans if case.facts is not None else ()
    if (
        case.plan.decisions.cluster == "dedicated"
        and plans
        and all(name.startswith(_WITHOUT_DEDICATED) for name in plans)
    ):
        yield Hit(
            f"The Astro plan of this organization ({listed(plans)}) may not include dedicated clusters.",
            "Ask Astronomer before you wait for one.",
        )
