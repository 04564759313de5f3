"""Is it fit to move? A word for the environment and one for each DAG, with what speaks against it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Dag, Inventory

Word = Literal["ready", "ready with conditions", "unknown", "not ready"]
WORDS: tuple[Word, ...] = ("ready", "ready with conditions", "unknown", "not ready")
"""from good to bad"""
UNREAD = "VRD-unread"
GAPS = "VRD-gaps"
_GAPS = frozenset({"refused", "failed"})


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks against something: the code of its help page, and a sentence."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict. `reasons`: the gravest first; empty where it is ready."""

    word: Word
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The environment's verdict, and each DAG's by its id, in the order of the inventory."""

    environment: Verdict
    dags: dict[str, Verdict]

    def counts(self) -> dict[Word, int]:
        """How many DAGs have each word, from good to bad; words that no DAG has count 0."""
        counted = Counter(verdict.word for verdict in self.dags.values())
        return {word: counted[word] for word in WORDS}


def verdicts(inventory: Inventory, findings: Iterable[Finding]) -> Verdicts:
    """Verdicts from all that was found: by the rules, while the source was read, and in its files.

    A refusal makes a DAG not ready, and the environment with it; what nobody could read makes it unknown; a warning
    is a condition. Advice is none of these. One pass over findings and DAGs.
    """
    found = list(findings)
    ids = {dag.dag_id for dag in inventory.dags}
    by_dag: dict[str, list[tuple[Word, Reason]]] = {}
    for finding in found:
        for dag_id, reason in _about_dags(finding, ids):
            by_dag.setdefault(dag_id, []).append(reason)
    broken = {file.filename: file.message for file in inventory.import_errors}
    judged = {dag.dag_id: _judged([*by_dag.get(dag.dag_id, ()), *_of_dag(dag, broken)]) for dag in inventory.dags}
    return Verdicts(_of_environment(inventory, found, judged), judged)


def _about_dags(finding: Finding, ids: set[str]) -> Iterator[tuple[str, tuple[Word, Reason]]]:
    word = _word_of(finding)
    dags = finding.dags or ((finding.subject,) if finding.subject in ids else ())
    if word is None or not dags:
        return
    # Evidence that begins with a DAG's id is that DAG's own sentence.
    own: dict[str, str] = {}
    for line in finding.evidence:
        head, _, tail = line.partition(": ")
        if tail:
            own.setdefault(head, tail)
    for dag_id in dags:
        yield dag_id, (word, Reason(finding.code, own.get(dag_id, finding.message)))


def _of_dag(dag: Dag, broken: dict[str, str]) -> Iterator[tuple[Word, Reason]]:
    if dag.fileloc in broken:
        yield "not ready", Reason("SRC-import-errors", f"Its file does not parse: {broken[dag.fileloc]}")
    if dag.schedule.kind == "unknown":
        yield "unknown", Reason(UNREAD, "Its schedule could not be read.")
    if dag.dependencies == "unknown until code is read":
        yield "unknown", Reason(UNREAD, "What it depends on could not be read.")


def _judged(against: list[tuple[Word, Reason]]) -> Verdict:
    if not against:
        return Verdict("ready")
    against.sort(key=lambda item: -WORDS.index(item[0]))
    return Verdict(against[0][0], tuple(dict.fromkeys(reason for _, reason in against)))


def _of_environment(inventory: Inventory, found: list[Finding], judged: dict[str, Verdict]) -> Verdict:
    against = [(word, Reason(item.code, item.message)) for item in found if (word := _word_of(item)) is not None]
    unread = sum(verdict.word == "unknown" for verdict in judged.values())
    if not judged:
        against.append(("unknown", Reason(UNREAD, "No DAG of the source could be read.")))
    elif unread * 2 > len(judged):
        against.append(("unknown", Reason(UNREAD, f"{unread:,} of {len(judged):,} DAGs could not be read in full.")))
    gaps = [item.probe for item in inventory.coverage if item.outcome in _GAPS]
    if gaps:
        against.append(("ready with conditions", Reason(GAPS, f"The source did not show: {', '.join(gaps)}.")))
    elif unread:
        against.append(
            ("ready with conditions", Reason(UNREAD, f"{several(unread, 'DAG')} could not be read in full."))
        )
    return _judged(against)


def _word_of(finding: Finding) -> Word | None:
    match finding.severity:
        case "refuse":
            return "not ready"
        case "warn":
            return "ready with conditions"
        case _:
            return None
