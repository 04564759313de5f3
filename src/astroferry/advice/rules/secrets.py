"""Where secrets live on Astro: a backend, and whether the names and sizes of this source fit into it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import SecretsBackend

BOOK = Book("secrets")
WHERE = "decisions.secrets_backend"
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


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[SecretsBackend]:
    """The backend that the source uses, else Airflow's own database, where they are today."""
    inventory = case.inventory
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


@BOOK.rule(
    "SEC-015",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "inventory.config"),
    source="migration guide, Phase 3: secrets backend",
)
def keep_the_backend(case: Case) -> Iterator[Hit]:
    """The source reads secrets from another backend.

    Where the source uses one of the backends that Astro reads too, nothing has to move: Astro is pointed at it.
    """
    chosen, used = case.plan.decisions.secrets_backend, _used(case.inventory)
    if used is not None and chosen != used:
        yield Hit(
            f"The source reads secrets from {used}, the plan puts them into {chosen}.",
            "Point Astro at the same backend, or copy there what DAGs use.",
        )


@BOOK.rule(
    "SEC-021",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.decisions.airflow"),
    source="docs: Airflow 3 Runtime images carry only the providers that Astro needs",
)
def needs_its_provider(case: Case) -> Iterator[Hit]:
    """An Airflow 3 Runtime has no provider for the backend.

    Without it no component finds any secret. List the package in requirements.txt of the Astro project.
    """
    decisions = case.plan.decisions
    chosen = decisions.secrets_backend
    if decisions.airflow == "3" and chosen in _PROVIDERS:
        yield Hit(
            f"Airflow 3 Runtimes come without {_PROVIDERS[chosen]}; without it no secret is found.",
            f"List {_PROVIDERS[chosen]} in requirements.txt.",
        )


@BOOK.rule(
    "SEC-008",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="naming rules of Key Vault, GCP Secret Manager, and environment variables",
)
def cannot_be_named_so(case: Case) -> Iterator[Hit]:
    """The backend cannot hold these names.

    Each store has its own rule for names: no dots in GCP Secret Manager, letters, digits and hyphens in Key Vault.
    """
    chosen = case.plan.decisions.secrets_backend
    pattern = _STORABLE.get(chosen)
    bad = [name for name in _names(case) if pattern is not None and not pattern.fullmatch(name)]
    if bad:
        yield Hit(f"{chosen} cannot hold these names: {listed(bad)}.", "Rename them.", listed(bad))


@BOOK.rule(
    "SEC-006",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="provider microsoft-azure 15.2.1: KeyVaultBackend turns _ into -",
)
def cannot_be_told_apart(case: Case) -> Iterator[Hit]:
    """Two names become one in the backend.

    Key Vault knows no underscore, so my_db and my-db are one secret there; environment variables know no case.
    """
    chosen = case.plan.decisions.secrets_backend
    fold = {
        "azure-key-vault": lambda name: name.replace("_", "-").lower(),
        "astro-environment": str.upper,
    }.get(chosen)
    if fold is None:
        return
    together: defaultdict[str, set[str]] = defaultdict(set)
    for name in _names(case):
        together[fold(name)].add(name)
    for same in together.values():
        if len(same) > 1:
            pair = " and ".join(sorted(same))
            yield Hit(f"{chosen} cannot tell {pair} apart.", "Rename all but one.", pair)


@BOOK.rule(
    "SEC-010",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "inventory.variables"),
    source="limits of the stores, 2026",
    confidence="medium",
)
def too_large(case: Case) -> Iterator[Hit]:
    """Values are larger than the backend takes.

    Sizes are those of the variables' values in bytes, as the source shows them.
    """
    chosen = case.plan.decisions.secrets_backend
    largest = _LARGEST.get(chosen)
    large = [seen.key for seen in case.inventory.variables if largest is not None and seen.size > largest]
    if large:
        yield Hit(
            f"{chosen} holds values up to {largest} bytes; too large: {listed(large)}.",
            "Split them, or keep them elsewhere.",
            listed(large),
        )


def _names(case: Case) -> list[str]:
    skipped = case.plan.values
    connections = [
        seen.conn_id for seen in case.inventory.connections if seen.conn_id not in skipped.skip_connections
    ]
    variables = [seen.key for seen in case.inventory.variables if seen.key not in skipped.skip_variables]
    return connections + variables


def _used(inventory: Inventory) -> SecretsBackend | None:
    configured = inventory.config.get("secrets", {}).get("backend", "")
    return BACKENDS.get(configured.rsplit(".", 1)[-1])
