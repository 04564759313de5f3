"""`astroferry report`: the assessment that a platform lead hands to a manager, as one file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.drainfile import drain_path, read_samples
from astroferry.carry.handover.wave_state import states_in_words
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.carry.watching import last_verdicts
from astroferry.errors import Exit, UsageError
from astroferry.faces.headless.organization import facts_or_none
from astroferry.model import inventoryfile, planfile
from astroferry.model.files import atomic_write, beside, must_be_writable
from astroferry.report.assessment import assessment
from astroferry.report.compose import compose
from astroferry.report.cutover import cutover_section
from astroferry.report.data import as_data
from astroferry.report.html import html
from astroferry.report.markdown import markdown
from astroferry.secrets.load import file_findings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from astroferry.model.plan import Plan
    from astroferry.report.assessment import Assessment
    from astroferry.report.cutover import CutoverSection

KINDS = (".html", ".md", ".json")


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when the file is written; neither end is changed, and the source is not even asked."""
    path = Path(arguments.plan)
    out = Path(getattr(arguments, "out", "report.html"))
    if out.suffix not in KINDS:
        raise UsageError(f"A report is written as {', '.join(KINDS)}; {out} is none of these.")
    must_be_writable(out)
    plan = planfile.load(path, unfinished=True)
    inventory = inventoryfile.load(beside(path, plan.source.inventory))
    journal = Journal(journal_path(path))
    states = states_in_words(plan, inventory, journal.standing())
    it = assessment(
        plan,
        inventory,
        datetime.now(UTC).replace(microsecond=0),
        facts=await facts_or_none(plan, arguments, "the report is made without it"),
        findings=file_findings(plan, path.parent),
        cutovers=_cutovers(plan, path, journal, states),
        states=states,
    )
    atomic_write(out, diagnostics.redact(written(it, out.suffix)))
    if arguments.json:
        diagnostics.data_json({"report": str(out), "verdict": it.verdicts.environment.word})
    else:
        diagnostics.data(f"Report: {out}")
        diagnostics.say(f"The environment is {it.verdicts.environment.word}.")
    return Exit.DONE


def written(it: Assessment, kind: str) -> str:
    """The text of the file, by its ending."""
    if kind == ".json":
        return json.dumps(as_data(it), indent=1, ensure_ascii=False, default=str) + "\n"
    document = compose(it)
    return markdown(document) if kind == ".md" else html(document)


def _cutovers(plan: Plan, path: Path, journal: Journal, states: Mapping[str, str]) -> list[CutoverSection]:
    """A section for each wave that the journal knows a cutover of."""
    begun = {entry.action.split("/")[1] for entry in journal.entries if entry.action.startswith("cutover/")}
    samples = read_samples(drain_path(path))
    return [
        cutover_section(
            plan,
            journal.entries,
            samples,
            wave.name,
            last_verdicts(journal, wave.name),
            state=states[wave.name],
        )
        for wave in plan.waves
        if wave.name in begun
    ]
