"""What goes on which allow list: who is called from where, whole, since a list that is cut opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice import cidr
from astroferry.advice.rules.rule import PRIVATE, paths

if TYPE_CHECKING:
    from astroferry.advice.nearby import Cloud
    from astroferry.advice.rules.rule import Case

ASTRO_HOSTS: tuple[str, ...] = (
    "cloud.astronomer.io",
    "api.astronomer.io",
    "auth.astronomer.io",
    "updates.astronomer.io",
    "install.astronomer.io",
    "<organization>.astronomer.run",
    "<cluster-id>.registry.astronomer.run",
)
"""what people and pipelines of yours must be able to reach; the last for images (docs of 2026: allowlist-domains)"""
AGENT_HOSTS: tuple[str, ...] = ("<cluster-id>.external.astronomer.run", "images.astronomer.cloud")
"""what agents must be able to reach (docs of 2026: remote-execution-get-started, allowlist-domains)"""
EXTERNAL_IPS = "the external IPs that Astro shows for the Deployment (externalIPs in its API)"
_CALLS_FROM: dict[Cloud, dict[str, str]] = {
    "AWS": {"vpc_subnet_range": "VPC"},
    "GCP": {"vpc_subnet_range": "VPC", "pod_subnet_range": "pods"},
    "AZURE": {"vpc_subnet_range": "VNet"},
}
"""the ranges from which tasks call where networks are joined, as the steps of each way name them"""

ANYWHERE = frozenset({"amazonaws.com", "googleapis.com", "management.azure.com", "slack.com"})
"""the services of whole clouds: public, and closed to nobody by address"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What the allow lists of some places must admit: all of `places`, and `admit` in words."""

    places: tuple[str, ...]
    admit: str

    @property
    def line(self) -> str:
        """As a sentence; with every place, since a list that is cut opens nothing."""
        return f"On the allow lists of {', '.join(self.places)}: {self.admit}."


@dataclass(frozen=True, slots=True)
class Outbound:
    """What must be let out: `who` calls ("people and pipelines"), and every host that they call."""

    who: str
    hosts: tuple[str, ...]

    @property
    def line(self) -> str:
        """As a sentence."""
        return f"Your own network must let {self.who} out to {', '.join(self.hosts)}."


@dataclass(frozen=True, slots=True)
class AllowLists:
    """What goes on which allow list: public places are called from other addresses than private ones."""

    inbound: tuple[Inbound, ...]
    outbound: tuple[Outbound, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them, a sentence each."""
        return (*(item.line for item in self.inbound), *(item.line for item in self.outbound))


def allow_list_places(case: Case) -> tuple[str, ...]:
    """Public places that may admit known addresses only; a cloud's own APIs ask who calls, not from where.

    None with remote execution: agents call them from your own network, as before.
    """
    if case.plan.decisions.execution == "remote":
        return ()
    known = paths(case.plan, case.inventory)
    return tuple(
        dict.fromkeys(place.host for place, path, _ in known if path == "public" and place.host not in ANYWHERE)
    )


def allow_lists(case: Case) -> AllowLists:
    """What goes on which allow list for the plan as it stands."""
    decisions = case.plan.decisions
    people = Outbound("people and pipelines", ASTRO_HOSTS)
    if decisions.execution == "remote":
        return AllowLists((), (Outbound("agents", AGENT_HOSTS), people))
    public = allow_list_places(case)
    inbound = [Inbound(public, EXTERNAL_IPS)] if public else []
    known = paths(case.plan, case.inventory)
    private = tuple(dict.fromkeys(place.host for place, path, _ in known if path in PRIVATE))
    if private and decisions.networking in cidr.ROUTED:
        inbound.append(Inbound(private, _joined(case)))
    return AllowLists(tuple(inbound), (people,))


def _joined(case: Case) -> str:
    """The cluster's ranges from which tasks call private places."""
    found = cidr.given(case.plan.network)
    calls = _CALLS_FROM[case.plan.decisions.cloud]
    told = [
        f"{found[key]} ({purpose})" if key in found else f"that of its {purpose}" for key, purpose in calls.items()
    ]
    return f"the cluster's own {'range' if len(told) == 1 else 'ranges'}, {' and '.join(told)}"
