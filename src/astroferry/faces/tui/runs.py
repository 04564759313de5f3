"""The runs behind the wizard: one at a time, whatever screen is shown, until they end or are stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.ending import ALONE
from astroferry.faces.work import NOT_PAUSED, Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from astroferry.faces.carrying import Carrier
    from astroferry.faces.tui.screens.wizard import WizardScreen


_GIVE_WAY = frozenset({"cutover", "watch", "check", "leave"})
"""kinds of run that end for a rollback that is asked for meanwhile"""


def _nothing() -> None:
    """No run has been begun yet."""


class Runs:
    """`work` is the run in hand, or the last one; `carrier` does it."""

    def __init__(self, wizard: WizardScreen, carrier: Carrier) -> None:
        self._wizard = wizard
        self.carrier = carrier
        self.work: Work | None = None
        self.again: Callable[[], None] = _nothing
        """begins the last run once more"""
        self._then: Callable[[], None] | None = None
        """what was asked for meanwhile, and begins when the run in hand has ended"""

    @property
    def going(self) -> Work | None:
        """The run that goes on."""
        return self.work if self.work is not None and self.work.running else None

    def carry_out(self) -> None:
        """All that is left, up to compared values."""
        self._run(Work("carry", "Carrying out"), self.carrier.carry)

    def retry(self, ids: Sequence[str]) -> None:
        """Just these."""
        self._run(Work("carry", "Trying again"), lambda work: self.carrier.retry(work, ids))

    def compare(self) -> None:
        """Every value, once more."""
        self._run(Work("compare", "Comparing"), self.carrier.compare)

    def cut_over(self, wave: str) -> None:
        """Hand a wave over."""
        self._run(Work("cutover", f'Cutting "{wave}" over', wave=wave), self.carrier.cut_over)

    def roll_back(self, wave: str, dag: str | None) -> None:
        """Give a wave or a DAG back."""
        going = self.going
        if going is not None and going.kind in _GIVE_WAY:
            # At any moment: what is in hand ends first, then the way back begins.
            self._then = lambda: self.roll_back(wave, dag)
            if going.kind == "cutover":
                going.stop()
                self._wizard.say("The step in hand ends first; then it is rolled back.")
            else:
                self._wizard.run_worker(going.cancel(), group="stop")
            return
        title = f'Rolling "{dag or wave}" back'
        self._run(Work("rollback", title, wave=wave), lambda work: self.carrier.roll_back(work, dag))

    def look_whether_ready(self, wave: str) -> None:
        """The checklist before a wave's cutover."""
        self._run(Work("check", "Looking whether it is ready", wave=wave), self.carrier.look_whether_ready)

    def watch(self) -> None:
        """The first full cycle of all that was cut over."""
        self._run(Work("watch", "Watching"), self.carrier.watch)

    def leave(self) -> None:
        """Whether the old side may go."""
        self._run(Work("leave", "Looking whether the old side may go"), self.carrier.leave)

    async def end_now(self) -> None:
        """End what changes nothing, without waiting for anything."""
        if self.going is None:
            self._wizard.say("Nothing runs.")
        elif self.going.kind in {"watch", "leave", "check"}:
            await self.going.cancel()
        else:
            self.stop()

    async def end(self) -> None:
        """End what goes on before the wizard is left; what was asked for meanwhile does not begin any more."""
        self._then = None
        if self.going is not None and self.going.kind in {"cutover", "rollback"}:
            self._wizard.say(f"{self.going.title} ends; each DAG goes on where it ran.")
        if self.work is not None:
            await self.work.cancel()

    def _run(self, work: Work, run: Callable[[Work], Awaitable[None]]) -> None:
        if self._wizard.ferry.leaving:
            return
        if self.going is not None:
            self._wizard.say(f"{self.going.title} has to end first.", bad=True)
            return
        work.page = self._wizard.session.nav.stop.key
        self.work = work
        self.again = lambda: self._run(Work(work.kind, work.title, wave=work.wave), run)
        work.start(run, self._ended)
        self._wizard.begun()

    def _ended(self, work: Work) -> None:
        """Whatever screen is shown: the plan's states follow what was done."""
        if work.error:
            self._wizard.ferry.ask.forget()
        self._wizard.work_ended(work)
        if work.kind in ALONE and self._wizard.is_attached:
            self._wizard.app.bell()
        then, self._then = self._then, None
        if then is not None and self._wizard.is_attached:
            then()

    def stop(self) -> None:
        """After the item in hand."""
        if self.going is not None:
            self.going.stop()
            self._wizard.moved()
            self._wizard.say(f"Stops after this {'item' if self.going.can_pause else 'step'}. Ctrl+C stops now.")
        else:
            self._wizard.say("Nothing runs.")

    def pause(self) -> None:
        """After the item in hand, or go on again."""
        work = self.going
        if work is None:
            self._wizard.say("Nothing runs.")
        elif not work.can_pause:
            self._wizard.say(NOT_PAUSED, bad=True)
        elif work.stopping:
            self._wizard.say("It is stopping already: c goes on later.")
        elif work.pausing:
            work.go_on()
            self._wizard.moved()
            self._wizard.say("It goes on.")
        else:
            work.reached = self._wizard.moved
            work.pause()
            self._wizard.moved()
            self._wizard.say("Pausing after the item in hand; p goes on again.")

    async def interrupt(self) -> bool:
        """Ctrl+C: first stop, then cancel; False where nothing goes on."""
        work = self.going
        if work is None:
            return False
        if work.stopping or work.kind in {"watch", "leave", "check"}:
            await work.cancel()
        else:
            self.stop()
        return True
