"""Whether the names and sizes of this source fit into the chosen secrets backend."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from astroferry.advice.backends import BACKENDS as DETAILS
from astroferry.advice.backends import renames
from astroferry.advice.rules.rule import Book, Case, Hit, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.backends import Renamed

BOOK = Book("secret names")
WHERE = "decisions.secrets_backend"

MANY_LOOKUPS = 50
"""ids above which lookups in a paid store are worth a word; our own measure"""


@BOOK.rule(
    "SEC-008",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="providers google 22.8.0, microsoft-azure 15.2.1; naming rules of AWS's stores",
)
def cannot_be_named_so(case: Case) -> Iterator[Hit]:
    """The backend cannot hold these names.

    Each store has its own rule for names, prefix included: letters, digits, - and _ in Google Secret Manager;
    letters, digits and - in Key Vault (it takes _ for -); no spaces or brackets on AWS. Rename them, also in DAG
    code.
    """
    chosen = case.plan.decisions.secrets_backend
    detail = DETAILS.get(chosen)
    names = _names(case)
    bad = [name for kind, of in names.items() for name in of if detail is not None and not detail.fits(kind, name)]
    if bad:
        found = [f"{item.old} -> {item.new}" for item in mapping(case) if item.old in bad]
        yield Hit(f"{chosen} cannot hold these names: {listed(bad)}.", f"Rename them: {listed(found)}.", listed(bad))


@BOOK.rule(
    "SEC-006",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="provider microsoft-azure 15.2.1: KeyVaultBackend turns _ into -",
)
def cannot_be_told_apart(case: Case) -> Iterator[Hit]:
    """Two names become one in the backend.

    Key Vault knows neither underscores nor case, so my_db and my-db are one secret there. Connections and variables
    have prefixes of their own, so one of each may have the same name.
    """
    chosen = case.plan.decisions.secrets_backend
    detail = DETAILS.get(chosen)
    if detail is None:
        return
    for names in _names(case).values():
        together: defaultdict[str, set[str]] = defaultdict(set)
        for name in names:
            together[detail.same(name)].add(name)
        for same in together.values():
            if len(same) > 1:
                pair = " and ".join(sorted(same))
                yield Hit(f"{chosen} cannot tell {pair} apart.", "Rename all but one.", pair)


@BOOK.rule(
    "SEC-posix",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values", "inventory.connections", "inventory.variables"),
    source="docs: astro env airflow-variable create takes POSIX names from a file",
    confidence="medium",
)
def not_in_bulk(case: Case) -> Iterator[Hit]:
    """Astro's Environment Manager takes these names one by one only.

    Its bulk files take letters, digits and _ (not beginning with a digit). Others are made singly, by command or
    screen.
    """
    if case.plan.decisions.secrets_backend != "astro-environment":
        return
    odd = [name for of in _names(case).values() for name in of if not name.isidentifier() or not name.isascii()]
    if odd:
        yield Hit(
            f"Bulk files of Astro's Environment Manager do not take {listed(odd)}.",
            "Make these one by one.",
            listed(odd),
        )


@BOOK.rule(
    "SEC-010",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values.skip_variables", "inventory.variables"),
    source="limits of the stores, 2026",
    confidence="medium",
)
def too_large(case: Case) -> Iterator[Hit]:
    """Values are larger than the backend takes.

    Sizes are those of the variables' values in bytes, as the source shows them. 64 KiB in Secrets Manager and Google
    Secret Manager, 25 KB in Key Vault, 8 KB in the advanced tier of Parameter Store.
    """
    chosen = case.plan.decisions.secrets_backend
    largest = DETAILS[chosen].largest if chosen in DETAILS else 0
    large = _larger(case, largest) if largest else []
    if large:
        yield Hit(
            f"{chosen} holds values up to {largest:,} bytes; too large: {listed(large)}.",
            "Split them, or keep them elsewhere.",
            listed(large),
        )


@BOOK.rule(
    "SEC-009",
    "warn",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "plan.values.skip_variables", "inventory.variables"),
    source="AWS: Systems Manager quotas",
)
def needs_the_paid_tier(case: Case) -> Iterator[Hit]:
    """Values need the advanced tier of Parameter Store.

    The standard tier takes 4 KB per value; the advanced tier takes 8 KB and is paid per parameter.
    """
    chosen = case.plan.decisions.secrets_backend
    detail = DETAILS.get(chosen)
    if detail is None or not detail.larger_costs:
        return
    large = [name for name in _larger(case, detail.larger_costs) if name not in _larger(case, detail.largest)]
    if large:
        yield Hit(
            f"{listed(large)}: more than {detail.larger_costs:,} bytes, so the advanced tier (paid) is needed.",
            "Use the advanced tier, Secrets Manager, or split them.",
            listed(large),
        )


@BOOK.rule(
    "SEC-012",
    "warn",
    about=WHERE,
    reads=("inventory.connections", "inventory.variables"),
    source="Airflow 3.3.2 sdk/execution_time/secrets and 2.10.5: the first place that has an id wins",
)
def in_two_places(case: Case) -> Iterator[Hit]:
    """An id is in more than one place, and only one of them is used.

    Airflow asks the secrets backend, then environment variables, then its database, and takes the first that
    answers. A document of 2024 says that later ones override earlier ones; Airflow's code does not.
    """
    for kind in ("connections", "variables"):
        seen = getattr(case.inventory, kind)
        counted = Counter(name for name, _ in {(_name(item), item.origin) for item in seen if item.origin != "code"})
        twice = sorted(name for name, count in counted.items() if count > 1)
        if twice:
            yield Hit(
                f"These {kind} are in more than one place: {listed(twice)}. The first of backend, environment and "
                "database wins.",
                "Find out which one is used, and carry that one alone.",
                listed(twice),
            )


@BOOK.rule(
    "SEC-013",
    "advise",
    about=WHERE,
    reads=("plan.decisions.secrets_backend", "inventory.connections", "inventory.variables"),
    source="providers amazon, google, microsoft-azure; Airflow 3.3.2 config.yml: secrets.use_cache",
)
def lookups_cost(case: Case) -> Iterator[Hit]:
    """Each lookup is a call to the store, also for ids that are not there.

    Limit them by connections_lookup_pattern and variables_lookup_pattern (AWS), switch off a kind by a null prefix,
    and let Airflow keep variables for 15 minutes while DAGs are parsed ([secrets] use_cache).
    """
    chosen = case.plan.decisions.secrets_backend
    count = sum(len(of) for of in _names(case).values())
    if chosen in DETAILS and count >= MANY_LOOKUPS:
        yield Hit(
            f"{count} ids are looked up in {chosen}, at each parse too where code reads them there.",
            "Set lookup patterns and [secrets] use_cache.",
        )


def mapping(case: Case) -> tuple[Renamed, ...]:
    """Which names the plan's backend cannot hold as they are, and what they could be called there."""
    return renames(case.plan.decisions.secrets_backend, _names(case))


def _names(case: Case) -> dict[str, list[str]]:
    skipped = case.plan.values
    return {
        "connections": [
            seen.conn_id for seen in case.inventory.connections if seen.conn_id not in skipped.skip_connections
        ],
        "variables": [seen.key for seen in case.inventory.variables if seen.key not in skipped.skip_variables],
    }


def _larger(case: Case, size: int) -> list[str]:
    skipped = case.plan.values.skip_variables
    return [seen.key for seen in case.inventory.variables if seen.size > size and seen.key not in skipped]


def _name(seen: object) -> str:
    return str(getattr(seen, "conn_id", "") or getattr(seen, "key", ""))
