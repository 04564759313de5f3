"""A cutover in a window, killed at every line of its journal, also while it puts everything back; then `rollback`."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.killed import KilledError, Killing
from tests.carry.handover.test_wave_exactly_once import exactly_once, new
from tests.carry.handover.two_airflows import each

from astroferry.carry.handover.wave import actions_for_cutover, standings_of
from astroferry.carry.journal import Journal
from astroferry.carry.opening import Opened
from astroferry.carry.window import Window, cut_over_in_window
from astroferry.errors import RequestFailedError
from astroferry.model import planfile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.two_airflows import World

    from astroferry.carry.window import Outcome
    from astroferry.model.organization import TokenSeen

pytestmark = pytest.mark.slow
CLOSES = (None, 8, 25, 45)
"""seconds after which each part's window closes; in the first, a DAG that cannot be marked crosses the limit

After 8 and 25 none runs on the target yet, so the source goes on with each, and nothing has to be given back.
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def never_marked(here: World) -> None:
    """The target takes no backfill of "past", so its cutover fails while others are on the target already."""

    async def refuses(*_: object, **__: object) -> int:
        raise RequestFailedError("away", status=500)

    each(here)["past"].target.create_backfill = refuses  # type: ignore[method-assign] # a broken server


async def in_window(here: World, journal: Journal, folder: Path, closes: int | None) -> Outcome:
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    path = folder / "migration.toml"
    planfile.save(here.plan, path)
    way = Opened(path, here.plan, here.inventory, ctx, journal, folder, cast("TokenSeen", None))
    actions = actions_for_cutover(here.plan, here.inventory, "one", standings_of(journal, "one", given_back=False))
    until = here.clock.now() + timedelta(seconds=closes) if closes else None
    return await cut_over_in_window(way, "one", actions, Window(None, until))


def on_the_source(here: World) -> None:
    exactly_once(here)
    sides = {dag_id: (one.source.is_paused, one.target.is_paused) for dag_id, one in each(here).items()}
    assert set(sides.values()) == {(False, True)}, sides


@pytest.mark.parametrize("part", range(4))
async def test_killed_at_every_line_then_rolled_back(tmp_path: Path, part: int) -> None:
    line, deaths = part + 1, set[str]()
    outcome: Outcome | None = None
    while outcome is None:
        here, path = new(tmp_path), tmp_path / f"{line}.jsonl"
        if CLOSES[part] is None:
            never_marked(here)
        journal = Killing(path, line)
        try:
            outcome = await in_window(here, journal, tmp_path, CLOSES[part])
        except KilledError:
            deaths.add(journal.entries[-1].action.split("/")[0])
            here.clock.pass_by(random.Random(line).randint(1, 300))
            report = await go(here, Journal(path), "rollback")
            assert not report.failed, (line, report.failed)
        on_the_source(here)
        line += 4
    # Nobody has to come where nothing kills it.
    assert outcome.is_back, (outcome.crossed, outcome.back)
    assert deaths >= ({"cutover"} if CLOSES[part] in {8, 25} else {"cutover", "rollback"})
