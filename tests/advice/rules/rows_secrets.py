"""Cases of the rules in advice/rules/secrets.py and advice/rules/secret_names.py."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.advice.rules.rulecase import PLAN, case, no, source, with_environment, yes

from astroferry.advice.backends import CLASS_VARIABLE, KWARGS_VARIABLE
from astroferry.model.inventory import ConnectionSeen, Coverage, VariableSeen
from astroferry.model.plan import Values

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory

VAULT = source(config={"secrets": {"backend": "airflow.providers.hashicorp.secrets.vault.VaultBackend"}})
STAYING = replace(PLAN, values=Values("backend", variables="backend"))
POINTED = with_environment({CLASS_VARIABLE: "a.B", KWARGS_VARIABLE: "{}"}, STAYING)
BARE = with_environment({KWARGS_VARIABLE: '{"client_secret": "x"}'})


def named(*names: str, variables: tuple[VariableSeen, ...] = (), **more: Any) -> Inventory:
    return source(connections=tuple(ConnectionSeen(name, "http") for name in names), variables=variables, **more)


def sized(size: int) -> Inventory:
    return named(variables=(VariableSeen("prices", size=size),))


def into(chosen: str, inventory: Inventory, **decided: Any) -> Any:
    return case(POINTED, inventory, secrets_backend=chosen, **decided)


BOTH = source(connections=(ConnectionSeen("a"), ConnectionSeen("a", origin="environment"), ConnectionSeen("b")))
CODE = source(connections=(ConnectionSeen("a"), ConnectionSeen("a", origin="code")))

HIDDEN = (Coverage("configuration", "refused", detail="403"),)
DATABASE = "2 connections and 1 variable are in Airflow's database; the guide"

ROWS = (
    yes("EXE-012", case(execution="remote")),
    yes("EXE-012", case(execution="remote", secrets_backend="astro-environment")),
    no("EXE-012", case(execution="remote", secrets_backend="hashicorp-vault")),
    no("EXE-012", case()),
    yes("SEC-015", case(inventory=VAULT), "from hashicorp-vault"),
    no("SEC-015", case(inventory=VAULT, secrets_backend="hashicorp-vault")),
    no("SEC-015", case()),
    yes("SEC-017", case(inventory=named("a")), "1 connection is in Airflow's database only"),
    yes(
        "SEC-017", case(inventory=replace(named("a", "b", variables=(VariableSeen("v"),)), coverage=HIDDEN)), DATABASE
    ),
    no("SEC-017", case()),
    no("SEC-017", case(inventory=replace(CODE, connections=CODE.connections[1:]))),
    no("SEC-017", case(inventory=replace(VAULT, connections=named("a").connections))),
    no("SEC-017", into("hashicorp-vault", named("a"))),
    yes("SEC-travel", case(inventory=named("a"), secrets_backend="hashicorp-vault"), "connections would be copied"),
    no("SEC-travel", case(STAYING, named("a"), secrets_backend="hashicorp-vault")),
    no("SEC-travel", case(inventory=named("a"))),
    no(
        "SEC-travel",
        case(inventory=replace(VAULT, connections=named("a").connections), secrets_backend="hashicorp-vault"),
    ),
    yes("SEC-env", case(secrets_backend="hashicorp-vault"), "test, prod"),
    no("SEC-env", case(POINTED, secrets_backend="hashicorp-vault")),
    no("SEC-env", case(secrets_backend="hashicorp-vault", execution="remote")),
    no("SEC-env", case()),
    yes("SEC-020", case(BARE), "client_secret"),
    no("SEC-020", case(POINTED)),
    yes("SEC-014", case(secrets_backend="hashicorp-vault", execution="remote")),
    no("SEC-014", case(secrets_backend="hashicorp-vault")),
    yes("SEC-021", case(secrets_backend="azure-key-vault"), "apache-airflow-providers-microsoft-azure"),
    no("SEC-021", case(secrets_backend="azure-key-vault", airflow="2", runtime="13.11.0")),
    no("SEC-021", case()),
    yes("SEC-008", into("gcp-secret-manager", named("a.b", "a b")), "a.b, a b"),
    yes("SEC-008", into("azure-key-vault", named("a.b"))),
    yes("SEC-008", into("azure-key-vault", named("n" * 120))),
    yes("SEC-008", into("aws-parameter-store", named("a b"))),
    yes("SEC-008", into("aws-secrets-manager", named("a(b)"))),
    no("SEC-008", into("gcp-secret-manager", named("my_db", "my-db"))),
    no("SEC-008", into("azure-key-vault", named("my_db"))),
    no("SEC-008", into("hashicorp-vault", named("a.b", "a b"))),
    no("SEC-008", into("airflow", named("a.b"))),
    yes("SEC-006", into("azure-key-vault", named("my_db", "my-db")), "my-db and my_db"),
    no("SEC-006", into("azure-key-vault", named("my_db", variables=(VariableSeen("my-db"),)))),
    no("SEC-006", into("gcp-secret-manager", named("my_db", "my-db"))),
    no("SEC-006", into("airflow", named("my_db", "my-db"))),
    yes("SEC-posix", into("astro-environment", named("my-db", "2nd")), "my-db, 2nd"),
    no("SEC-posix", into("astro-environment", named("my_db"))),
    no("SEC-posix", into("airflow", named("my-db"))),
    yes("SEC-010", into("azure-key-vault", sized(30_000)), "25,600"),
    yes("SEC-010", into("aws-parameter-store", sized(9_000))),
    no("SEC-010", into("aws-secrets-manager", sized(30_000))),
    no("SEC-010", into("airflow", sized(30_000))),
    no(
        "SEC-010",
        case(
            replace(POINTED, values=Values(skip_variables=("prices",))),
            sized(30_000),
            secrets_backend="azure-key-vault",
        ),
    ),
    yes("SEC-009", into("aws-parameter-store", sized(5_000)), "prices"),
    no("SEC-009", into("aws-parameter-store", sized(4_096))),
    no("SEC-009", into("aws-parameter-store", sized(9_000))),
    no("SEC-009", into("azure-key-vault", sized(5_000))),
    yes("SEC-012", case(inventory=BOTH), "a. The first"),
    no("SEC-012", case(inventory=CODE)),
    yes("SEC-013", into("gcp-secret-manager", named(*(f"c{n}" for n in range(50)))), "50 ids"),
    no("SEC-013", into("gcp-secret-manager", named("a"))),
    no("SEC-013", into("airflow", named(*(f"c{n}" for n in range(50))))),
)
