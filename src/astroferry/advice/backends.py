"""What each secrets backend needs on Astro: package, environment variables, permissions, names, sizes, as data.

Facts were read from the provider packages (amazon 9.39.0, google 22.8.0, hashicorp 4.8.4, microsoft-azure 15.2.1) and
from Astro's documents on secrets backends; limits of the stores from their own documents of 2026.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import SecretsBackend

CLASS_VARIABLE = "AIRFLOW__SECRETS__BACKEND"
KWARGS_VARIABLE = "AIRFLOW__SECRETS__BACKEND_KWARGS"


@dataclass(frozen=True, slots=True)
class Permission:
    """What the identity of a Deployment (or agent) must be allowed to do, on which resource."""

    action: str
    resource: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """One external backend.

    `kwargs`: settings of its class as an example for a new store, with the provider's prefixes, <placeholders>, and
    for Vault the mount point "airflow" of the provider's documents (its default is "secret"). `connections` and
    `variables` stand before each id, with `separator`. `names`: what a whole stored name may be. `folds`: "_" becomes
    "-" and case does not count. `largest`: bytes of one value, 0 where no source gives a bound; `larger_costs`: above
    it a paid tier is needed. `secret_kwargs`: settings that are secrets themselves. `identity`: how a Deployment
    shows who it is.
    """

    name: str
    package: str
    path: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    connections: str = ""
    variables: str = ""
    separator: str = "/"
    names: str = r".+"
    folds: bool = False
    largest: int = 0
    larger_costs: int = 0
    permissions: tuple[Permission, ...] = ()
    secret_kwargs: tuple[str, ...] = ()
    identity: str = ""
    notes: tuple[str, ...] = ()

    def stored_as(self, kind: str, name: str) -> str:
        """The name under which the store keeps that connection or variable ("connections", "variables")."""
        before = self.connections if kind == "connections" else self.variables
        whole = f"{before}{self.separator}{name}"
        return whole.replace("_", "-") if self.folds else whole

    def fits(self, kind: str, name: str) -> bool:
        """Whether the store can hold that name."""
        return re.fullmatch(self.names, self.stored_as(kind, name)) is not None

    def same(self, name: str) -> str:
        """What the store makes of a name: two names of which it makes the same cannot both be kept."""
        return name.replace("_", "-").lower() if self.folds else name


BACKENDS: dict[SecretsBackend, Backend] = {
    "aws-secrets-manager": Backend(
        "AWS Secrets Manager",
        "apache-airflow-providers-amazon>=5.1.0",
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        {
            "connections_prefix": "airflow/connections",
            "variables_prefix": "airflow/variables",
            "region_name": "<region>",
            "role_arn": "<role>",
        },
        "airflow/connections",
        "airflow/variables",
        names=r"[A-Za-z0-9/_+=.@\-]{1,512}",
        largest=65_536,
        permissions=(
            Permission("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:airflow/*"),
            Permission("secretsmanager:DescribeSecret", "arn:aws:secretsmanager:*:*:secret:airflow/*"),
            Permission("sts:AssumeRole", "<role>", "by that identity, where role_arn is given"),
            Permission("kms:Decrypt", "<key>", "where secrets have a key of their own"),
        ),
        identity="an IAM role that trusts the Deployment's workload identity",
        notes=(
            "A connection is a URI, Airflow's JSON, or JSON with host, login, password, port, conn_type, extra.",
            "Each lookup is paid, also for ids that are not there.",
        ),
    ),
    "aws-parameter-store": Backend(
        "AWS Systems Manager Parameter Store",
        "apache-airflow-providers-amazon>=5.1.0",
        "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
        {
            "connections_prefix": "/airflow/connections",
            "variables_prefix": "/airflow/variables",
            "region_name": "<region>",
            "role_arn": "<role>",
        },
        "/airflow/connections",
        "/airflow/variables",
        names=r"[A-Za-z0-9_.\-/]{1,1011}",
        largest=8_192,
        larger_costs=4_096,
        permissions=(
            Permission("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/airflow/*"),
            Permission("sts:AssumeRole", "<role>", "by that identity, where role_arn is given"),
            Permission("kms:Decrypt", "<key>", "for SecureString parameters with a key of their own"),
        ),
        identity="an IAM role that trusts the Deployment's workload identity",
        notes=(
            "4 KB per value in the standard tier, 8 KB in the advanced one, which is paid.",
            "40 reads a second per account unless you raise it: DAG parsing may reach that.",
        ),
    ),
    "gcp-secret-manager": Backend(
        "Google Secret Manager",
        "apache-airflow-providers-google",
        "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
        {
            "connections_prefix": "airflow-connections",
            "variables_prefix": "airflow-variables",
            "project_id": "<project>",
        },
        "airflow-connections",
        "airflow-variables",
        "-",
        r"[a-zA-Z0-9_-]{1,255}",
        largest=65_536,
        permissions=(
            Permission("secretmanager.versions.access", "projects/<project>", "role Secret Manager Secret Accessor"),
        ),
        secret_kwargs=("gcp_keyfile_dict",),
        identity="workload identity of the Deployment, bound to a service account",
    ),
    "hashicorp-vault": Backend(
        "HashiCorp Vault",
        "apache-airflow-providers-hashicorp",
        "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        {
            "connections_path": "connections",
            "variables_path": "variables",
            "mount_point": "airflow",
            "url": "https://<vault>:8200",
            "auth_type": "approle",
            "role_id": "<role id>",
            "secret_id": "<secret id>",
        },
        "airflow/connections",
        "airflow/variables",
        names=r"[^\x00-\x1f]+(?<!/)",
        permissions=(
            Permission("read", "airflow/data/connections/*", "policy of the role; KV version 2"),
            Permission("read", "airflow/data/variables/*", "policy of the role; KV version 2"),
        ),
        secret_kwargs=("secret_id", "token", "password"),
        identity="an AppRole (or kubernetes, jwt, aws_iam, azure, gcp)",
        notes=(
            "A connection is a secret with the key conn_uri, or one key per field; a variable has the key value.",
            "Astro must reach Vault: a private one needs a dedicated cluster with a network path, or remote agents.",
        ),
    ),
    "azure-key-vault": Backend(
        "Azure Key Vault",
        "apache-airflow-providers-microsoft-azure",
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        {
            "connections_prefix": "airflow-connections",
            "variables_prefix": "airflow-variables",
            "vault_url": "https://<vault>.vault.azure.net/",
            "tenant_id": "<tenant>",
            "client_id": "<client>",
            "client_secret": "<client secret>",
        },
        "airflow-connections",
        "airflow-variables",
        "-",
        r"[0-9a-zA-Z-]{1,127}",
        folds=True,
        largest=25_600,
        permissions=(
            Permission(
                "Microsoft.KeyVault/vaults/secrets/getSecret/action", "<vault>", "role Key Vault Secrets User"
            ),
        ),
        secret_kwargs=("client_secret",),
        identity="managed identity of the Deployment (then no client_secret), or an app registration",
        notes=("A name that Key Vault cannot hold is silently not found.",),
    ),
}


_OF_CLASS: dict[str, SecretsBackend] = {backend.path.rsplit(".", 1)[-1]: key for key, backend in BACKENDS.items()}
"""class name of Airflow's secrets backend -> the decision"""


def configured(inventory: Inventory) -> str:
    """The class that the source's configuration names; empty where it names none, or is not exposed."""
    return inventory.config.get("secrets", {}).get("backend", "")


def used(inventory: Inventory) -> SecretsBackend | None:
    """The backend from which the source reads, if Astro reads from it too."""
    return _OF_CLASS.get(configured(inventory).rsplit(".", 1)[-1])


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable that every Deployment needs; `secret`: it must be set as a secret one."""

    name: str
    value: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that the backend cannot hold as it is, and the one proposed; DAG code that names it must follow."""

    kind: str
    old: str
    new: str
    why: str


def settings(chosen: SecretsBackend) -> tuple[Setting, ...]:
    """The environment variables that point Airflow at a new store of that kind; none for Astro's own places.

    An example with <placeholders>. A source that reads from that backend already has settings of its own, which are
    not in the inventory, since they may hold secrets: those have to be taken over instead.
    """
    backend = BACKENDS.get(chosen)
    if backend is None:
        return ()
    return (
        Setting(CLASS_VARIABLE, backend.path),
        Setting(KWARGS_VARIABLE, json.dumps(backend.kwargs), secret=bool(backend.secret_kwargs)),
    )


def renames(chosen: SecretsBackend, names: Mapping[str, Iterable[str]]) -> tuple[Renamed, ...]:
    """For each kind ("connections", "variables") the names that cannot be kept, and what they could be instead."""
    backend = BACKENDS.get(chosen)
    if backend is None:
        return ()
    return tuple(renamed for kind, of in names.items() for renamed in _renames(backend, kind, sorted(set(of))))


def _renames(backend: Backend, kind: str, names: list[str]) -> Iterator[Renamed]:
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        owners[backend.same(name)].append(name)
    taken = set(owners)
    for same in owners.values():
        for position, name in enumerate(same):
            fits = backend.fits(kind, name)
            if fits and position == 0:
                continue
            why = f"the same as {same[0]} there" if fits else "characters or length that it does not take"
            new = _free_name(backend, kind, name, taken)
            taken.add(backend.same(new))
            yield Renamed(kind, name, new, why)


def _free_name(backend: Backend, kind: str, name: str, taken: set[str]) -> str:
    """Letters, digits, - and _ fit everywhere; a number behind where somebody else has the name."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80]
    numbers = iter(range(2, len(taken) + 3))
    candidate = plain
    while backend.same(candidate) in taken or not backend.fits(kind, candidate):
        candidate = f"{plain}_{next(numbers)}"
    return candidate
