"""How Astro reaches the places that DAGs reach."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import PRIVATE, Rule, Suggestion, listed, paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory, PathKind
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Networking, Plan

PUBLIC_ONLY = Rule("NET-004", "warn", "migration guide, Phase 3: networking")
ALLOW_LISTS = Rule("NET-021", "advise", "docs: connect-aws, external IPs of a cluster")
NOT_CONFIRMED = Rule("NET-ask", "advise", "a guess from a host name is only a guess")
LOCALHOST = Rule("NET-local", "warn", "Deployments run in pods of Astro's")
RULES = (PUBLIC_ONLY, ALLOW_LISTS, NOT_CONFIRMED, LOCALHOST)

_WAYS: dict[PathKind, Networking] = {
    "peering": "vpc-peering",
    "vpn": "vpn",
    "private-endpoint": "private-endpoint",
}


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[Networking]:
    """The way that most private places take; public where there is none."""
    private = [place for place in inventory.places if place.path in PRIVATE]
    if not private:
        return Suggestion("public", "No known place needs more than the internet.")
    # The first of equals in a fixed order, so that the same inventory always gives the same advice.
    counted = Counter(place.path for place in private)
    path = max(_WAYS, key=lambda kind: counted[kind])
    return Suggestion(
        _WAYS[path],
        f"{counted[path]} of {len(private)} private place(s) look as if they were reached by {path}.",
        tuple(f"{place.host}: {place.why}" for place in private),
    )


def problems(plan: Plan, inventory: Inventory, _facts: OrganizationFacts | None) -> Iterator[Finding]:
    """Places that the chosen way does not reach, and guesses that nobody confirmed."""
    known = paths(plan, inventory)
    private = [place.host for place, path, _ in known if path in PRIVATE]
    if private and plan.decisions.networking == "public":
        yield PUBLIC_ONLY.finding(
            f"Over the internet alone these places are not reached: {listed(private)}.",
            "decisions.networking",
            "Choose how they are reached, or say in places that they are public.",
        )
    local = [place.host for place, path, _ in known if path == "local"]
    if local:
        yield LOCALHOST.finding(
            f"{listed(local)} mean the Airflow machine itself, which Astro does not have.",
            "places",
            "Give these services a reachable address, or skip their connections.",
        )
    guessed = [place.host for place, path, confirmed in known if not confirmed and path != "local"]
    if guessed:
        yield NOT_CONFIRMED.finding(
            f"The network path to {len(guessed)} place(s) is only guessed: {listed(guessed)}.",
            "places",
            "Confirm each path in the plan.",
        )
    public = [place.host for place, path, _ in known if path == "public"]
    if public:
        yield ALLOW_LISTS.finding(
            f"{len(public)} public place(s) may admit known addresses only: {listed(public)}.",
            "decisions.networking",
            "Add the external IPs of the Astro cluster to their allow lists before the first test.",
        )
