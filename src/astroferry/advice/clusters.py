"""The dedicated clusters of the organization: the one that a plan names, and the ranges that others have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case
    from astroferry.model.organization import ClusterSeen

READY = "CREATED"


def dedicated(case: Case) -> tuple[ClusterSeen, ...]:
    """Those that are there; none where the organization was not asked."""
    clusters = case.facts.clusters if case.facts is not None else ()
    return tuple(item for item in clusters if item.type == "DEDICATED")


def planned(case: Case) -> ClusterSeen | None:
    """The plan's dedicated cluster, where it is there already; its ranges are as they are, for ever."""
    decisions = case.plan.decisions
    if decisions.cluster != "dedicated" or not decisions.cluster_name:
        return None
    return next((item for item in dedicated(case) if item.name == decisions.cluster_name), None)
