"""Standard or dedicated cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import PRIVATE, Rule, Suggestion, listed, paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import ClusterType, Plan

NEEDS_DEDICATED = Rule("NET-001", "refuse", "migration guide, Phase 3; docs: networking overview")
PRIVATE_ON_STANDARD = Rule(
    "NET-002", "warn", "migration guide, Phase 2: cluster type; docs: connect-aws, connect-gcp"
)
TIER = Rule("NET-018", "warn", "docs of 2024: dedicated clusters from the Team plan on", "medium")
RULES = (NEEDS_DEDICATED, PRIVATE_ON_STANDARD, TIER)

_WITHOUT_DEDICATED = ("DEVELOPER", "BASIC", "TRIAL")


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[ClusterType]:
    """Dedicated where places look private, for only there peering and private endpoints exist."""
    private = tuple(f"{place.host}: {place.why}" for place in inventory.places if place.path in PRIVATE)
    if private:
        return Suggestion(
            "dedicated",
            f"{len(private)} place(s) look private, and only a dedicated cluster can be peered with your network.",
            private,
        )
    return Suggestion("standard", "No known place is private, and a standard cluster is there at once.")


def problems(plan: Plan, inventory: Inventory, facts: OrganizationFacts | None) -> Iterator[Finding]:
    """Private places that the chosen cluster cannot reach."""
    decisions = plan.decisions
    if decisions.cluster == "dedicated":
        plans = facts.plans if facts is not None else ()
        if plans and all(name.startswith(_WITHOUT_DEDICATED) for name in plans):
            yield TIER.finding(
                f"The Astro plan of this organization ({listed(plans)}) may not include dedicated clusters.",
                "decisions.cluster",
                "Ask Astronomer before you wait for one.",
            )
        return
    if decisions.networking in {"vpc-peering", "private-endpoint", "vpn"}:
        yield NEEDS_DEDICATED.finding(
            f"{decisions.networking} exists on dedicated clusters only.",
            "decisions.cluster",
            'Set decisions.cluster to "dedicated".',
        )
    private = [place.host for place, path, _ in paths(plan, inventory) if path in PRIVATE]
    if private and decisions.execution == "hosted":
        yield PRIVATE_ON_STANDARD.finding(
            f"A standard cluster does not reach private places: {listed(private)}.",
            "decisions.cluster",
            "Choose a dedicated cluster, or remote execution, or say in places that they are public.",
        )
