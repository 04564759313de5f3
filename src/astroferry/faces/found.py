"""The plans that lie in a folder: which can be gone on with, how far each is, how old; files are only read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from astroferry.carry.planfiles import journal_path
from astroferry.errors import AstroferryError
from astroferry.faces.clock import ago
from astroferry.faces.navigator import POSITION, STOPS, Navigator
from astroferry.faces.so_far import so_far
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
"""state of the wave that is furthest behind -> the next stage, where the journal is not further"""


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """A plan's file. `step` counts from 1; `problem` says why it cannot be opened, or nothing.

    `carried`: what the journal knows beyond the plan, such as where the DAGs of a halfway wave are, or nothing;
    `carried_at`: when its last line was written.
    """

    path: Path
    name: str
    step: int
    stage: str
    saved_at: datetime
    problem: str = ""
    carried: str = ""
    carried_at: datetime | None = None

    @property
    def touched_at(self) -> datetime:
        """When it was saved, or carried out, last."""
        return max(self.saved_at, self.carried_at or self.saved_at)

    def told(self, now: datetime) -> tuple[str, ...]:
        """The step, what is halfway, how old; for a person who is offered it. `now` gives the time zone."""
        word = "saved" if self.touched_at == self.saved_at else "carried out"
        when = f"{word} {ago(self.touched_at.astimezone(now.tzinfo), now)}"
        parts = (f"step {self.step} of {len(STOPS)}, {self.stage}", self.carried, when)
        return tuple(part for part in parts if part)


def plans_in(folder: Path) -> list[FoundPlan]:
    """Plans of the folder, `migration.toml` first, then the newest; other TOML files are passed over."""
    found = [plan for path in sorted(folder.glob("*.toml")) if (plan := _look(path)) is not None]
    return sorted(found, key=lambda plan: (plan.path.name != DEFAULT, -plan.touched_at.timestamp()))


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
        carried = so_far(plan, journal_path(path))
    except AstroferryError as error:
        return FoundPlan(path, path.stem, 0, "", saved, str(error))
    index = Navigator(Desk(path, plan)).first_open()
    if index == POSITION["prepare"] and plan.waves:
        index = POSITION[NEXT[min(plan.waves, key=lambda wave: WAVE_STATES.index(wave.state)).state]]
    if index >= POSITION["prepare"]:
        # A review that nobody confirmed comes first, whatever was carried out by other means.
        index = POSITION.get(carried.stage, index)
    return FoundPlan(
        path, plan.name, index + 1, STOPS[index].title, saved, carried=carried.words, carried_at=carried.at
    )


def free_name(folder: Path) -> str:
    """`migration.toml`, or the first `migration-N.toml` that is not there."""
    if not (folder / DEFAULT).exists():
        return DEFAULT
    number = 2
    while (folder / f"migration-{number}.toml").exists():
        number += 1
    return f"migration-{number}.toml"
