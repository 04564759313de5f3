"""Where Astro runs and how it reaches the places that DAGs reach: cluster type, networking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice import cidr, clusters
from astroferry.advice.needs import network_needs
from astroferry.advice.rules import cluster, network, ranges
from astroferry.advice.rules.cluster import ON_DEDICATED
from astroferry.advice.ways_in import ways
from astroferry.model.words import names
from astroferry.stages.asking import decision, plain
from astroferry.stages.decisions import advised, checked, places_known, refused
from astroferry.stages.question import Option, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.advice.rules.rule import Case
    from astroferry.advice.ways_in import Step
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk

_CLUSTERS = {
    "standard": ("standard", "shared infrastructure, isolated by namespace; ready in minutes"),
    "dedicated": ("dedicated", "reserved for you; needed for peering and private endpoints; takes hours"),
}
_CLOUDS = {"AWS": ("AWS", ""), "GCP": ("Google Cloud", ""), "AZURE": ("Azure", "")}
_PATHS = ("public", "vpn", "peering", "private-endpoint", "local", "unknown")


class ClusterStage:
    """Shared or reserved infrastructure, and where."""

    key = "cluster"
    title = "Cluster type"
    guide = "Decision point: Cluster type"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """The places that tasks reach, and the clusters that are there."""
        there = [
            f"{item.name} ({item.cloud} {item.region}{''.join(f', {text}' for text in item.ranges.values())})"
            for item in (desk.facts.clusters if desk.facts else ())
        ]
        return (*places_known(desk), *((f"Dedicated clusters on Astro: {names(there)}.",) if there else ()))

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Type, cloud, region, and which cluster."""
        asked = [
            decision(
                "decisions.cluster",
                "Which cluster type?",
                _CLUSTERS,
                advised(desk, "decisions.cluster"),
                refused(desk, "decisions.cluster", _CLUSTERS),
            ),
            decision(
                "decisions.cloud",
                "Which cloud?",
                _CLOUDS,
                advised(desk, "decisions.cloud"),
                refused(desk, "decisions.cloud", _CLOUDS),
            ),
            self._text(desk, "decisions.region", "Which region?"),
        ]
        if desk.plan.decisions.cluster == "dedicated":
            help_text = (
                "Made on Astro beforehand: it takes hours, and its ranges are agreed with your network team. Without "
                "one, choose standard above."
            )
            asked.append(self._text(desk, "decisions.cluster_name", "Which dedicated cluster?", help_text))
        return tuple(asked)

    def _text(self, desk: Desk, key: str, prompt: str, help_text: str = "") -> Question:
        advice = advised(desk, key)
        value = advice.value if advice is not None else desk.current(key)
        return plain(key, prompt, "text", value or None, advice.reason if advice else "as it is now", help=help_text)

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the cluster rules."""
        return checked(desk, cluster.BOOK)


class NetworkingStage:
    """How Astro reaches what the DAGs reach."""

    key = "networking"
    title = "Networking"
    guide = "Phase 3: Networking"
    skipping = "paths stay as guessed, and the review says so"
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """Each place and why we think so; who must do what for the way that the plan has; allow lists."""
        case = desk.case
        if case is None:
            return ()
        return (
            *(f"{item.host}: {item.path} ({item.why})" for item in case.inventory.places),
            *(network_needs(case) if self.key in desk.plan.decided else ()),
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """The way, the path to each place, the ranges of a dedicated cluster that is joined with yours."""
        decisions = desk.plan.decisions
        offered: dict[str, tuple[str, str]] = {
            "public": ("over the internet", "with Astro's addresses on your allow lists"),
            **{way.way: (way.name, f"dedicated cluster; {who(way.steps)}") for way in ways(decisions.cloud)},
            "remote-agents": ("remote agents", "tasks run inside your network"),
        }
        asked = [
            decision(
                "decisions.networking",
                "How does Astro reach your data?",
                offered,
                advised(desk, "decisions.networking"),
                refused(desk, "decisions.networking", offered),
            )
        ]
        if desk.inventory is not None and desk.inventory.places:
            hosts = tuple(dict.fromkeys(place.host for place in desk.inventory.places))
            guessed = {place.host: place for place in desk.inventory.places}
            asked.append(
                Question(
                    "places",
                    "Over which path is each place reached?",
                    "per-item",
                    tuple(Option(path, path) for path in _PATHS),
                    hosts,
                    [{"host": host, "path": guessed[host].path} for host in hosts],
                    "guessed from the host names",
                    notes={host: guessed[host].why for host in hosts},
                )
            )
        if desk.case is not None and decisions.cluster == "dedicated" and decisions.networking in ON_DEDICATED:
            own = ", ".join(desk.plan.network.own_ranges)
            asked.append(
                plain(
                    "network.own_ranges",
                    "Address ranges of your own networks",
                    "text",
                    own or None,
                    "as it is now",
                    required=False,
                    help="Every network that Astro shall reach now or later, as CIDR, with commas between: "
                    "10.0.0.0/8, 172.16.0.0/12. The cluster's ranges are kept clear of them.",
                )
            )
            asked += _ranges(desk.case)
        return tuple(asked)

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the networking rules and those on address ranges."""
        return checked(desk, network.BOOK, ranges.BOOK)


def _ranges(case: Case) -> Iterator[Question]:
    """Those of the cluster that is there, to be written into the plan as they are; else free ones for a new one."""
    there = clusters.planned(case)
    if there is not None:
        for wanted in cidr.RANGES[case.plan.decisions.cloud]:
            if wanted.key in there.ranges:
                yield plain(
                    f"network.{wanted.key}",
                    f"Address range that {there.name} has: {wanted.purpose}",
                    "text",
                    there.ranges[wanted.key],
                    f"{there.name} has it, and it cannot be changed",
                    required=False,
                    help="Your network team needs it for routes and firewalls.",
                )
        return
    free = cidr.proposal(case)
    stays_clear = [item.whose for item in (*cidr.taken(case), *cidr.of_others(case))]
    of = f"clear of {names(stays_clear, 3)}" if stays_clear else "Astro's default; you named no network of yours"
    for wanted in cidr.RANGES[case.plan.decisions.cloud]:
        yield plain(
            f"network.{wanted.key}",
            f"Address range of the cluster: {wanted.purpose}",
            "text",
            free.get(wanted.key),
            of,
            required=False,
            help="It cannot be changed once the cluster is made. Agree it with your network team.",
        )


def who(steps_of_way: Iterable[Step]) -> str:
    """Who has a part in it: "your network team, Astro's support"."""
    parts = {
        "Astro support": "Astro's support",
        "cloud network team": "your network team",
        "security": "your security team",
    }
    having = {step.who for step in steps_of_way}
    return ", ".join(words for role, words in parts.items() if role in having)
