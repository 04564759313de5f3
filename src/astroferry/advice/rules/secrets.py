"""Where secrets live on Astro: the backend, and what it takes to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.backends import BACKENDS, CLASS_VARIABLE, KWARGS_VARIABLE, configured, used
from astroferry.advice.packages import bring
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed, not_shown
from astroferry.advice.rules.secret_names import BOOK as NAMES
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import SecretsBackend

BOOK = Book("secrets")
WHERE = "decisions.secrets_backend"

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
    there, its_class = used(inventory), configured(inventory)
    wanted: list[tuple[SecretsBackend, str]] = []
    if there is not None:
        wanted.append(
            (there, "The source uses it already: point Astro at the same, and secrets stay where they are.")
        )
    if case.plan.decisions.execution == "remote":
        reason = "Agents read secrets on your side, from a store that they reach themselves."
        wanted += [(_OF_CLOUD[case.plan.decisions.cloud], reason), ("hashicorp-vault", reason)]
    if its_class and there is None:
        reason = f"The source's backend {its_class.rsplit('.', 1)[-1]} is none that Astro documents."
    elif listed_there := _in_database(inventory):
        reason = f"{listed_there} in the source's database; keep that now, move them later."
    else:
        reason = "The source's database lists no connection and no variable; others can be added there later."
    if not its_class and not_shown(inventory, "configuration"):
        reason += " Whether the source has a backend too could not be seen: its configuration is not exposed."
    wanted.append(("airflow", reason))
    offered = [value for value, _ in wanted]
    refused = BOOK.refusals(case, WHERE, offered) | NAMES.refusals(case, WHERE, offered)
    value, why = next(((value, why) for value, why in wanted if value not in refused), wanted[-1])
    return Suggestion(value, why, (its_class,) if its_class else ())


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
    chosen, there = case.plan.decisions.secrets_backend, used(case.inventory)
    if there is not None and chosen != there:
        yield Hit(
            f"The source reads secrets from {there}, the plan puts them into {chosen}.",
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
    found = _in_database(case.inventory)
    # A class that Astro does not read may hold them too; nobody knows where the configuration is not shown.
    alone = not configured(case.inventory) and not not_shown(case.inventory, "configuration")
    if found and case.plan.decisions.secrets_backend == "airflow" and used(case.inventory) is None:
        yield Hit(
            f"{found} in Airflow's database{' only' if alone else ''}; the guide suggests to move them.",
            "Decide with your security team whether production gets an external backend, now or after the cutover.",
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
    if plan.decisions.secrets_backend == used(case.inventory) and plan.decisions.execution == "hosted":
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
            f"Put {CLASS_VARIABLE} into environment and {KWARGS_VARIABLE} by name into secret_environment of each, "
            "with the values that the stage of the secrets backend shows.",
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
    secret = sorted({name for detail in BACKENDS.values() for name in detail.secret_kwargs})
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
    if decisions.execution == "remote" and decisions.secrets_backend in BACKENDS:
        yield Hit(
            f"The guide keeps a backend as it is; agents reach {decisions.secrets_backend} with their own identity "
            "and settings.",
            "Set secretBackend in the agents' values.yaml, and put its provider into their image.",
        )


@BOOK.rule(
    "SEC-021",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.decisions.airflow", "plan.decisions.execution"),
    source="docs: Airflow 3 Runtime images carry only the providers that Astro needs",
)
def needs_its_provider(case: Case) -> Iterator[Hit]:
    """An Airflow 3 Runtime has no provider for the backend.

    The guide says a backend works as before. Newer documents add that Airflow 3 Runtimes come without these
    providers, and without them no component finds any secret. List the package in requirements.txt of an Astro
    project and deploy its image; with remote execution it belongs into the image of the agents.
    """
    decisions = case.plan.decisions
    detail = BACKENDS.get(decisions.secrets_backend)
    if decisions.airflow == "3" and detail is not None:
        package = detail.package.partition(">=")[0]
        yield Hit(
            f"Airflow 3 Runtimes come without {package}; without it no secret is found.",
            bring(case, detail.package),
        )


def _in_database(inventory: Inventory) -> str:
    """`3 connections and 1 variable are`, of those that the source's database lists; empty where it lists none."""
    counts = (
        (sum(seen.origin == "metadata" for seen in inventory.connections), "connection"),
        (sum(seen.origin == "metadata" for seen in inventory.variables), "variable"),
    )
    told = [several(count, word) for count, word in counts if count]
    return f"{' and '.join(told)} {'is' if sum(count for count, _ in counts) == 1 else 'are'}" if told else ""
