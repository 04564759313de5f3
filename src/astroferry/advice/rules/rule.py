"""How a rule is written: what every rule has, what it may look at, and the book of one decision that holds it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from astroferry.model.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from astroferry.model.finding import Severity
    from astroferry.model.inventory import Inventory, PathKind, Place, Sign
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Case:
    """All that advice may look at: the plan as it stands, what the source has, what the organization is.

    `facts` is None where the organization was not asked. `folder`: signs in the DAG folder that is deployed; None
    where it was not read, and then those in the source's own code count.
    """

    plan: Plan
    inventory: Inventory
    facts: OrganizationFacts | None = None
    folder: tuple[Sign, ...] | None = None

    @property
    def crosses(self) -> bool:
        """Whether the move leads from Airflow 2 to 3."""
        return self.inventory.airflow_major == 2 and self.plan.decisions.airflow == "3"

    @property
    def climbs(self) -> bool:
        """Whether the move leads from one Airflow 3 to a newer minor version of it, as the chosen Runtime says."""
        source, target = version_key(self.inventory.airflow_version)[:2], airflow_of(self.plan.decisions.runtime)
        return self.inventory.airflow_major == 3 and target > source

    @property
    def upgrades(self) -> bool:
        """Whether the move leads to a newer Airflow 3, from Airflow 2 or from an older 3."""
        return self.crosses or self.climbs

    def comes_to(self, *minor: int) -> bool:
        """Whether the move leads from an older Airflow to this minor version, or past it."""
        source, target = version_key(self.inventory.airflow_version)[:2], airflow_of(self.plan.decisions.runtime)
        return source < minor <= target

    @property
    def target(self) -> tuple[int, ...]:
        """The Airflow that the plan goes to: (3, 2), or (3,) where no Runtime of it is chosen yet."""
        major, exact = (int(self.plan.decisions.airflow),), airflow_of(self.plan.decisions.runtime)
        return exact if exact[:1] == major else major

    @property
    def signs(self) -> tuple[Sign, ...]:
        """What DAG code says: that of the folder, once it was read."""
        return self.inventory.signs if self.folder is None else self.folder

    def with_answer(self, key: str, value: Any) -> Case:
        """The same case, had one of the offered values been answered; not checked, so for our own values only."""
        section, _, name = key.partition(".")
        answered = replace(getattr(self.plan, section), **{name: value}) if name else value
        return replace(self, plan=replace(self.plan, **{section: answered}))


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: a sentence that names the evidence, what it is about, and what to do.

    An empty `subject` stands for the decision that the rule is about. `dags`: ids of all DAGs that it holds for,
    empty where it is about the environment; `evidence`: all that was seen, where the sentence names only some of it.
    """

    message: str
    todo: str = ""
    subject: str = ""
    dags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `id` is stable and the code of its findings; `source` says where it is from.

    `about`: the plan key whose answer it judges ("decisions.execution"), or "". `reads`: the facts it looks at, for
    people ("plan.decisions.airflow", "inventory.places"). `page`: what `explain` and F1 say, first line the title.
    """

    id: str
    severity: Severity
    source: str
    confidence: Confidence = "high"
    about: str = ""
    reads: tuple[str, ...] = ()
    page: str = ""

    def finding(
        self,
        message: str,
        subject: str = "",
        todo: str = "",
        dags: tuple[str, ...] = (),
        evidence: tuple[str, ...] = (),
    ) -> Finding:
        """This rule, found to apply."""
        return Finding(self.id, self.severity, message, subject, todo, dags, evidence)


@dataclass(frozen=True, slots=True)
class Suggestion(Generic[Value_co]):
    """What is suggested for a decision: the value, one sentence why, and what was seen that speaks for it."""

    value: Value_co
    reason: str
    evidence: tuple[str, ...] = ()


@dataclass
class Book:
    """The rules of one decision, and what it suggests; a file in this folder makes one and fills it by decorators.

    `decision`: a short name ("execution"), also the key of the stage that shows its findings.
    """

    decision: str
    checks: list[tuple[Rule, Callable[[Case], Iterable[Hit]]]] = field(default_factory=list)
    suggestions: dict[str, Callable[[Case], Suggestion[Any]]] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order in which they stand in the file."""
        return tuple(rule for rule, _ in self.checks)

    def rule(
        self,
        code: str,
        severity: Severity,
        *,
        source: str,
        about: str = "",
        reads: tuple[str, ...] = (),
        confidence: Confidence = "high",
    ) -> Callable[[Callable[[Case], Iterable[Hit]]], Callable[[Case], Iterable[Hit]]]:
        """Take the decorated function into the book; its docstring is the rule's help page."""

        def take(check: Callable[[Case], Iterable[Hit]]) -> Callable[[Case], Iterable[Hit]]:
            page = inspect.getdoc(check) or ""
            self.checks.append((Rule(code, severity, source, confidence, about, reads, page), check))
            return check

        return take

    def suggests(
        self, key: str
    ) -> Callable[[Callable[[Case], Suggestion[Value]]], Callable[[Case], Suggestion[Value]]]:
        """Take the decorated function as what is suggested for that plan key."""

        def take(suggest: Callable[[Case], Suggestion[Value]]) -> Callable[[Case], Suggestion[Value]]:
            self.suggestions[key] = suggest
            return suggest

        return take

    def problems(self, case: Case) -> Iterator[Finding]:
        """What its rules hold against the case, in their order."""
        for rule, check in self.checks:
            for hit in check(case):
                yield rule.finding(hit.message, hit.subject or rule.about, hit.todo, hit.dags, hit.evidence)

    def refusals(self, case: Case, key: str, values: Iterable[str]) -> dict[str, str]:
        """Value -> why it cannot be taken for that plan key here; values that can be taken are left out."""
        found: dict[str, str] = {}
        for value in values:
            tried = case.with_answer(key, value)
            for rule, check in self.checks:
                if rule.severity == "refuse" and rule.about == key:
                    for hit in check(tried):
                        found.setdefault(value, hit.message)
        return found


def version_key(text: str) -> tuple[int, ...]:
    """Numbers of a version for comparing: "3.3-8" -> (3, 3, 8); what follows a "+" or a letter does not count."""
    numbers: list[int] = []
    for part in text.split("+", 1)[0].replace("-", ".").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def airflow_of(runtime: str) -> tuple[int, ...]:
    """(3, 1) for Runtime "3.1-12", (2, 11) for "13.5.0"; empty for what is no Runtime version."""
    numbers = version_key(runtime)
    if len(numbers) < 2:
        return ()
    return numbers[:2] if "-" in runtime else (2, numbers[0] - 2)


def seen_at(place: Place) -> str:
    """A place and why it is thought to be what it is, as evidence."""
    return place.why if place.host in place.why else f"{place.host}: {place.why}"


def paths(plan: Plan, inventory: Inventory) -> list[tuple[Place, PathKind, bool]]:
    """Each place with its path, and whether a person gave it; what the plan says wins over the guess.

    "unknown" is nobody's word, wherever it stands.
    """
    confirmed = {(place.host, place.port): place.path for place in plan.places}
    found: list[tuple[Place, PathKind, bool]] = []
    for place in inventory.places:
        # A plan may name the host alone, for all its ports.
        path = confirmed.get((place.host, place.port), confirmed.get((place.host, None)))
        found.append((place, path or place.path, path not in {None, "unknown"}))
    return found


def not_shown(inventory: Inventory, probe: str) -> bool:
    """Whether the source was asked for this ("configuration", "connections", "pools") and did not show it."""
    return any(item.probe == probe and item.outcome != "read" for item in inventory.coverage)


PRIVATE: frozenset[PathKind] = frozenset({"vpn", "peering", "private-endpoint"})


def quoted(names: Sequence[str], most: int = 5) -> str:
    """Names that may hold blanks, for a sentence."""
    return listed([f'"{name}"' for name in names], most)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names for a sentence: the first few, and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
