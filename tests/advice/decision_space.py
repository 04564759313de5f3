"""The discrete space of decisions and of the classes of sources and organizations, and what holds over all of it.

A rule is projected on the dimensions that it reads: those are found by watching it read, over cases that vary one
dimension at a time and over random ones. So all of the space is covered without walking through each of its points.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from tests.advice.rules.rulecase import CRON, INVENTORY, NOW, PLAN, facts, place

from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import SUGGESTIONS
from astroferry.model.inventory import ConnectionSeen, Dag, Run, VariableSeen
from astroferry.model.plan import Network, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from astroferry.advice.rules.rule import Book, Rule

    Point = dict[str, Any]

OFFERS = {
    "both": [("3.3-8", "3.3.2", "stable"), ("13.11.0", "2.11.2", "stable")],
    "only 3": [("3.3-8", "3.3.2", "stable")],
    "only 2": [("13.11.0", "2.11.2", "stable")],
}
DECISIONS: dict[str, tuple[Any, ...]] = {
    "decisions.airflow": ("2", "3"),
    "decisions.cron_data_intervals": (True, False),
    "decisions.execution": ("hosted", "remote"),
    "decisions.cluster": ("standard", "dedicated"),
    "decisions.cloud": ("AWS", "GCP", "AZURE"),
    "decisions.networking": ("public", "vpc-peering", "transit-gateway", "private-endpoint", "vpn", "remote-agents"),
    "network": ("none", "free", "overlapping"),
    "decisions.workspaces": ("one", "team", "environment", "business-unit", "project"),
    "deployments": ("ASTRO", "CELERY", "KUBERNETES"),
    "decisions.secrets_backend": (
        "airflow",
        "astro-environment",
        "aws-secrets-manager",
        "aws-parameter-store",
        "gcp-secret-manager",
        "hashicorp-vault",
        "azure-key-vault",
    ),
    "values.connections": ("export-file", "starship", "typed", "backend", "none"),
    "values.variables": ("export-file", "starship", "api", "typed", "backend", "none"),
}
"""plan key -> what may be answered, in the order in which it is asked"""
CLASSES: dict[str, tuple[str, ...]] = {
    "version": ("1.10.15", "2.11.2", "3.1.0"),
    "places": ("none", "public", "address", "company", "database", "service", "local"),
    "backend": ("none", "vault", "key vault", "secret manager", "own"),
    "names": ("none", "plain", "dotted", "folding", "spaced"),
    "sizes": ("small", "5 KB", "30 KB", "100 KB", "masked"),
    "tasks": ("plain", "pods", "long", "queue"),
    "starship": ("", "2.8.5", "2.10.1"),
    "plan": ("not asked", "DEVELOPER", "TEAM", "BUSINESS", "ENTERPRISE"),
    "offer": tuple(OFFERS),
}
"""what a source or an organization may be like"""
SPACE: dict[str, tuple[Any, ...]] = {**CLASSES, **DECISIONS}
SIZE = prod(len(values) for values in SPACE.values())

_PLACES = {
    "none": (),
    "public": (place("api.example.com", "public"),),
    "address": (place("10.20.0.1", "peering"),),
    "company": (place("erp.corp", "vpn"),),
    "database": (place("db.eu-west-1.rds.amazonaws.com", "peering"),),
    "service": (place("pubsub.googleapis.com", "private-endpoint"),),
    "local": (place("localhost", "local"),),
}
_CLASSES_OF = {
    "none": "",
    "vault": "airflow.providers.hashicorp.secrets.vault.VaultBackend",
    "key vault": "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
    "secret manager": "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
    "own": "acme.Backend",
}
_NAMES = {"none": (), "plain": ("db",), "dotted": ("a.b",), "folding": ("my_db", "my-db"), "spaced": ("a b",)}
_VARIABLES = {
    "small": VariableSeen("v", size=10),
    "5 KB": VariableSeen("v", size=5_000),
    "30 KB": VariableSeen("v", size=30_000),
    "100 KB": VariableSeen("v", size=100_000),
    "masked": VariableSeen("v", masked=True),
}
_LONG = Run("r", "scheduled", "success", start_date=NOW, end_date=NOW + timedelta(hours=30))
_DAG = Dag("a", CRON, is_paused=False, dependencies="none")
_TASKS = {
    "plain": _DAG,
    "pods": replace(_DAG, pod_overrides=True),
    "long": replace(_DAG, last_run=_LONG),
    "queue": replace(_DAG, queues=("heavy",)),
}
_NETWORKS = {
    "none": Network(),
    "free": Network(vpc_subnet_range="172.20.0.0/19"),
    "overlapping": Network(vpc_subnet_range="10.20.0.0/16"),
}
_RUNTIME = {"2": "13.11.0", "3": "3.3-8"}


def at(point: Point) -> Case:
    """The case at a point of the space."""
    decided = {key.split(".")[1]: value for key, value in point.items() if key.startswith("decisions.")}
    plan = replace(
        PLAN,
        decisions=replace(PLAN.decisions, runtime=_RUNTIME[decided["airflow"]], **decided),
        network=_NETWORKS[point["network"]],
        values=Values(point["values.connections"], variables=point["values.variables"]),
        deployments=tuple(replace(item, executor=point["deployments"]) for item in PLAN.deployments),
    )
    inventory = replace(
        INVENTORY,
        airflow_version=point["version"],
        places=_PLACES[point["places"]],
        config={"secrets": {"backend": _CLASSES_OF[point["backend"]]}},
        connections=tuple(ConnectionSeen(name, "http") for name in _NAMES[point["names"]]),
        variables=(_VARIABLES[point["sizes"]],),
        dags=(_TASKS[point["tasks"]],),
        starship=point["starship"],
    )
    known = None if point["plan"] == "not asked" else facts(point["plan"], runtimes=OFFERS[point["offer"]])
    return Case(plan, inventory, known)


def random_points(count: int, seed: int = 4) -> Iterator[Point]:
    """Points anywhere in the space, the same ones each time."""
    dice = random.Random(seed)
    for _ in range(count):
        yield {name: dice.choice(values) for name, values in SPACE.items()}


# -- what a rule reads -------------------------------------------------------------------------------------------

_READ_AS = {
    "inventory.airflow_version": "version",
    "inventory.airflow_major": "version",
    "inventory.places": "places",
    "inventory.config": "backend",
    "inventory.connections": "names",
    "inventory.variables": "sizes",
    "inventory.dags": "tasks",
    "inventory.starship": "starship",
    "facts": "plan",
    "facts.plans": "plan",
    "facts.organization": "plan",
    "facts.options": "offer",
    "facts.runtimes": "offer",
    "plan.network": "network",
    "plan.deployments": "deployments",
    "plan.decisions.runtime": "decisions.airflow",
}
"""what is read -> the dimension that it is made from, where the name is another"""


class Watched:
    """Something whose attributes are noted when they are read."""

    def __init__(self, seen: Any, name: str, notes: set[str]) -> None:
        self.seen, self.name, self.notes = seen, name, notes

    def __getattr__(self, name: str) -> Any:
        path = f"{self.name}.{name}"
        value = getattr(self.seen, name)
        if name in {"decisions", "values"}:
            return Watched(value, path, self.notes)
        self.notes.add(path)
        return value


@dataclass(frozen=True)
class WatchedCase(Case):
    """A case that notes what is read of it."""

    notes: Any = None

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name in {"plan", "inventory", "facts"}:
            notes = object.__getattribute__(self, "notes")
            if name == "facts":
                notes.add("facts")
            return Watched(value, name, notes) if value is not None else None
        return value


def dimensions(read: Iterable[str]) -> set[str]:
    """The dimensions behind what was read."""
    found = set()
    for path in read:
        name = _READ_AS.get(path, path.removeprefix("plan."))
        if name in SPACE:
            found.add(name)
    return found


def declared(rule: Rule) -> set[str]:
    """The dimensions that a rule says it reads."""
    found = dimensions(path.replace("organization.", "facts.") for path in rule.reads)
    return found | dimensions(".".join(path.split(".")[:2]) for path in rule.reads)


_SEEN: dict[Any, set[str]] = {}
"""a rule's function -> what it was seen to read: watched once"""

SUGGESTED_FROM: dict[str, set[str]] = {
    "decisions.airflow": {"version", "offer", "plan"},
    "decisions.execution": {"places"},
    "decisions.cluster": {"places", "decisions.execution"},
    "decisions.cloud": {"places", "decisions.cloud"},
    "decisions.networking": {"places", "decisions.execution", "decisions.cluster"},
    "decisions.workspaces": {"tasks"},
    "decisions.secrets_backend": {"backend", "names", "sizes", "decisions.execution", "decisions.cloud"},
}
"""plan key -> the dimensions that its suggestion depends on (suggestions try answers, so they cannot be watched)"""


@dataclass
class Projected:
    """A rule, or a suggestion, with what it reads."""

    name: str
    about: str
    ask: Any
    rule: Rule | None
    reads: set[str]


def projected(books: Sequence[Book], samples: Sequence[Point]) -> list[Projected]:
    """Every rule of these books with the dimensions that it was seen to read, or says that it reads."""
    found = [
        Projected(rule.id, rule.about, check, rule, declared(rule)) for book in books for rule, check in book.checks
    ]
    for item in found:
        if item.ask not in _SEEN:
            notes: set[str] = set()
            for point in samples:
                case = at(point)
                list(item.ask(WatchedCase(case.plan, case.inventory, case.facts, notes=notes)))
            _SEEN[item.ask] = dimensions(notes)
        item.reads |= _SEEN[item.ask]
    return found


def samples() -> list[Point]:
    """One point, each that differs from it in one dimension, and random ones."""
    base: Point = {name: values[0] for name, values in SPACE.items()} | {"version": "2.11.2"}
    single = [base | {name: value} for name, values in SPACE.items() for value in values]
    return [*single, *random_points(150)]


# -- what holds over the space -----------------------------------------------------------------------------------


def points(names: Iterable[str], base: Point) -> Iterator[Point]:
    """Every combination in these dimensions; the others as in `base`."""
    ordered = [name for name in SPACE if name in set(names)]
    for values in product(*(SPACE[name] for name in ordered)):
        yield base | dict(zip(ordered, values, strict=True))


def wrong(books: Sequence[Book], *, suggestions: bool = True) -> tuple[list[str], int]:
    """Every contradiction, dead end and refused suggestion, and how many projected points were looked at."""
    seen = samples()
    base = seen[0]
    rules = projected(books, seen)
    refusing = [item for item in rules if item.rule is not None and item.rule.severity == "refuse"]
    found: dict[str, None] = {}
    looked = 0
    keys = [key for key in DECISIONS if any(item.about == key for item in refusing)]
    for key in keys:
        mine = [item for item in refusing if item.about == key]
        before = [item for item in refusing if item.about in list(DECISIONS)[: list(DECISIONS).index(key)]]
        read = set().union(*(item.reads for item in mine))
        # What makes a point unreachable must be in the projection too: earlier answers that were refused.
        guards = [item for item in before if item.about in read and item.reads <= read]
        for point in points(read - {key}, base):
            looked += 1
            if any(_hits(item, point) for item in guards):
                continue
            problem = _dead_end(key, mine, point)
            if problem:
                found[problem] = None
    for key in SUGGESTED_FROM if suggestions else ():
        mine = [item for item in refusing if item.about == key]
        read = SUGGESTED_FROM[key].union(*(item.reads for item in mine))
        for point in points(read - {key} if mine else (), base):
            looked += 1
            problem = _refused_suggestion(key, mine, refusing, point)
            if problem:
                found[problem] = None
    return list(found), looked


def _hits(item: Projected, point: Point) -> list[Any]:
    return list(item.ask(at(point)))


def _dead_end(key: str, mine: list[Projected], point: Point) -> str:
    """One rule that stops everything must say what to do; several must not do so between them."""
    refused = {
        value: [(item, hit) for item in mine for hit in _hits(item, point | {key: value})] for value in DECISIONS[key]
    }
    if not all(refused.values()):
        return ""
    in_all = set.intersection(*({item.name for item, _ in hits} for hits in refused.values()))
    if not in_all:
        names = sorted({item.name for hits in refused.values() for item, _ in hits})
        return f"contradiction: {', '.join(names)} refuse every answer to {key} between them"
    told = any(hit.todo for hits in refused.values() for item, hit in hits if item.name in in_all)
    return (
        "" if told else f"dead end: {', '.join(sorted(in_all))} refuses every answer to {key} and says not what to do"
    )


def _refused_suggestion(key: str, mine: list[Projected], refusing: list[Projected], point: Point) -> str:
    case = at(point)
    value = SUGGESTIONS[key](case).value
    if value not in DECISIONS[key]:
        return ""
    hits = {item.name for item in mine if _hits(item, point | {key: value})}
    everywhere = [
        all(_hits(item, point | {key: other}) for other in DECISIONS[key]) for item in mine if item.name in hits
    ]
    if not hits or any(everywhere):
        return ""
    earlier = list(DECISIONS)[: list(DECISIONS).index(key)]
    if any(item.about in earlier and _hits(item, point) for item in refusing):
        return ""
    return f"refused suggestion: {key} = {value} is suggested, and refused by {', '.join(sorted(hits))}"
