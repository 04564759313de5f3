"""The reads of both ends behind the wizard: begun by a stage or by F5, one at a time for each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.clients.credentials import ASTRO_VARIABLE, SOURCE_TOKEN_VARIABLE, SOURCE_USERNAME_VARIABLE
from astroferry.faces.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.faces.tui.screens.wizard import WizardScreen


class Reads:
    """`by_stage` keeps the last read of each stage, going on or ended."""

    def __init__(self, wizard: WizardScreen) -> None:
        self._wizard = wizard
        self.by_stage: dict[str, Reading] = {}

    @property
    def going(self) -> list[Reading]:
        """Those that go on."""
        return [reading for reading in self.by_stage.values() if reading.running]

    @property
    def changes(self) -> int:
        """Grows with everything that a screen would show."""
        return sum(reading.changes for reading in self.by_stage.values())

    async def cancel(self) -> bool:
        """Stop them all; whether there was one."""
        going = self.going
        for reading in going:
            await reading.cancel()
        return bool(going)

    def forget(self, stage: str) -> None:
        """How the last read of a stage ended, as what was read has changed."""
        if (last := self.by_stage.get(stage)) is not None and not last.running:
            del self.by_stage[stage]

    def begin(self) -> None:
        """Connect or read without being asked, where nothing has to be typed for it."""
        session, ferry = self._wizard.session, self._wizard.ferry
        key, desk = session.nav.stop.key, session.desk
        if (folder := session.folder_to_read) and key != "source":
            self.folder(folder)
        if key in self.by_stage:
            return
        if key == "prerequisites" and desk.facts is None:
            target = desk.plan.target
            if target.credentials == "environment" and ferry.has_variable(ASTRO_VARIABLE):
                self.organization(target.api, target.credentials)
            elif target.credentials == "prompt" and ferry.has_variable(ASTRO_VARIABLE):
                # It was not when F5 turned the plan to asking.
                self._wizard.say(f"{ASTRO_VARIABLE} is set now: choose it above to use it.")
            else:
                self._wizard.say("F5 connects to Astro.")
        elif key == "inventory" and desk.inventory is None:
            self.source()

    def organization(self, api: str, credentials: str) -> None:
        """Connect to Astro; where the environment has no token, it is asked for from now on."""
        session, ferry = self._wizard.session, self._wizard.ferry
        why = ""
        if credentials == "environment" and not ferry.has_variable(ASTRO_VARIABLE):
            credentials = "prompt"
            session.nav.draft("target.credentials", credentials)
            self._wizard.panel.settled()
            why = f"{ASTRO_VARIABLE} is not set: the token is asked for."

        async def run(reading: Reading) -> None:
            del reading
            await session.read_organization(ferry.ask, api, credentials)

        self._read("prerequisites", Reading("Connecting to Astro"), run, why)

    def source(self) -> None:
        """Take the inventory; where the environment has no credentials, they are asked for from now on."""
        session, ferry = self._wizard.session, self._wizard.ferry
        variables = (SOURCE_TOKEN_VARIABLE, SOURCE_USERNAME_VARIABLE)
        why = ""
        if session.desk.plan.source.credentials == "environment" and not any(map(ferry.has_variable, variables)):
            session.desk.answer("source.credentials", "prompt")
            why = "No credentials in the environment: they are asked for."

        async def run(reading: Reading) -> None:
            await session.read_source(ferry.ask, reading.tell)

        kept = "Cancelled. What was read is kept while astroferry runs: F5 goes on from there."
        self._read("inventory", Reading("Reading the source; nothing is changed there", kept), run, why)

    def folder(self, folder: str) -> None:
        """The DAG folder: its code is read as text, and nothing of it is run."""
        session = self._wizard.session

        async def run(reading: Reading) -> None:
            await session.read_folder(folder, reading.tell)

        title = f"Reading the DAG code in {folder}; nothing of it is run"
        self._read("source", Reading(title, what="DAG folder read"), run)

    def _read(self, stage: str, reading: Reading, run: Callable[[Reading], Awaitable[None]], why: str = "") -> None:
        """Begin it; `why` is said of how it is done."""
        there = self.by_stage.get(stage)
        if there is not None and there.running:
            self._wizard.say("It is being read already.")
            return
        self.by_stage[stage] = reading

        def then(done: Reading) -> None:
            if done.error:
                self._wizard.ferry.ask.forget()
            self._wizard.read_ended(stage, done)

        reading.start(run, then)
        self._wizard.begun()
        self._wizard.say(why)
