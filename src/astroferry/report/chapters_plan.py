"""Second half of the report: decisions, waves, what people do, effort, cost, and the cutovers so far."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.cost import amount
from astroferry.advice.effort import total
from astroferry.advice.risk import LEVELS
from astroferry.advice.rules.rule import Case
from astroferry.advice.sizing import against_limits
from astroferry.model.words import names, several
from astroferry.report.assessment import OPEN
from astroferry.report.document import Bullets, More, Picture, Section, Table, Text
from astroferry.report.markup import Html
from astroferry.report.pictures import drain_curve, drain_words, tick_lanes
from astroferry.report.sizes import scheduler, workers
from astroferry.report.waves_picture import waves_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.report.assessment import Assessment
    from astroferry.report.cutover import CutoverSection, DagHandover
    from astroferry.report.document import Block

_WANTING = frozenset({"VER-036", "ENV-014", "SEC-021"})
"""findings that name packages which an image has to bring"""
_PACKAGE = re.compile(r"apache-airflow-providers-[a-z0-9-]+")
MOST_EVIDENCE = 6
"""pieces of evidence that are named with a decision; the data (.json) has all"""
DRAINED = (
    "While both environments run, no DAG is active on both. The guide pauses first and waits then; but a paused "
    "Airflow leaves its running runs unfinished, so each DAG is drained first and paused then."
)
"""where the guide and Airflow's own scheduler disagree (2.10.5 and 3.3.2: runs of paused DAGs are not looked at)"""
MOST_HIGH = 100
"""DAGs of high risk that are listed"""
MARKS = "A dot ran, a cross failed, a ring is a marker, a triangle ran on neither side; dashed: paused, unpaused."
"""how to read the ticks of both sides"""
MOST_LANES = 12
"""DAGs whose ticks are drawn"""


def decisions(it: Assessment) -> Section | None:
    """Each decision, whether it follows the advice, and the reason."""
    if not it.plan.decided:
        return None
    rows = tuple(
        (
            item.title,
            item.answer,
            item.reason
            if item.follows or item.suggested == OPEN
            else f"Chosen otherwise; {item.suggested} was suggested: {item.reason}",
        )
        for item in it.decided
    )
    blocks: list[Block] = [Table("Decisions and their reasons", ("decision", "answer", "why"), rows)]
    if seen := tuple((item.title, _some(item.evidence)) for item in it.decided if item.evidence):
        blocks.append(
            More("What speaks for what is suggested", (Table("Evidence", ("decision", "what was seen"), seen),))
        )
    if it.plan.deployments:
        blocks.append(
            Table(
                "Deployments",
                ("Deployment", "Workspace", "role", "executor", "scheduler", "workers"),
                tuple(
                    (
                        item.name,
                        item.workspace,
                        item.role,
                        item.executor,
                        scheduler(item),
                        workers(it.plan, item),
                    )
                    for item in it.plan.deployments
                ),
            )
        )
        blocks.append(Text(against_limits(Case(it.plan, it.inventory))))
    if it.plan.review_again:
        blocks.append(Text(f"To be looked at again, since an earlier answer changed: {names(it.plan.review_again)}."))
    return Section("decisions", "Decisions", tuple(blocks))


def _some(evidence: tuple[str, ...]) -> str:
    left = len(evidence) - MOST_EVIDENCE
    return "; ".join(line.rstrip(".") for line in evidence[:MOST_EVIDENCE]) + (
        f"; and {left:,} more" if left > 0 else ""
    )


def waves(it: Assessment) -> Section | None:
    """The waves over time, and what is in each."""
    picture = waves_picture(it.waves, len(it.inventory.dags))
    if picture is None:
        return None
    rows = tuple(
        (
            wave.name,
            f"{len(wave.dags):,}",
            ", ".join(f"{count:,} {level}" for level, count in zip(LEVELS, wave.counts, strict=True) if count),
            wave.production if wave.test == wave.production else f"{wave.production}, tested on {wave.test}",
            wave.state,
            names(wave.dags, 4),
        )
        for wave in it.waves
    )
    head = ("wave", "DAGs", "risk", "Deployment", "state", "holds")
    blocks: list[Block] = [picture, Table("Waves in their order", head, rows, frozenset({1})), Text(DRAINED)]
    if it.high_risk:
        shown = tuple((dag, wave, ", ".join(why)) for dag, wave, why in it.high_risk[:MOST_HIGH])
        left = len(it.high_risk) - len(shown)
        caption = "DAGs of high risk, and why" + (f", the first {MOST_HIGH}" if left > 0 else "")
        summary = f"High risk: {several(len(it.high_risk), 'DAG')}"
        blocks.append(More(summary, (Table(caption, ("DAG", "wave", "why"), shown),)))
    return Section("waves", "Waves", tuple(blocks))


def manual(it: Assessment) -> Section:
    """What astroferry does not do."""
    items = list(_by_people(it))
    blocks: list[Block] = [Bullets(tuple(items))]
    if it.by_hand:
        reasons = Counter(why for _, why in it.by_hand)
        rows = tuple(
            (
                why[:1].upper() + why[1:],
                f"{count:,}",
                names([dag for dag, because in it.by_hand if because == why], 5),
            )
            for why, count in reasons.most_common()
        )
        blocks.insert(0, Table("DAGs that people move", ("because", "DAGs", "which"), rows, frozenset({1})))
    return Section("manual", "What people do", tuple(blocks))


def _by_people(it: Assessment) -> Iterator[str]:
    plan, inventory = it.plan, it.inventory
    if inventory.plugins:
        yield f"Plugins go into the image of an Astro project: {names([item.name for item in inventory.plugins], 4)}."
    if packages := sorted({item for finding in it.findings for item in _packages(finding)}):
        where = (
            "The agents' image is built"
            if plan.decisions.execution == "remote"
            else "An Astro project is made and its image deployed (`astro deploy`)"
        )
        yield f"{where} with the packages that no DAG-only deploy brings: {names(packages, 8)}."
    if plan.decisions.execution == "remote":
        yield "The remote Deployment, its agents, their image and DAG bundles are made by your platform team."
    if plan.decisions.cluster == "dedicated":
        yield "The dedicated cluster, its ranges and its way into your network are agreed and made beforehand."
    if plan.decisions.secrets_backend != "airflow":
        yield f"Secrets are kept in {plan.decisions.secrets_backend} by you; astroferry does not write there."
    if "typed" in {plan.values.connections, plan.values.variables}:
        yield "Secret values are typed in, one by one, when they are carried."
    yield "Alerts and notifications on Astro are set up before the cutover; those of the source are not carried."
    yield "People are invited and given their roles on Astro by an Organization Owner or a Workspace Owner."
    yield (
        "Task logs and XComs stay on the source, and runs that `astroferry history` does not copy; what must be kept "
        "is exported."
    )
    yield "Runbooks and links that name the old Airflow are changed; old machines are removed after the last cycle."


def _packages(finding: Finding) -> list[str]:
    """Packages that the finding wants in an image."""
    return _PACKAGE.findall(f"{finding.message} {finding.todo}") if finding.code in _WANTING else []


def effort(it: Assessment) -> Section | None:
    """Person days, with the measure of each."""
    if not it.plan.decided:
        return None
    least, most = total(it.effort)
    days = sum(work.days for work in it.effort)
    rows = tuple((work.what, f"{work.days:,.2f}", work.measure) for work in it.effort)
    price, currency = it.plan.prices.person_day, it.plan.prices.currency
    money = (
        f" At {amount(price, currency)} a day: {amount(least * price, currency)} to {amount(most * price, currency)}."
        if price is not None
        else ""
    )
    return Section(
        "effort",
        "Effort",
        (
            Text(
                f"{least:,} to {most:,} person days, by a rough measure of our own: the first where all goes "
                f"well, the second at twice the time.{money}"
            ),
            Table(
                "Pieces of work",
                ("what", "days", "measure"),
                (*rows, ("Together", f"{days:,.2f}", "")),
                frozenset({1}),
            ),
        ),
    )


def cost(it: Assessment) -> Section | None:
    """In words; in figures where prices are given."""
    if not it.plan.deployments:
        return None
    found, currency = it.cost, it.cost.currency
    priced = found.least is not None and found.most is not None

    def figure(least: float | None, most: float | None) -> str:
        if least is None or most is None:
            return "no price given"
        return amount(least, currency) if least == most else f"{amount(least, currency)} to {amount(most, currency)}"

    rows = [
        (item.what, item.words, figure(item.least, item.most) + (" in all" if item.once and item.least else ""))
        for item in found.items
    ]
    head = ("what", "how it is billed", "a month")
    blocks: list[Block] = []
    if priced:
        rows.append(("Together, a month", "what is priced above", figure(found.least, found.most)))
        blocks.append(Text("Figures are made of the prices in the plan, before tax, for a month of 730 hours."))
    else:
        blocks.append(
            Text(
                "No price is assumed: give them under [prices] in the plan, in any currency, and figures stand here."
            )
        )
    blocks.append(Table("What costs", head, tuple(rows), frozenset({2})))
    if priced and found.unpriced:
        blocks.append(Text(f"Without a price, and so not in the sum: {names(found.unpriced, 8)}."))
    return Section("cost", "Cost", tuple(blocks))


def cutovers(it: Assessment) -> Section | None:
    """What has been handed over so far."""
    if not it.cutovers:
        return None
    return Section("cutover", "Cutover", tuple(block for part in it.cutovers for block in _wave_cut_over(part)))


def _wave_cut_over(part: CutoverSection) -> Iterator[Block]:
    back = sum(dag.given_back_at is not None for dag in part.dags)
    done = sum(dag.resumed_at is not None and dag.given_back_at is None for dag in part.dags)
    given = f", {back:,} {'was' if back == 1 else 'were'} given back" if back else ""
    exact = "every counted tick ran exactly once" if part.exact else "some ticks did not run exactly once"
    yield Text(
        f"Wave {part.wave} ({part.state}): {done:,} of {several(len(part.dags), 'DAG')} run on Astro{given}; {exact}."
    )
    for side, when in (("source", "before the cutover"), ("target", "before they were given back")):
        drained = [sample for sample in part.samples if sample.side == side]
        if curve := drain_curve(drained):
            yield Picture(Html(curve), drain_words(drained), f"Runs still active on the {side}, {when}.")
    head = ("DAG", "paused on the source (UTC)", "runs on Astro (UTC)", "gap", "once", "twice", "missed", "verdict")
    rows = tuple(_handed(dag) for dag in part.dags)
    yield Table(f"Handed over in {part.wave}", head, rows, frozenset({4, 5, 6}))
    between = [f"{dag.dag_id}: {clause}." for dag in part.dags for clause in _between(dag)]
    if between:
        yield Text("Ticks that were due while neither side ran:")
        yield Bullets(tuple(between))
    if uncounted := [f"{dag.dag_id}: {clause}." for dag in part.dags for clause in dag.uncounted]:
        yield Text("What no ticks tell of:")
        yield Bullets(tuple(uncounted))
    if part.checklist:
        seen = tuple((key, *found.partition(": ")[::2]) for key, found in part.checklist.items())
        checked = Table(f"The checklist before {part.wave} was cut over", ("check", "outcome", "evidence"), seen)
        yield More(f"{several(len(seen), 'check')} before {part.wave} was cut over", (checked,))
    lanes = [(dag.dag_id, svg) for dag in part.dags if (svg := tick_lanes(dag))][:MOST_LANES]
    drawn = tuple(Picture(Html(svg), MARKS, f"Ticks of {dag_id} on both sides.") for dag_id, svg in lanes)
    if drawn:
        yield More(f"Ticks of {several(len(drawn), 'DAG')} on both sides", drawn)


def _between(dag: DagHandover) -> Iterator[str]:
    for ticks, what in ((dag.filled, "run on Astro on purpose"), (dag.listed, "listed, and run by nobody")):
        if ticks:
            yield f"{names([f'{tick:%Y-%m-%d %H:%M:%S}' for tick in ticks])} {what}"


def _handed(dag: DagHandover) -> tuple[str, ...]:
    gap = dag.gap_seconds
    verdict = dag.failed or (dag.verdict.verdict if dag.verdict is not None else "")
    return (
        dag.dag_id,
        f"{dag.paused_at:%Y-%m-%d %H:%M:%S}" if dag.paused_at else "-",
        f"{dag.resumed_at:%Y-%m-%d %H:%M:%S}" if dag.resumed_at else "-",
        f"{gap:,.0f} s" if gap is not None else "-",
        f"{dag.once:,}",
        f"{dag.twice:,}",
        f"{dag.missed:,}",
        "; ".join(filter(None, ("given back" if dag.given_back_at else "", verdict))) or "-",
    )
