"""Where secrets live on Astro: the backend, and what it takes to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.backends import BACKENDS as DETAILS
from astroferry.advice.backends import CLASS_VARIABLE, KWARGS_VARIABLE
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed
from astroferry.advice.rules.secret_names import BOOK as NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import SecretsBackend

BOOK = Book("secrets")
WHERE = "decisions.secrets_backend"

BACKENDS: dict[str, SecretsBackend] = {detail.path.rsplit(".", 1)[-1]: key for key, detail in DETAILS.items()}
"""class name of Airflow's secrets backend -> the decision"""
_OF_CLOUD: dict[str, SecretsBackend] = {
    "AWS": "aws-secrets-manager",
    "GCP": "gcp-secret-manager",
    "AZURE": "azure-key-vault",
}
_ON_ASTRO = frozenset({"airflow", "astro-environment"})


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[SecretsBackend]:
    """The backend that the source uses; for agents one on your side; else the Deployment's own database."""
    inventory = case.inventory
    used = _used(inventory)
    wanted: list[tuple[SecretsBackend, str]] = []
    if used is not None:
        wanted.append((used, "The source uses it already: point Astro at the same, and secrets stay where they are."))
    if case.plan.decisions.execution == "remote":
        reason = "Agents read secrets on your side, from a store that they reach themselves."
        wanted += [(_OF_CLOUD[case.plan.decisions.cloud], reason), ("hashicorp-vault", reason)]
    configured = inventory.config.get("secrets", {}).get("backend", "")
    if configured and used is None:
        reason = f"The source's backend {configured.rsplit('.', 1)[-1]} is none that Astro documents."
    else:
        count = len(inventory.connections) + len(inventory.variables)
        reason = (
            f"{count} connection(s) and variable(s) are in the source's database; keep that now, move them later."
        )
    wanted.append(("airflow", reason))
    offered = [value for value, _ in wanted]
    refused = BOOK.refusals(case, WHERE, offered) | NAMES.refusals(case, WHERE, offered)
    value, why = next(((value, why) for value, why in wanted if value not in refused), wanted[-1])
    return Suggestion(value, why, (configured,) if configured else ())


@BOOK.rule(
    "EXE-012",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.decisions.secrets_backend"),
    source="docs: remote-execution-configure-secrets-backend",
)
def needs_a_backend(case: Case) -> Iterator[Hit]:
    """Remote agents read secrets on your side.

    What is kept in Astro does not reach them: no task runs before a secrets backend is set in the agents'
    values.yaml. Whether the Environment Manager reaches agents is told nowhere, so the stricter reading holds.
    """
    decisions = case.plan.decisions
    if decisions.execution == "remote" and decisions.secrets_backend in _ON_ASTRO:
        yield Hit(
            "Remote agents read secrets from a backend on your side; the plan keeps them on Astro.",
            "Choose the secrets backend that the agents will use.",
        )


@BOOK.rule(
    "SEC-015",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "inventory.config"),
    source="migration guide, Phase 3: secrets backend",
)
def keep_the_backend(case: Case) -> Iterator[Hit]:
    """The source reads secrets from another backend.

    Where the source uses one of the backends that Astro reads too, nothing has to move: Astro is pointed at it, with
    the same prefixes and separator as in the source's configuration.
    """
    chosen, used = case.plan.decisions.secrets_backend, _used(case.inventory)
    if used is not None and chosen != used:
        yield Hit(
            f"The source reads secrets from {used}, the plan puts them into {chosen}.",
            "Point Astro at the same backend, or copy there what DAGs use.",
        )


@BOOK.rule(
    "SEC-017",
    "advise",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "inventory.connections", "inventory.variables"),
    source="migration guide, Phase 3: secrets backend",
)
def in_the_database_only(case: Case) -> Iterator[Hit]:
    """Credentials are in Airflow's own database only.

    The guide calls a migration a good time to move them into an external backend, or into Astro's Environment
    Manager. Astroferry writes into the Deployment's database; moving them on later changes no DAG.
    """
    count = sum(seen.origin == "metadata" for seen in case.inventory.connections)
    count += sum(seen.origin == "metadata" for seen in case.inventory.variables)
    if count and case.plan.decisions.secrets_backend == "airflow" and _used(case.inventory) is None:
        yield Hit(
            f"{count} connection(s) and variable(s) are in Airflow's database only; the guide suggests to move them.",
            "Consider an external backend for production, now or after the cutover.",
        )


@BOOK.rule(
    "SEC-travel",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="astroferry writes to the Deployment's Airflow only",
)
def not_written_there(case: Case) -> Iterator[Hit]:
    """Astroferry does not write into that place.

    It writes connections and variables through the Deployment's Airflow API, into its database. Values that shall
    live elsewhere are put there by you, and travel by `backend`: nothing is copied. Airflow asks the backend first,
    so a copy in the database is used only for what the backend does not have.
    """
    plan = case.plan
    if plan.decisions.secrets_backend == _used(case.inventory) and plan.decisions.execution == "hosted":
        # As on the source: what its backend does not have is in the database, there and here.
        return
    copied = [
        kind
        for kind in ("connections", "variables")
        if getattr(plan.values, kind) not in {"backend", "none"} and getattr(case.inventory, kind)
    ]
    if plan.decisions.secrets_backend != "airflow" and copied:
        yield Hit(
            f"The plan keeps secrets in {plan.decisions.secrets_backend}, but {' and '.join(copied)} would be copied "
            "into the Deployment's own database.",
            "Put them there yourself and let them travel by backend, or keep them in the database.",
        )


@BOOK.rule(
    "SEC-env",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.deployments"),
    source="docs: secrets-backend",
)
def not_pointed_at_it(case: Case) -> Iterator[Hit]:
    """Nothing points the Deployments at the backend.

    A Deployment finds it by two environment variables, AIRFLOW__SECRETS__BACKEND and
    AIRFLOW__SECRETS__BACKEND_KWARGS. The stage of the secrets backend shows both with their values. Remote agents
    get them in their values.yaml instead.
    """
    decisions = case.plan.decisions
    if decisions.secrets_backend in _ON_ASTRO or decisions.execution == "remote":
        return
    lacking = [
        item.name
        for item in case.plan.deployments
        if not {CLASS_VARIABLE, KWARGS_VARIABLE} <= {*item.environment, *item.secret_environment}
    ]
    if lacking:
        yield Hit(
            f"Nothing points {listed(lacking)} at {decisions.secrets_backend} yet.",
            f"Give each {CLASS_VARIABLE} and {KWARGS_VARIABLE}, as this stage shows them.",
        )


@BOOK.rule(
    "SEC-020",
    "refuse",
    about="deployments",
    reads=("plan.deployments",),
    source="docs of 2024: secrets-backend",
)
def secret_in_the_open(case: Case) -> Iterator[Hit]:
    """The backend's own credentials stand in a plain environment variable.

    Anyone who may see the Deployment could read them. Name the variable in secret_environment and set it on Astro as
    a secret, or let the Deployment's workload identity open the store, so that there is no key at all.
    """
    secret = sorted({name for detail in DETAILS.values() for name in detail.secret_kwargs})
    for item in case.plan.deployments:
        text = item.environment.get(KWARGS_VARIABLE, "")
        shown = [name for name in secret if f'"{name}"' in text]
        if shown:
            yield Hit(
                f"{KWARGS_VARIABLE} of {item.name} holds {listed(shown)} in the open.",
                "Name it in secret_environment, and set it on Astro as a secret.",
                item.name,
            )


@BOOK.rule(
    "SEC-014",
    "advise",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.decisions.secrets_backend"),
    source="docs: remote-execution-configure-secrets-backend",
)
def agents_have_their_own_identity(case: Case) -> Iterator[Hit]:
    """Agents open the backend with an identity of their own.

    The class goes into secretBackend of values.yaml, its settings into the agents' environment. It is the pod's
    identity that counts (IRSA, workload identity), not the Deployment's. The provider must be in the agents' image.
    """
    decisions = case.plan.decisions
    if decisions.execution == "remote" and decisions.secrets_backend in DETAILS:
        yield Hit(
            f"The guide keeps a backend as it is; agents reach {decisions.secrets_backend} with their own identity "
            "and settings.",
            "Set secretBackend in the agents' values.yaml, and put its provider into their image.",
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

    The guide says a backend works as before. Newer documents add that Airflow 3 Runtimes come without these
    providers, and without them no component finds any secret. List the package in requirements.txt of the Astro
    project.
    """
    decisions = case.plan.decisions
    detail = DETAILS.get(decisions.secrets_backend)
    if decisions.airflow == "3" and detail is not None:
        package = detail.package.partition(">=")[0]
        yield Hit(
            f"Airflow 3 Runtimes come without {package}; without it no secret is found.",
            f"List {detail.package} in requirements.txt.",
        )


def _used(inventory: Inventory) -> SecretsBackend | None:
    configured = inventory.config.get("secrets", {}).get("backend", "")
    return BACKENDS.get(configured.rsplit(".", 1)[-1])
