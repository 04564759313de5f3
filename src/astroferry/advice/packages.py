"""How Python packages come to where tasks run: by the image of an Astro project, or by that of remote agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case


def bring(case: Case, what: str = "them") -> str:
    """What to do with packages, as a sentence; astroferry deploys DAGs only, and no image."""
    if case.plan.decisions.execution == "remote":
        return f"Build {what} into the image of the agents, and roll it out before the DAGs."
    return (
        f"List {what} in requirements.txt of an Astro project and deploy its image (`astro deploy`) before the DAGs."
    )


def requirement(case: Case, package: str) -> str:
    """A line for requirements.txt.

    The source's version where Airflow stays the same; where it does not, also from one Airflow 3 to a newer one, that
    version or a newer one, since providers follow Airflow.
    """
    version = next((item.version for item in case.inventory.providers if item.package == package), "")
    if not version:
        return package
    return f"{package}>={version}" if case.upgrades else f"{package}=={version}"
