"""The two ends: the organization we go to, the Airflow we come from, and what was found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules import hazards, platforms
from astroferry.model.words import names, several
from astroferry.stages.asking import choice, plain
from astroferry.stages.decisions import checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.stages.desk import Desk
    from astroferry.stages.question import Question

_CREDENTIALS = {
    "environment": ("environment variables", "nothing is stored by astroferry"),
    "keyring": ("this machine's keyring", "stays in the system's keyring"),
    "prompt": ("ask each time", "kept in memory only"),
}


class Prerequisites:
    """The organization on Astro, and how we enter."""

    key = "prerequisites"
    title = "Prerequisites"
    guide = "Prerequisites"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """The organization, where it was read; which address is asked, where the plan's is not."""
        instead = (f"ASTRO_API_URL is set: {desk.api_instead} is asked, whatever the plan says.",)
        told = instead if desk.api_instead else ()
        facts = desk.organization_seen
        if facts is None:
            return (*told, "The organization has not been asked yet.")
        organization = facts.organization
        return (
            *told,
            f"Organization {organization.name} ({organization.id}), plan {names(facts.plans) or 'not told'}.",
            f"{several(len(facts.workspaces), 'Workspace')}, {several(len(facts.deployments), 'Deployment')}.",
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """The address of the API, where the token comes from, the organization."""
        facts, target = desk.organization_seen, desk.plan.target
        own = "the token's own" if facts else ""
        return (
            plain("target.api", "Address of Astro's API", "text", target.api, "as it is now"),
            choice(
                "target.credentials",
                "Where the Astro token comes from",
                _CREDENTIALS,
                target.credentials,
                "ASTRO_API_TOKEN is what Astro's own tools read"
                if target.credentials == "environment"
                else "as it is now",
            ),
            plain("target.organization", "Organization id", "text", facts.organization.id if facts else None, own),
            plain(
                "target.organization_name",
                "Organization name",
                "text",
                facts.organization.name if facts else "",
                own,
                required=False,
            ),
        )

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """None here: `check` looks at the live organization."""
        del desk
        return ()


class SourceStage:
    """The Airflow we come from, and where its DAG code lies."""

    key = "source"
    title = "Source"
    guide = "Phase 1: Assessment"
    skipping = ""
    upsets = ("inventory",)

    def known(self, desk: Desk) -> tuple[str, ...]:
        """Its version, once it answered; what the DAG folder holds, once it was read."""
        folder = tuple(folder_known(desk))
        if desk.inventory is None:
            return ("Nothing has been read from the source yet.", *folder)
        return (f"Airflow {desk.inventory.airflow_version} at {desk.inventory.url}.", *folder)

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Address, credentials, DAG folder."""
        source = desk.plan.source
        url = source.url or (desk.inventory.url if desk.inventory else "")
        return (
            plain("source.url", "Address of the source Airflow", "text", url or None, "as it is now"),
            choice(
                "source.credentials",
                "Where the source's credentials come from",
                _CREDENTIALS,
                source.credentials,
                "nothing to type when the plan is resumed" if source.credentials != "prompt" else "as it is now",
            ),
            plain(
                "code.dags_folder",
                "The DAG folder, as in the source's repository",
                "path",
                desk.plan.code.dags_folder or None,
                "as it is now",
                help="A path on this machine, relative to the plan: usually a checkout of the repository.",
            ),
            plain(
                "source.environment",
                "File with its environment variables",
                "path",
                source.environment or (_file_that_told(desk.inventory) if desk.inventory else None),
                "as it is now" if source.environment else "assess read it",
                required=False,
                help="No API tells them. A .env file, or what env, docker inspect, kubectl -o yaml, helm get values, "
                "aws mwaa get-environment or gcloud composer environments describe print. Only names are kept.",
            ),
        )

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """What of the old machines, and in the code, may not work on Astro."""
        return checked(desk, hazards.BOOK, platforms.BOOK)


def _file_that_told(inventory: Inventory) -> str | None:
    told = inventory.environment_from
    return told if told and told != "Starship" else None


def folder_known(desk: Desk) -> Iterator[str]:
    """What the DAG folder defines, and which DAGs of the source it does not."""
    found = desk.found
    if found is None:
        return
    said = [f"{several(len(found.files_of), 'DAG')} in {several(found.files, 'file')}"]
    if found.computed:
        said.append(f"{several(len(found.computed), 'file')} with DAGs under computed names")
    if found.unreadable:
        said.append(f"not readable: {names(sorted(found.unreadable), 3)}")
    yield f"DAG folder: {', '.join(said)}."
    missing = found.missing(dag.dag_id for dag in desk.inventory.dags) if desk.inventory is not None else ()
    if missing and not found.computed:
        yield f"No file there defines {names(missing, 3)}, which the source has."


class InventoryStage:
    """What the source has: nothing to ask, all to see."""

    key = "inventory"
    title = "Inventory"
    guide = "Phase 1: Inventory your current environment"
    skipping = ""
    upsets = ("version", "execution", "cluster", "networking", "workspaces", "secrets", "values", "waves")

    def known(self, desk: Desk) -> tuple[str, ...]:
        """Counts, and what could not be read."""
        found = desk.inventory
        if found is None:
            return ("There is no inventory yet: run assess.",)
        active = sum(not dag.is_paused for dag in found.dags)
        unread = [item.probe for item in found.coverage if item.outcome in {"refused", "failed", "absent"}]
        return (
            f"{several(len(found.dags), 'DAG')}, {active:,} of them active.",
            (
                f"{several(len(found.connections), 'connection')}, {several(len(found.variables), 'variable')}, "
                f"{several(len(found.pools), 'pool')}."
            ),
            f"Custom operators: {names(found.custom_operators) or 'none seen'}.",
            f"Environment: {_environment(found)}.",
            f"Not read: {names(unread) or 'nothing'}.",
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Nothing is asked."""
        del desk
        return ()

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Those of the inventory."""
        return desk.inventory.findings if desk.inventory else ()


def _environment(found: Inventory) -> str:
    if not found.environment:
        return "unknown; name a file with it at the source stage"
    return f"{several(len(found.environment), 'variable')}, told by {found.environment_from}"
