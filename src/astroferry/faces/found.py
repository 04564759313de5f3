"""The plans that lie in a folder: which can be gone on with, how far each is, how old; pure but for reading files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from astroferry.errors import AstroferryError
from astroferry.faces.navigator import POSITION, STOPS, Navigator
from astroferry.model import planfile
from astroferry.model.plan import WAVE_STATES
from astroferry.stages.desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.model.plan import WaveState

DEFAULT = "migration.toml"
NEXT: dict[WaveState, str] = {
    "planned": "prepare",
    "deployed to test": "test",
    "tested": "cutover",
    "accepted": "cutover",
    "in production": "cutover",
    "cut over": "watch",
    "kept": "decommission",
    "released": "decommission",
}
"""state of the wave that is furthest behind -> the next stage; the journal, read on opening, knows more"""


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """A plan's file. `step` counts from 1; `problem` says why it cannot be opened, or nothing."""

    path: Path
    name: str
    step: int
    stage: str
    saved_at: datetime
    problem: str = ""


def plans_in(folder: Path) -> list[FoundPlan]:
    """Plans of the folder, `migration.toml` first, then the newest; other TOML files are passed over."""
    found = [plan for path in sorted(folder.glob("*.toml")) if (plan := _look(path)) is not None]
    return sorted(found, key=lambda plan: (plan.path.name != DEFAULT, -plan.saved_at.timestamp()))


def _look(path: Path) -> FoundPlan | None:
    try:
        text = path.read_text(encoding="utf-8")
        saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, UnicodeDecodeError):
        return None
    if "[source]" not in text or "format = " not in text:
        return None
    try:
        plan = planfile.parse(text, path.name, unfinished=True)
    except AstroferryError as error:
        return FoundPlan(path, path.stem, 0, "", saved, str(error))
    index = Navigator(Desk(path, plan)).first_open()
    if index == POSITION["prepare"] and plan.waves:
        index = POSITION[NEXT[min(plan.waves, key=lambda wave: WAVE_STATES.index(wave.state)).state]]
    return FoundPlan(path, plan.name, index + 1, STOPS[index].title, saved)


def free_name(folder: Path) -> str:
    """`migration.toml`, or the first `migration-N.toml` that is not there."""
    if not (folder / DEFAULT).exists():
        return DEFAULT
    number = 2
    while (folder / f"migration-{number}.toml").exists():
        number += 1
    return f"migration-{number}.toml"
