"""Where the DAGs of every begun wave run, by the journal: for `status` and whoever was cut off in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.handover.begun import not_elsewhere, waves_begun
from astroferry.carry.handover.wave_state import side_of
from astroferry.carry.handover.whereabouts import where_in_words
from astroferry.model.words import names
from astroferry.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from astroferry.carry.handover.wave_state import Side
    from astroferry.carry.journal import Journal

_WORDS: dict[Side, str] = {
    "Astro": "on Astro",
    "source": "on the source",
    "paused": "paused on both, as before",
    "neither": "on neither side",
    "in doubt": "in doubt",
}
_OPEN = frozenset({"neither", "in doubt"})


@dataclass(frozen=True, slots=True)
class Where:
    """One DAG of a begun wave. `why`: since when, and what its ticks wait for, where somebody has to act."""

    wave: str
    dag_id: str
    side: Side
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it runs nowhere, or nobody can tell: it waits for a cutover or a rollback."""
        return self.side in _OPEN


def where_all_run(journal: Journal) -> tuple[Where, ...]:
    """Every DAG of which a cutover was begun, wave by wave in the order in which they were begun."""
    return tuple(found for wave in waves_begun(journal) for found in _where(journal, wave))


def _where(journal: Journal, wave: str) -> Iterator[Where]:
    lines = journal.standing()
    for dag_id in sorted(not_elsewhere(journal, wave)):
        side = side_of(lines, wave, dag_id)
        if side is None:
            continue
        yield Where(wave, dag_id, side, where_in_words(lines, wave, dag_id) if side in _OPEN else "")


def pages(found: Sequence[Where], plan_file: str) -> list[str]:
    """The DAGs by wave and side, then a sentence for each that waits for somebody, and what he does."""
    rows = [
        (wave, words, ", ".join(dags))
        for wave in dict.fromkeys(item.wave for item in found)
        for side, words in _WORDS.items()
        if (dags := [item.dag_id for item in found if (item.wave, item.side) == (wave, side)])
    ]
    lines = table(("wave", "runs", "DAGs"), rows)
    left = [item for item in found if item.is_open]
    lines += [f"  {item.dag_id}: {item.why}" for item in left]
    for wave in dict.fromkeys(item.wave for item in left):
        lines.append(
            f"Go on at once: astroferry cutover {plan_file} --wave {wave}, or give "
            f"{names([item.dag_id for item in left if item.wave == wave], 3)} back: astroferry rollback {plan_file} "
            f"--wave {wave}"
        )
    return lines
