"""Which connections and variables are carried: ids that Airflow takes, what only code names, keys better left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Book, Case, Hit, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import ConnectionSeen

BOOK = Book("carried")
CONNECTIONS = "values.connections"
VARIABLES = "values.variables"

FEW = 5
"""Airflow's example connections that are not worth a word; our own measure"""
_CLOUD_OF = {
    "aws": "AWS", "google_cloud_platform": "GCP", "gcpbigquery": "GCP", "adls": "AZURE", "azure": "AZURE",
    "azure_data_factory": "AZURE", "wasb": "AZURE",
}  # fmt: skip
"""types that name who asks the cloud's own API; the login of a database there (redshift, gcpcloudsql) is a user's"""
_KEY_IN_LOGIN = frozenset(_CLOUD_OF) - {"google_cloud_platform", "gcpbigquery"}
"""types with an access key or client in login and its secret in password; Google's keep the key in their extra"""
_KEYS = frozenset(
    {
        "aws_access_key_id", "aws_secret_access_key", "connection_string", "key_path", "keyfile_dict", "private_key",
        "sas_token", "shared_access_key",
    }
)  # fmt: skip
_CONNECTION_ID = re.compile(r"[\w#!()\-.:/\\]{1,250}")


def carried(case: Case) -> list[str]:
    """Ids of the connections that the plan does not skip."""
    skipped = case.plan.values.skip_connections
    return [seen.conn_id for seen in case.inventory.connections if seen.conn_id not in skipped]


@BOOK.rule(
    "ENV-001",
    "refuse",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.values.skip_connections"),
    source="airflow 3.3.2: models/connection.py",
)
def bad_connection_id(case: Case) -> Iterator[Hit]:
    r"""Airflow takes connection ids of certain characters only.

    Letters, digits and #!()-.:/\ up to 250 of them. An id with a blank, say, could be made by older versions and is
    refused by the target. Skip it, or rename it on the source and in the DAGs.
    """
    bad = [name for name in carried(case) if not _CONNECTION_ID.fullmatch(name)]
    if bad:
        yield Hit(
            f"Airflow takes no connection ids like {quoted(bad)}.",
            "Rename them on the source and in the DAGs, or name them in values.skip_connections.",
            listed(bad),
            evidence=tuple(bad),
        )


@BOOK.rule(
    "ENV-002",
    "refuse",
    about=VARIABLES,
    reads=("inventory.variables", "plan.values.skip_variables"),
    source="airflow 3.3.2: models/base.py",
)
def long_key(case: Case) -> Iterator[Hit]:
    """Variable keys have at most 250 characters.

    Skip longer ones, or rename them on the source and in the DAGs.
    """
    skipped = case.plan.values.skip_variables
    long = [seen.key for seen in case.inventory.variables if len(seen.key) > 250 and seen.key not in skipped]
    if long:
        shortened = [f"{name[:40]}…" for name in long]
        yield Hit(
            f"Variable keys have at most 250 characters: {listed(shortened)}.",
            "Skip or rename them.",
            listed(shortened),
        )


@BOOK.rule(
    "ENV-skip",
    "warn",
    reads=("plan.values", "inventory.connections", "inventory.variables"),
    source="a name that does not exist is usually a typing error",
)
def unknown_skip(case: Case) -> Iterator[Hit]:
    """The plan skips what the source does not have.

    A name in values.skip_connections or values.skip_variables matches nothing, so what was meant is carried after
    all. Correct the name.
    """
    for kind, names, known in (
        ("connections", case.plan.values.skip_connections, {seen.conn_id for seen in case.inventory.connections}),
        ("variables", case.plan.values.skip_variables, {seen.key for seen in case.inventory.variables}),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            yield Hit(
                f"values.skip_{kind} names what the source does not have: {listed(unknown)}.",
                "Correct the names.",
                f"values.skip_{kind}",
            )


@BOOK.rule(
    "ENV-code",
    "warn",
    reads=("inventory.connections", "inventory.variables", "plan.values"),
    source="REST lists the metadata database only",
)
def only_in_code(case: Case) -> Iterator[Hit]:
    """DAG code names values that the source does not list.

    They come from the environment or a secrets backend, or do not exist. Find out where they live, so that Astro has
    them too, or name them in values.skip_connections or values.skip_variables.
    """
    values = case.plan.values
    connections = [seen.conn_id for seen in case.inventory.connections if seen.origin == "code"]
    variables = [seen.key for seen in case.inventory.variables if seen.origin == "code"]
    for kind, names, skipped in (
        ("connections", connections, values.skip_connections),
        ("variables", variables, values.skip_variables),
    ):
        open_ones = [name for name in names if name not in skipped]
        if open_ones:
            yield Hit(
                f"DAG code names {kind} that the source does not list: {listed(open_ones)}.",
                f"Find out where they live, or name them in values.skip_{kind}.",
                f"values.{kind}",
                evidence=tuple(open_ones),
            )


@BOOK.rule(
    "ENV-015",
    "advise",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.decisions.cloud", "plan.values.skip_connections"),
    source="Astro docs: authorize-deployments-to-your-cloud",
)
def long_lived_keys(case: Case) -> Iterator[Hit]:
    """Connections to the cloud hold long-lived keys.

    A Deployment can have an identity of its own there (an IAM role, a service account, a managed identity): then a
    connection to the cloud's own API needs no key, and none can leak or expire. Give the identity the same rights,
    and leave access key, secret and key file out of the connection. Logins of databases are none of these: they stay.
    """
    taken = set(carried(case))
    keyed = [
        seen.conn_id
        for seen in case.inventory.connections
        if seen.conn_id in taken
        and _CLOUD_OF.get(seen.conn_type) == case.plan.decisions.cloud
        and (_has_key_in_login(seen) or any(key.rsplit("__", 1)[-1] in _KEYS for key in seen.extra_keys))
    ]
    if keyed:
        yield Hit(
            f"Connections hold long-lived keys for {case.plan.decisions.cloud}: {listed(keyed)}.",
            "Give the Deployment an identity there with the same rights, try a task with it, then leave keys out.",
            listed(keyed),
            evidence=tuple(keyed),
        )


@BOOK.rule(
    "ENV-018",
    "advise",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.values.skip_connections"),
    source="airflow 2.11.2: utils/db.py, create_default_connections",
    confidence="medium",
)
def stock_connections(case: Case) -> Iterator[Hit]:
    """Airflow's own example connections are carried.

    Airflow 2 makes some sixty connections by itself (aws_default, mysql_default and so on). Skip those that nobody
    changed (values.skip_connections), unless an operator relies on one: many take "*_default" where a DAG names none.
    """
    taken = set(carried(case))
    stock = [
        seen.conn_id
        for seen in case.inventory.connections
        if seen.conn_id in taken
        and seen.origin == "metadata"
        and seen.conn_id.endswith("_default")
        and not seen.has_password
        and not seen.masked_fields
    ]
    if len(stock) > FEW:
        yield Hit(
            f"{len(stock)} connections look like those that Airflow makes by itself: {listed(stock)}.",
            "Skip those that no DAG relies on.",
            listed(stock),
            evidence=tuple(stock),
        )


def _has_key_in_login(seen: ConnectionSeen) -> bool:
    # Airflow 2 does not tell whether there is a password.
    return seen.conn_type in _KEY_IN_LOGIN and bool(seen.login) and seen.has_password is not False
