"""A deciding stage on lines: what is known, its questions one after the other, what is held against the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from astroferry.clients.credentials import ASTRO_VARIABLE
from astroferry.faces.helping import help_of
from astroferry.faces.preview import changes
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.answers import UnfitError, picked, shown_value, value_of
from astroferry.faces.prompts.console import command_of
from astroferry.faces.prompts.listing import ask_items, look_at_dags
from astroferry.faces.prompts.spoken import SpokenReading, attend
from astroferry.faces.prompts.tabling import ask_tables
from astroferry.faces.seen import partial_in_words
from astroferry.stages.ends import folder_known

if TYPE_CHECKING:
    import os

    from astroferry.clients.credentials import Ask
    from astroferry.faces.navigator import Asked
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session
    from astroferry.model.inventory import Dag
    from astroferry.sources.progress import Progress
    from astroferry.stages.stage import Deciding

Moved = Literal["moved", "save"]
READS = frozenset({"prerequisites", "inventory"})
"""stages in which `read` reads an end (once more)"""


class DecidingStep:
    """One deciding stage of the walk, from its head until the walk has moved on or back."""

    def __init__(self, session: Session, console: Console, ask: Ask, environ: os._Environ[str]) -> None:
        self._session = session
        self._console = console
        self._ask = ask
        self._environ = environ
        stage = session.nav.stage
        if stage is None:
            raise TypeError("this stop asks nothing")
        self._stage: Deciding = stage

    async def run(self) -> Moved:
        """Ask; `save` where somebody wants to leave."""
        self._say(pages.head(self._session.nav))
        await self._read_if_needed()
        self._say(pages.known(self._stage.known(self._session.desk)))
        position = 0
        while True:
            asked = self._session.nav.trial().asked
            if position >= len(asked):
                done = await self._end()
                if done == "again":
                    position = max(0, len(asked) - 1)
                    continue
                return done
            step = await self._ask_one(asked[position])
            if step == "save":
                return "save"
            if step == "moved":
                return "moved"
            position += step
            if position < 0:
                return self._back()

    # -- one question ------------------------------------------------------------------------------------------

    async def _ask_one(self, asked: Asked) -> int | Moved:
        """How far to go from here: 1 to the next question, -1 to the one before, 0 to ask again."""
        question = asked.question
        self._say(pages.question(asked))
        if question.kind == "tables":
            answer: Any = await ask_tables(asked, self._session, self._console)
        elif question.kind == "per-item":
            answer = await ask_items(asked, self._console)
        else:
            words = [word for option in question.options for word in (option.value, option.label)]
            answer = await self._console.line(
                "Answer", shown_value(question, asked.value), words=words, path=question.kind == "path"
            )
        if isinstance(answer, str):
            # "skip" is an answer where it is one of the options.
            command = None if picked(question.options, answer.strip()) else command_of(answer)
            if command is not None:
                return await self._commanded(command, asked)
            if answer.strip().lower() == "read" and self._stage.key in READS:
                await self._read()
                return 0
            if not answer.strip():
                return self._taken(asked)
            try:
                answer = value_of(question, answer)
            except UnfitError as unfit:
                self._console.say(f"  ! {unfit}")
                return 0
        self._session.nav.draft(question.key, answer)
        now = next((item for item in self._session.nav.trial().asked if item.question.key == question.key), None)
        if now is not None and now.problem:
            self._console.say(f"  ! {now.problem}")
            return 0
        await self._after(question.key)
        return 1

    def _taken(self, asked: Asked) -> int:
        """Enter alone: what stands there, if it will do."""
        if asked.problem:
            self._console.say(f"  ! {asked.problem}")
            return 0
        return 1

    async def _after(self, key: str) -> None:
        """Once it is known how to enter, Astro is asked who we are, so that the rest can be suggested."""
        now = replace(self._session.desk, plan=self._session.nav.trial().plan)
        if key == "target.credentials" and now.organization_seen is None:
            await self._read()

    async def _commanded(self, command: str, asked: Asked | None) -> int | Moved:
        if command == "back":
            return -1
        if command == "save":
            return "save"
        if command == "help":
            self._help(asked)
            return 0
        if not self._stage.skipping:
            self._console.say("  ! This stage cannot be skipped: what follows rests on it.")
            return 0
        self._session.nav.skip()
        self._session.save()
        self._console.say(f"  Skipped: {self._stage.skipping}.")
        return "moved"

    def _help(self, asked: Asked | None) -> None:
        self._console.say("")
        self._console.say(help_of(self._stage, self._session.nav.trial(), self._session.desk))
        if asked is not None and asked.question.kind == "tables":
            self._console.say(
                "Tables: edit opens your editor (VISUAL, EDITOR); file PATH reads them from a TOML file"
                + ("; assign puts DAGs into waves." if asked.question.key == "waves" else ".")
            )
        elif asked is not None and asked.question.kind == "per-item":
            self._console.say("One or several at a time: 1-3,7 vpn. A word alone lists the places that hold it.")
        if self._stage.key in READS:
            self._console.say("read asks the server (once more).")
        if self._stage.key == "inventory":
            self._console.say("dags looks through the list of DAGs.")
        self._console.say(pages.EVERYWHERE)
        self._console.say('An answer that is one of these words: write "=" before it.')

    def _back(self) -> Moved:
        nav = self._session.nav
        if nav.index == 0 and not nav.returning:
            self._console.say("  This is the first stage. save leaves; nothing is lost.")
        nav.back()
        return "moved"

    # -- the end of a stage ------------------------------------------------------------------------------------

    async def _end(self) -> Literal["again"] | Moved:
        """Findings; a word before going on where there is something to look at; then into the plan."""
        desk, nav = self._session.desk, self._session.nav
        trial = nav.trial()
        if self._stage.key == "source":
            await self._read_folder(trial.plan.code.dags_folder)
        kept, desk.plan = desk.plan, trial.plan
        try:
            found = self._stage.findings(desk)
        finally:
            desk.plan = kept
        self._say(pages.findings(found))
        if not trial.asked or any(item.severity != "advise" for item in found):
            again = await self._pause(bool(trial.asked))
            if again is not None:
                return again
        before = desk.plan
        stuck = nav.next()
        if stuck is not None:
            self._console.say(f"  ! {stuck.why}")
            return "again"
        self._session.save()
        self._say(pages.changed(self._session.path.name, changes(before, desk.plan)))
        return "moved"

    async def _pause(self, asked: bool) -> Literal["again"] | Moved | None:
        """Enter goes on; None then."""
        more = "" if asked else " (read, dags)" if self._stage.key == "inventory" else ""
        while True:
            text = (await self._console.line(f"Enter goes on{more}")).strip().lower()
            if not text:
                return None
            if text == "read" and self._stage.key in READS:
                await self._read()
                self._say(pages.known(self._stage.known(self._session.desk)))
                continue
            if text == "dags" and (dags := self._dags()):
                await look_at_dags(dags, self._console)
                continue
            command = command_of(text)
            if command is None:
                self._console.say(f"  ! {pages.EVERYWHERE}")
                continue
            step = await self._commanded(command, None)
            if step == -1:
                return "again" if asked else self._back()
            if isinstance(step, str):
                return step

    # -- reading both ends -------------------------------------------------------------------------------------

    def _dags(self) -> tuple[Dag, ...]:
        """Those of the inventory, or of a read that was broken off."""
        inventory, unfinished = self._session.desk.inventory, self._session.unfinished
        return inventory.dags if inventory is not None else unfinished.dags

    async def _read_if_needed(self) -> None:
        """As soon as nothing has to be typed for it."""
        desk = self._session.desk
        if self._stage.key == "prerequisites" and desk.facts is None:
            if desk.plan.target.credentials == "environment" and self._environ.get(ASTRO_VARIABLE):
                await self._read()
        elif self._stage.key == "inventory" and desk.inventory is None:
            await self._read()
        if self._stage.key not in {"prerequisites", "source"}:
            # A plan that is resumed: its DAG folder is read once.
            await self._read_folder(self._session.folder_to_read)

    async def _read_folder(self, folder: str) -> None:
        session, console = self._session, self._console
        if not folder or folder == session.folder_read:
            return
        reading = SpokenReading("", console=console)
        console.say(f"  Reading the DAG code in {folder}; nothing of it is run. Ctrl+C cancels.")

        async def run(_: SpokenReading) -> None:
            await session.read_folder(folder, reading.tell)

        await attend(reading, run, console)
        if reading.error:
            console.say(f"  ! {reading.error}")
        self._say(pages.known(tuple(folder_known(session.desk))))

    async def _read(self) -> None:
        session, console = self._session, self._console
        reading = SpokenReading("", console=console)
        if self._stage.key == "prerequisites":
            shown = {item.question.key: item.value for item in session.nav.trial().asked}
            console.say("  Connecting to Astro ...")

            async def run(_: SpokenReading) -> None:
                await session.read_organization(self._ask, str(shown["target.api"]), str(shown["target.credentials"]))
        else:
            console.say("  Reading the source; nothing is changed there. Ctrl+C cancels.")

            async def run(_: SpokenReading) -> None:
                def tell(progress: Progress) -> None:
                    reading.tell(progress)

                await session.read_source(self._ask, tell)

        await attend(reading, run, console)
        console.say(f"  {'! ' if reading.error else ''}{_ended(reading)}")
        if self._stage.key == "inventory" and session.desk.inventory is None and session.unfinished.has_something:
            self._say(pages.wrapped(partial_in_words(session.unfinished, running=False), "  ! ", "    "))

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self._console.say(line)


def _ended(reading: SpokenReading) -> str:
    if reading.cancelled:
        return "Cancelled. What was read is kept while astroferry runs: read goes on from there."
    return f"{reading.error} read tries again." if reading.error else reading.summary()
