"""Hosted or remote execution: where tasks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import PRIVATE, Rule, Suggestion, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Execution, Plan

TIER = Rule("EXE-001", "refuse", "migration guide, Phase 2: execution model; docs: remote-execution-overview")
TIER_DISPUTED = Rule("EXE-002", "warn", "guide says Business or Enterprise, docs of 2026 say Enterprise")
NEEDS_AIRFLOW_3 = Rule("EXE-003", "refuse", "migration guide, Phase 2: execution model")
NEEDS_ASTRO_EXECUTOR = Rule("EXE-004", "refuse", "Astro API: remote execution takes the Astro executor only")
NEEDS_BACKEND = Rule("EXE-012", "warn", "docs: remote-execution-configure-secrets-backend")
RULES = (TIER, TIER_DISPUTED, NEEDS_AIRFLOW_3, NEEDS_ASTRO_EXECUTOR, NEEDS_BACKEND)

_WITH_REMOTE = ("ENTERPRISE", "IBM_ENTERPRISE", "POV", "INTERNAL")


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[Execution]:
    """Hosted: it is the default and the simplest; private places are named, since they may speak for remote."""
    private = tuple(f"{place.host}: {place.why}" for place in inventory.places if place.path in PRIVATE)
    if private:
        reason = (
            f"{len(private)} place(s) look private; peering or VPN to a dedicated cluster reaches them. Choose "
            "remote where tasks must run inside your own network."
        )
        return Suggestion("hosted", reason, private)
    return Suggestion("hosted", "Every known place can be reached over the internet, so Astro can run the tasks.")


def problems(plan: Plan, _inventory: Inventory, facts: OrganizationFacts | None) -> Iterator[Finding]:
    """What remote execution asks for and this plan does not have."""
    if plan.decisions.execution != "remote":
        return
    where = "decisions.execution"
    if plan.decisions.airflow != "3":
        yield NEEDS_AIRFLOW_3.finding(
            "Remote execution needs Airflow 3.", where, 'Set decisions.airflow to "3", or execution to "hosted".'
        )
    yield from _tier(facts, where)
    others = [item.name for item in plan.deployments if item.executor != "ASTRO"]
    if others:
        yield NEEDS_ASTRO_EXECUTOR.finding(
            f"Remote execution runs with the Astro executor only; {listed(others)} have another.",
            listed(others),
            'Set their executor to "ASTRO".',
        )
    if plan.decisions.secrets_backend in {"airflow", "astro-environment"}:
        yield NEEDS_BACKEND.finding(
            "Remote agents read secrets from a backend on your side; the plan keeps them on Astro.",
            "decisions.secrets_backend",
            "Choose the secrets backend that the agents will use.",
        )


def _tier(facts: OrganizationFacts | None, where: str) -> Iterator[Finding]:
    plans = facts.plans if facts is not None else ()
    if not plans or any(plan.startswith(_WITH_REMOTE) or "CRITICAL" in plan for plan in plans):
        return
    if any(plan.startswith("BUSINESS") for plan in plans):
        yield TIER_DISPUTED.finding(
            "The guide offers remote execution from the Business plan on, newer documents from Enterprise on.",
            where,
            "Ask Astronomer whether your plan includes it, before you build on it.",
        )
    else:
        yield TIER.finding(
            f"Remote execution is not in the Astro plan of this organization ({listed(plans)}).",
            where,
            'Choose "hosted", or move to the Business or Enterprise plan.',
        )
