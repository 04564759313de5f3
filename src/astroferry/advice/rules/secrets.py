"""Where secrets live on Astro: a backend, and whether the names and sizes of this source fit into it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Rule, Suggestion, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan, SecretsBackend

KEEP = Rule("SEC-015", "warn", "migration guide, Phase 3: secrets backend")
COLLIDING = Rule("SEC-006", "refuse", "provider microsoft-azure 15.2.1: KeyVaultBackend turns _ into -")
NOT_STORABLE = Rule("SEC-008", "refuse", "naming rules of Key Vault, GCP Secret Manager, and environment variables")
TOO_LARGE = Rule("SEC-010", "refuse", "limits of the stores, 2026", "medium")
PROVIDER = Rule("SEC-021", "warn", "docs: Airflow 3 Runtime images carry only the providers that Astro needs")
RULES = (KEEP, COLLIDING, NOT_STORABLE, TOO_LARGE, PROVIDER)

BACKENDS: dict[str, SecretsBackend] = {
    "SecretsManagerBackend": "aws-secrets-manager",
    "SystemsManagerParameterStoreBackend": "aws-parameter-store",
    "CloudSecretManagerBackend": "gcp-secret-manager",
    "VaultBackend": "hashicorp-vault",
    "AzureKeyVaultBackend": "azure-key-vault",
}
"""class name of Airflow's secrets backend -> the decision"""

_PROVIDERS: dict[SecretsBackend, str] = {
    "aws-secrets-manager": "apache-airflow-providers-amazon",
    "aws-parameter-store": "apache-airflow-providers-amazon",
    "gcp-secret-manager": "apache-airflow-providers-google",
    "hashicorp-vault": "apache-airflow-providers-hashicorp",
    "azure-key-vault": "apache-airflow-providers-microsoft-azure",
}
_LARGEST: dict[SecretsBackend, int] = {
    "aws-secrets-manager": 65_536,
    "aws-parameter-store": 8_192,
    "gcp-secret-manager": 65_536,
    "azure-key-vault": 25_600,
}
"""bytes of one value; the advanced tier for parameter store"""

_STORABLE: dict[SecretsBackend, re.Pattern[str]] = {
    "gcp-secret-manager": re.compile(r"[A-Za-z0-9_-]{1,230}"),
    "azure-key-vault": re.compile(r"[A-Za-z0-9_-]{1,100}"),
    "astro-environment": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
}
"""names without their prefix; the longest prefix in use is taken off the length"""


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[SecretsBackend]:
    """The backend that the source uses, else Airflow's own database, where they are today."""
    used = _used(inventory)
    if used is not None:
        return Suggestion(
            used, "The source uses it already: point Astro at the same, and secrets stay where they are."
        )
    configured = inventory.config.get("secrets", {}).get("backend", "")
    count = len(inventory.connections) + len(inventory.variables)
    if configured:
        reason = f"The source's backend {configured.rsplit('.', 1)[-1]} is none that Astro documents."
        return Suggestion("airflow", reason, (configured,))
    reason = f"{count} connection(s) and variable(s) are in the source's database; keep that now, move them later."
    return Suggestion("airflow", reason)


def problems(plan: Plan, inventory: Inventory, _facts: OrganizationFacts | None) -> Iterator[Finding]:
    """Where the chosen backend is another than the source's, or cannot hold what the source has."""
    chosen, where = plan.decisions.secrets_backend, "decisions.secrets_backend"
    used = _used(inventory)
    if used is not None and chosen != used:
        yield KEEP.finding(
            f"The source reads secrets from {used}, the plan puts them into {chosen}.",
            where,
            "Point Astro at the same backend, or copy there what DAGs use.",
        )
    if plan.decisions.airflow == "3" and chosen in _PROVIDERS:
        yield PROVIDER.finding(
            f"Airflow 3 Runtimes come without {_PROVIDERS[chosen]}; without it no secret is found.",
            where,
            f"List {_PROVIDERS[chosen]} in requirements.txt.",
        )
    names = _names(plan, inventory)
    pattern = _STORABLE.get(chosen)
    bad = [name for name in names if pattern is not None and not pattern.fullmatch(name)]
    if bad:
        yield NOT_STORABLE.finding(f"{chosen} cannot hold these names: {listed(bad)}.", listed(bad), "Rename them.")
    yield from _collisions(chosen, names)
    largest = _LARGEST.get(chosen)
    large = [seen.key for seen in inventory.variables if largest is not None and seen.size > largest]
    if large:
        yield TOO_LARGE.finding(
            f"{chosen} holds values up to {largest} bytes; too large: {listed(large)}.",
            listed(large),
            "Split them, or keep them elsewhere.",
        )


def _collisions(chosen: SecretsBackend, names: list[str]) -> Iterator[Finding]:
    """Names that the backend cannot tell apart; connections and variables have separate prefixes there."""
    fold = {
        "azure-key-vault": lambda name: name.replace("_", "-").lower(),
        "astro-environment": str.upper,
    }.get(chosen)
    if fold is None:
        return
    together: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        together[fold(name)].add(name)
    for same in together.values():
        if len(same) > 1:
            pair = " and ".join(sorted(same))
            yield COLLIDING.finding(f"{chosen} cannot tell {pair} apart.", pair, "Rename all but one.")


def _names(plan: Plan, inventory: Inventory) -> list[str]:
    connections = [seen.conn_id for seen in inventory.connections if seen.conn_id not in plan.values.skip_connections]
    variables = [seen.key for seen in inventory.variables if seen.key not in plan.values.skip_variables]
    return connections + variables


def _used(inventory: Inventory) -> SecretsBackend | None:
    configured = inventory.config.get("secrets", {}).get("backend", "")
    return BACKENDS.get(configured.rsplit(".", 1)[-1])
