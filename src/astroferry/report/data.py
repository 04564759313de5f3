"""The report as data: everything that the pages count, DAG by DAG."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from astroferry import __version__
from astroferry.advice.effort import total
from astroferry.advice.needs import backend_needs, network_needs

if TYPE_CHECKING:
    from astroferry.report.assessment import Assessment

FORMAT = 1


def as_data(it: Assessment) -> dict[str, Any]:
    """Plain data for JSON; times in ISO 8601."""
    least, most = total(it.effort)
    return {
        "format": FORMAT,
        "astroferry": __version__,
        "name": it.plan.name,
        "made_at": it.made_at.isoformat(),
        "source": {
            "url": it.inventory.url,
            "airflow": it.inventory.airflow_version,
            "taken_at": it.inventory.taken_at.isoformat(),
            "dags": len(it.inventory.dags),
            "connections": len(it.inventory.connections),
            "variables": len(it.inventory.variables),
            "pools": len(it.inventory.pools),
        },
        "target": {"organization": it.plan.target.organization, "name": it.plan.target.organization_name},
        "verdict": asdict(it.verdicts.environment),
        "verdicts": it.verdicts.counts(),
        "dags": {
            dag_id: {"verdict": found.word, "reasons": [asdict(reason) for reason in found.reasons]}
            for dag_id, found in it.verdicts.dags.items()
        },
        "findings": [asdict(item) for item in it.findings],
        "decisions": [asdict(item) for item in it.decided],
        "review_again": list(it.plan.review_again),
        "waves": [asdict(wave) for wave in it.waves],
        "links": {
            "direct": [asdict(link) for link in it.links.direct],
            "datasets": {
                uri: {"written_by": list(writers), "starts": list(readers)}
                for uri, (writers, readers) in it.links.datasets.items()
            },
        },
        "high_risk": [{"dag": dag, "wave": wave, "why": list(why)} for dag, wave, why in it.high_risk],
        "environment": {"told_by": it.inventory.environment_from, "names": list(it.inventory.environment)},
        "roles": [asdict(role) for role in it.inventory.roles],
        "needs": {"network": list(network_needs(it.case)), "secrets": list(backend_needs(it.case))},
        "by_hand": dict(it.by_hand),
        "effort": {"least_days": least, "most_days": most, "pieces": [asdict(work) for work in it.effort]},
        "cost": {
            "currency": it.cost.currency,
            "weeks_in_parallel": it.cost.weeks,
            "least_a_month": it.cost.least,
            "most_a_month": it.cost.most,
            "items": [asdict(item) for item in it.cost.items],
        },
        "cutovers": [asdict(part) for part in it.cutovers],
    }
