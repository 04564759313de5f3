"""The report from an assessment: which sections there are and in which order; each appears once its stage exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry import __version__
from astroferry.report import chapters, chapters_needs, chapters_plan
from astroferry.report.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.report.assessment import Assessment
    from astroferry.report.document import Section

SECTIONS: tuple[Callable[[Assessment], Section | None], ...] = (
    chapters.verdict,
    chapters.inventory,
    chapters_plan.decisions,
    chapters_plan.waves,
    chapters.dependencies,
    chapters.dags,
    chapters.findings,
    chapters_needs.network,
    chapters_needs.secrets,
    chapters_needs.access,
    chapters_plan.manual,
    chapters_plan.effort,
    chapters_plan.cost,
    chapters_plan.cutovers,
)


def compose(it: Assessment) -> Document:
    """The whole report."""
    plan, inventory = it.plan, it.inventory
    organization = plan.target.organization_name or plan.target.organization or "an organization still to be chosen"
    return Document(
        _title(plan.name),
        (
            f"From Airflow {inventory.airflow_version} at {inventory.url} to Astro, {organization}.",
            f"As of {it.made_at:%Y-%m-%d %H:%M} UTC; the inventory is of {inventory.taken_at:%Y-%m-%d %H:%M} UTC.",
        ),
        tuple(section for make in SECTIONS if (section := make(it)) is not None),
        (
            f"Made by astroferry {__version__}. It holds names and figures, no secret value.",
            "What a code means: astroferry explain CODE.",
        ),
    )


def _title(name: str) -> str:
    """By the plan's name, unless that says no more than that it is one."""
    return "Migration to Astro" if name.lower() == "migration" else f"Migration {name}"
