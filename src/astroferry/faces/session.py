"""What the wizard works on: the desk, the walk, the plan's lock and file; it outlives every screen."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from astroferry.carry.approving import confirm
from astroferry.carry.decommission.leaving import LIVE
from astroferry.carry.decommission.release import release
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.journal import Journal
from astroferry.carry.opening import (
    API_URL,
    journal_path,
    open_astro,
    open_source,
    open_starship,
    read_facts,
)
from astroferry.carry.planfiles import read_plan
from astroferry.carry.verifying import NOTE
from astroferry.carry.watching import last_verdicts
from astroferry.code.find import find
from astroferry.code.read import read as read_code
from astroferry.errors import AstroferryError, PlanError
from astroferry.faces.navigator import STOPS, Navigator
from astroferry.model import inventoryfile, planfile
from astroferry.model.files import PlanLock, beside
from astroferry.model.inventoryfile import fingerprint
from astroferry.model.plan import MOVED
from astroferry.model.webaddress import address_problem
from astroferry.sources.airflow import take_inventory
from astroferry.sources.environment import environment_beside
from astroferry.sources.progress import Progress
from astroferry.sources.unfinished import Unfinished
from astroferry.stages.changing import stirred
from astroferry.stages.desk import Desk, new_desk
from astroferry.stages.walk import finish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from astroferry.carry.action import ActionInfo
    from astroferry.carry.journal import Standing
    from astroferry.clients.credentials import Ask
    from astroferry.faces.navigator import StopState
    from astroferry.model.plan import Wave

DAG_FILES = "DAG files"
FILES = 20
"""DAG files after which it is told how many were read"""


class Session:
    """One plan, open and locked; `close` lets it go.

    Raises PlanInUseError where another process holds the plan, PlanError where its files cannot be read.
    """

    def __init__(self, desk: Desk, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.desk = desk
        self.nav = Navigator(desk)
        self.now = now
        self.saved_at: datetime | None = None
        self.counts: dict[str, tuple[int, int, int]] = {}
        """carrying stage -> done, all, failed; from the journal"""
        self.standings: dict[str, Standing] = {}
        self.infos: tuple[ActionInfo, ...] = ()
        self._kept = desk.plan
        self.journal = Journal(journal_path(desk.path))
        self._journal_size = 0
        self.unfinished = Unfinished()
        """what a read of the source that was broken off has given; no stage knows of it, so no advice rests on it"""
        self._read_from = ""
        self.folder_read = ""
        """the DAG folder that was read last, or tried"""
        self._lock = PlanLock(desk.path)
        self._lock.__enter__()
        self.look_back()
        self.nav.index = self.nav.first_open()

    @classmethod
    def new(cls, path: Path, name: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Session:
        """Begin a plan; it is saved at once, so that leaving at any moment loses nothing."""
        desk = new_desk(path, name, now=now())
        _take_environment(desk)
        session = cls(desk, now=now)
        session.save()
        return session

    @classmethod
    def open(cls, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Session:
        """Go on with a saved plan, finished or not; the inventory beside it is read where there is one."""
        plan = planfile.load(path, unfinished=True)
        desk = Desk(path, plan)
        _take_environment(desk)
        inventory = beside(path, plan.source.inventory)
        if inventory.exists():
            desk.inventory = inventoryfile.load(inventory)
        session = cls(desk, now=now)
        session.saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return session

    @property
    def path(self) -> Path:
        """The plan's file."""
        return self.desk.path

    def save(self) -> None:
        """Write the plan, whole or not at all."""
        planfile.save(self.desk.plan, self.path)
        self._kept = self.desk.plan
        self.saved_at = self.now()

    def keep(self) -> None:
        """Before leaving: what was typed and fits goes into the file too."""
        self.nav.keep()
        # Also what changed without a Next: where credentials come from, once they had to be asked for.
        if self.desk.plan != self._kept or not self.path.exists():
            self.save()

    def close(self) -> None:
        """Let the plan go."""
        self._lock.__exit__(None, None, None)

    # -- the two ends ------------------------------------------------------------------------------------------

    async def read_organization(self, ask: Ask | None, api: str, credentials: str) -> None:
        """Connect to Astro as the prerequisites stage says it now, and read what the advice needs."""
        async with AsyncExitStack() as stack:
            address = os.environ.get(API_URL) or api or self.desk.plan.target.api
            if why := address_problem(address):
                where = API_URL if os.environ.get(API_URL) else "The address of Astro's API"
                # Before anybody types a token for it.
                raise PlanError(f"{where} {why}.", hint="It looks like https://api.astronomer.io/v1.")
            astro, _ = await open_astro(address, credentials, "", stack, ask)
            self.desk.facts = await read_facts(astro, self.desk.plan.decisions.cloud)
            self.desk.facts_from = address

    @property
    def folder_to_read(self) -> str:
        """The plan's DAG folder, where it was not read yet; else nothing."""
        folder = self.desk.plan.code.dags_folder
        return folder if folder != self.folder_read else ""

    async def read_folder(self, folder: str, tell: Callable[[Progress], None]) -> None:
        """Read the DAG code of a folder, beside the plan, as text; PlanError where it cannot be used.

        Stages decided on other code are to be looked at again, where their advice is another now.
        """
        first, self.folder_read = not self.folder_read, folder
        before = replace(self.desk)
        self.desk.found = None
        loop, stopped = asyncio.get_running_loop(), threading.Event()

        def told(done: int) -> None:
            if done % FILES == 0:
                loop.call_soon_threadsafe(tell, Progress(DAG_FILES, done))

        try:
            found = await asyncio.to_thread(find, beside(self.path, folder), told, stopped.is_set)
        finally:
            # Cancelled, the thread ends with the file in hand.
            stopped.set()
        tell(Progress(DAG_FILES, found.files, found.files))
        self.desk.found = found
        if not first:
            # The first time, stages were decided with this very code in view, or none is decided yet.
            self.desk.mark_review_again(stirred(before, self.desk))

    async def read_source(self, ask: Ask | None, tell: Callable[[Progress], None]) -> None:
        """Take the inventory and keep it beside the plan; the source is only read.

        Cancelled or failed, what was read is kept in `unfinished`: the next read asks only for the rest.
        """
        source = self.desk.plan.source
        if self._read_from != source.url:
            self.unfinished, self._read_from = Unfinished(), source.url
        environment = environment_beside(self.path, source.environment)
        async with AsyncExitStack() as stack:
            airflow, login = await open_source(source.url, source.credentials, stack, ask)
            starship = await open_starship(airflow, login, stack)
            found = await take_inventory(
                airflow,
                clock_now=self.now,
                tell=tell,
                starship=starship,
                read_code=read_code,
                before=self.unfinished,
                environment=environment,
            )
        self.unfinished = Unfinished()
        before = self.desk.inventory
        self.desk.inventory = found
        inventoryfile.save(found, beside(self.path, source.inventory))
        finish(self.desk)
        if before is not None and fingerprint(before) != fingerprint(found):
            self.nav.refreshed(tuple(stop.key for stop in STOPS if stop.kind != "carrying"))
        self.save()

    # -- what was carried out ----------------------------------------------------------------------------------

    def follow_journal(self) -> None:
        """Where each action stands, if the journal has grown since; cheap enough to be asked while a run goes on."""
        path = journal_path(self.path)
        size = path.stat().st_size if path.exists() else 0
        if size != self._journal_size:
            self._journal_size = size
            self.journal = Journal(path)
            self.standings = self.journal.standing()

    def look_back(self) -> None:
        """Count from the plan and the journal how far each carrying stage is; nothing remote is asked."""
        self.follow_journal()
        self.infos = self._infos()
        states: dict[str, StopState] = {}
        for stage in CARRYING:
            mine = [info.id for info in self.infos if info.stage == stage]
            events = [self.standings[key].event for key in mine if key in self.standings]
            done = sum(event in {"done", "found"} for event in events)
            failed = sum(event == "failed" for event in events)
            self.counts[stage] = (done, len(mine), failed)
            states[stage] = _state(done, len(mine), failed)
        states["test"] = self._tested()
        states["cutover"] = self._cut_over()
        states["watch"] = self._watched()
        states["decommission"] = self._left()
        self.nav.carried = states

    def _infos(self) -> tuple[ActionInfo, ...]:
        plan, inventory = self.desk.plan, self.desk.inventory
        if inventory is None or not plan.waves or not plan.code.dags_folder:
            return ()
        try:
            # The graph only names the folder; whether it is there is seen when DAGs are carried.
            folder = beside(self.path, plan.code.dags_folder)
            return tuple(action.info for action in build(plan, inventory, folder))
        except (AstroferryError, KeyError):
            # An unfinished plan may contradict itself; the review page says where.
            return ()

    def _tested(self) -> StopState:
        names = {name for wave in self.desk.plan.waves for name in (wave.test, wave.production)}
        seen = [self.standings[f"{NOTE}/{name}"].event for name in names if f"{NOTE}/{name}" in self.standings]
        done, failed = seen.count("done"), seen.count("failed")
        self.counts["test"] = (done, len(names), failed)
        return _state(done, len(names), failed)

    @property
    def _peopled(self) -> tuple[Wave, ...]:
        """The waves that take any DAG: one that takes none cannot be cut over."""
        plan, inventory = self.desk.plan, self.desk.inventory
        return plan.waves if inventory is None else plan.peopled(dag.dag_id for dag in inventory.dags)

    def _cut_over(self) -> StopState:
        waves = self._peopled
        done = sum(wave.state in MOVED for wave in waves)
        self.counts["cutover"] = (done, len(waves), 0)
        begun = any(key.startswith("cutover/") for key in self.standings)
        return "part" if begun and not done else _state(done, len(waves), 0)

    def _watched(self) -> StopState:
        """Every DAG of every wave that was cut over went well through its first full cycle."""
        waves = self._peopled
        moved = [wave for wave in waves if wave.state in MOVED]
        seen = [item.verdict for wave in moved for item in last_verdicts(self.journal, wave.name).values()]
        well = seen.count("well")
        bad = seen.count("amiss") + seen.count("alarm")
        self.counts["watch"] = (well, len(seen), bad)
        all_moved = bool(moved) and len(moved) == len(waves)
        state = _state(well, len(seen), bad)
        return "part" if state == "done" and not all_moved else state

    def _left(self) -> StopState:
        waves = self.desk.plan.waves
        released = sum(wave.state == "released" for wave in waves)
        self.counts["decommission"] = (released, len(waves), 0)
        standing = self.standings.get(LIVE)
        begun = standing is not None and standing.event == "found"
        return "part" if begun and not released else _state(released, len(waves), 0)

    # -- people's words ------------------------------------------------------------------------------------------

    def confirm(self, what: str, by: str) -> None:
        """A person's word on a check that no machine can see; into the plan's file and the journal."""
        self.follow_journal()
        self.desk.plan = confirm(self.desk.plan, self.path, self.journal, what, " ".join(by.split()))
        self.saved_at = self.now()
        self.look_back()

    def release(self) -> None:
        """The old side may be forgotten: every wave is released. PlanError where it may not go (any more)."""
        self.follow_journal()
        plan, inventory = read_plan(self.path)
        self.desk.plan = release(plan, inventory, self.path, self.journal)
        self.saved_at = self.now()
        self.look_back()

    def take_wave_states(self) -> None:
        """Carrying out writes the states of waves into the file; the desk follows."""
        there = {wave.name: wave.state for wave in planfile.load(self.path, unfinished=True).waves}
        waves = tuple(replace(wave, state=there.get(wave.name, wave.state)) for wave in self.desk.plan.waves)
        if waves != self.desk.plan.waves:
            self.saved_at = self.now()
        self.desk.plan = replace(self.desk.plan, waves=waves)


def _take_environment(desk: Desk) -> None:
    """The address that the environment sets is asked instead of the plan's, so the plan takes it, if it is one."""
    desk.api_instead = os.environ.get(API_URL, "")
    if desk.api_instead and not address_problem(desk.api_instead):
        desk.answer("target.api", desk.api_instead)


def _state(done: int, total: int, failed: int) -> StopState:
    if failed:
        return "failed"
    if total and done == total:
        return "done"
    return "part" if done else "open"
