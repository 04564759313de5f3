"""First half of the report: verdict, inventory, DAGs, findings, dependencies; each section from the assessment."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.pages import page_of
from astroferry.advice.rules.rule import PRIVATE, paths
from astroferry.advice.verdict import WORDS
from astroferry.model.words import names, several
from astroferry.report.dependency_picture import dependency_picture
from astroferry.report.document import Banner, Bullets, More, Section, Shares, Table, Text, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from astroferry.advice.verdict import Verdict
    from astroferry.report.assessment import Assessment
    from astroferry.report.document import Block

MOST_ROWS = 200
"""DAGs that are listed one by one; the data (.json) has all"""
MOST_REASONS = 8
"""reasons that stand beside the verdict; the findings have all"""
KINDS = {"ready": "good", "ready with conditions": "fair", "unknown": "unknown", "not ready": "bad"}
SENTENCES = {
    "ready": "Nothing stands in the way.",
    "ready with conditions": "It can move once the conditions below are met.",
    "unknown": "Too little is known of the source for a verdict.",
    "not ready": "Something below must be changed first; until then the plan is not carried out.",
}

BESIDES = {
    "ready with conditions": "The conditions:",
    "unknown": "Why, and what has to be looked at:",
    "not ready": "What has to be looked at besides:",
}


def verdict(it: Assessment) -> Section:
    """The verdict, the figures that matter, and what stands in the way."""
    counts = it.verdicts.counts()
    inventory, environment = it.inventory, it.verdicts.environment
    running = sum(not dag.is_paused for dag in inventory.dags)
    weeks = it.cost.weeks
    tiles = (
        (
            f"{len(inventory.dags):,}",
            _one(len(inventory.dags), "DAG"),
            f"{running:,} running, {len(inventory.dags) - running:,} paused",
        ),
        (f"{counts['ready']:,}", "DAGs simply ready", f"{counts['not ready']:,} not ready{_away(it)}"),
        (
            f"{len(inventory.connections):,}",
            _one(len(inventory.connections), "connection"),
            f"and {several(len(inventory.variables), 'variable')}",
        ),
        (f"{len(it.plan.waves)}", _one(len(it.plan.waves), "wave"), f"about {several(weeks, 'week')}"),
    )
    stops = [finding for finding in it.findings if finding.severity == "refuse"]
    others = [reason for reason in environment.reasons if reason.code not in {finding.code for finding in stops}]
    blocks: list[Block] = [
        Banner(environment.word, SENTENCES[environment.word]),
        Tiles(tiles),
        Shares("DAGs by verdict", tuple((word, counts[word], KINDS[word]) for word in WORDS)),
    ]
    if stops:
        blocks += [
            Text("What stops the plan:"),
            Bullets(_first(stops, [f"{item.message} {item.todo} [{item.code}]" for item in stops])),
        ]
    if others:
        blocks += [
            Text(BESIDES[environment.word]),
            Bullets(_first(others, [f"{item.says} [{item.code}]" for item in others])),
        ]
    return Section("verdict", "Verdict", tuple(blocks))


def _away(it: Assessment) -> str:
    """How many places the plan's cluster and networking do not reach: no DAG is known by what it calls there."""
    if not {"NET-002", "NET-004"} & {finding.code for finding in it.findings}:
        return ""
    private = sum(path in PRIVATE for _, path, _ in paths(it.plan, it.inventory))
    return f"; {several(private, 'place')} not reached by this plan"


def _one(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _first(items: Sequence[object], lines: list[str]) -> tuple[str, ...]:
    """As many lines as the head of a report bears, and how many more there are."""
    left = len(items) - MOST_REASONS
    return (*lines[:MOST_REASONS], *((f"and {left:,} more, below.",) if left > 0 else ()))


def inventory(it: Assessment) -> Section:
    """What the source has, and what it did not show."""
    found = it.inventory
    kinds = Counter(dag.schedule.kind for dag in found.dags)
    rows = (
        ("Airflow", found.airflow_version, found.url),
        ("DAGs", f"{len(found.dags):,}", ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())),
        ("Connections", f"{len(found.connections):,}", names([item.conn_id for item in found.connections], 8)),
        ("Variables", f"{len(found.variables):,}", names([item.key for item in found.variables], 8)),
        ("Pools", f"{len(found.pools):,}", names([item.name for item in found.pools], 8)),
        ("Provider packages", f"{len(found.providers):,}", names([item.package for item in found.providers], 4)),
        ("Plugins", f"{len(found.plugins):,}", names([item.name for item in found.plugins], 6)),
        (
            "Environment variables",
            f"{len(found.environment):,}",
            f"{names(found.environment, 6)}; told by {found.environment_from}" if found.environment else "",
        ),
        ("Custom operators", f"{len(found.custom_operators):,}", names(found.custom_operators, 4)),
        (
            "Files that do not parse",
            f"{len(found.import_errors):,}",
            names([i.filename for i in found.import_errors], 3),
        ),
        ("Places reached", f"{len(found.places):,}", names([place.host for place in found.places], 6)),
    )
    blocks: list[Block] = [Table("What the source has", ("what", "count", ""), rows, frozenset({1}))]
    gaps = [(item.probe, item.outcome, item.detail) for item in found.coverage if item.outcome != "read"]
    if gaps:
        blocks.append(Table("What is not known of it", ("what", "outcome", "why"), tuple(gaps)))
    return Section("inventory", "What is there", tuple(blocks))


def dags(it: Assessment) -> Section | None:
    """Why DAGs are not simply ready: the reasons counted, then DAG by DAG as far as a page bears it."""
    if not it.inventory.dags:
        return None
    judged = it.verdicts.dags
    counted: Counter[str] = Counter()
    example: dict[str, str] = {}
    for dag_id, found in judged.items():
        for code in dict.fromkeys(reason.code for reason in found.reasons):
            counted[code] += 1
            example.setdefault(code, dag_id)
    blocks: list[Block] = []
    if counted:
        rows = tuple(
            (code, page.title if (page := page_of(code)) else "", f"{count:,}", example[code])
            for code, count in counted.most_common()
        )
        blocks.append(
            Table(
                "Why DAGs are not simply ready",
                ("code", "what it means", "DAGs", "for example"),
                rows,
                frozenset({2}),
            )
        )
    listed = [
        (dag_id, found.word, _why(found))
        for word in reversed(WORDS)
        for dag_id, found in judged.items()
        if found.word == word and found.reasons
    ]
    if listed:
        left = len(listed) - MOST_ROWS
        caption = "DAGs with something against them" + (f", the first {MOST_ROWS:,}" if left > 0 else "")
        table = Table(caption, ("DAG", "verdict", "why"), tuple(listed[:MOST_ROWS]), mark=1)
        more = (Text(f"{left:,} more are in the report as data (--out report.json)."),) if left > 0 else ()
        blocks.append(More(f"DAG by DAG: {several(len(listed), 'DAG')}", (table, *more)))
    ready = it.verdicts.counts()["ready"]
    if ready:
        blocks.append(Text(f"{several(ready, 'DAG')} {'is' if ready == 1 else 'are'} simply ready."))
    return Section("dags", "DAGs", tuple(blocks))


def _why(found: Verdict) -> str:
    """The first reasons, each with its codes: two rules may say the same of a DAG."""
    codes: dict[str, list[str]] = {}
    for reason in found.reasons:
        codes.setdefault(reason.says, []).append(reason.code)
    return "; ".join(f"{says} [{', '.join(named)}]" for says, named in list(codes.items())[:4])


def findings(it: Assessment) -> Section | None:
    """Everything found, the gravest first, and what each code means."""
    if not it.findings:
        return None
    counted = Counter(item.severity for item in it.findings)
    shares = Shares(
        "Findings by severity",
        (
            ("refuse", counted["refuse"], "bad"),
            ("warn", counted["warn"], "fair"),
            ("advise", counted["advise"], "good"),
        ),
    )
    rows = tuple((item.severity, item.message, item.todo or "-", item.code) for item in it.findings[:MOST_ROWS])
    table = Table("Findings, the gravest first", ("severity", "what was found", "what to do", "code"), rows, mark=0)
    return Section("findings", "Findings", (shares, table, More("What each code means", tuple(_meanings(it)))))


def _meanings(it: Assessment) -> Iterator[Block]:
    said = {
        reason.code for found in (it.verdicts.environment, *it.verdicts.dags.values()) for reason in found.reasons
    }
    for code in sorted(said | {item.code for item in it.findings}):
        if (page := page_of(code)) is not None:
            yield Text(" ".join((f"{code}: {page.title}", *page.text)))


def dependencies(it: Assessment) -> Section | None:
    """What depends on what."""
    wave_of = {dag: wave.name for wave in it.waves for dag in wave.dags}
    picture = dependency_picture(it.inventory.dags, it.links, wave_of)
    unknown = sum(dag.dependencies == "unknown until code is read" for dag in it.inventory.dags)
    blocks: list[Block] = [picture] if picture is not None else []
    if unknown:
        blocks.append(Text(f"The dependencies of {several(unknown, 'DAG')} could not be read."))
    return Section("dependencies", "Dependencies", tuple(blocks)) if blocks else None
