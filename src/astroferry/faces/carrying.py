"""The runs behind the carry-out, cutover and rollback screens: the verbs' own steps, followed by a Work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.carry.acts import Listener, compare, cut_over, dags_in, give_back
from astroferry.carry.applying import Follower, apply, apply_again
from astroferry.carry.compare import equal_in_words, summary
from astroferry.carry.decommission.leaving import people_checks
from astroferry.carry.decommission.release import live_checks
from astroferry.carry.graph import build
from astroferry.carry.handover.begun import watched
from astroferry.carry.handover.tallied import what_to_do
from astroferry.carry.handover.wave_state import sides
from astroferry.carry.opening import opened
from astroferry.carry.readiness import must_be_approved, open_checks, readiness
from astroferry.carry.watching import WaveWatch, watch
from astroferry.errors import AstroferryError, PlanError
from astroferry.faces.ending import call_plans_webhook
from astroferry.faces.handed import standing_in_words
from astroferry.faces.watched import verdict_in_words, watched_facts
from astroferry.model.watching import worst
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.carry.acts import Ended
    from astroferry.carry.opening import Opened
    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.carry.runner import Step
    from astroferry.carry.verifying import Verified
    from astroferry.clients.credentials import Ask
    from astroferry.faces.work import Work
    from astroferry.model.cutover import TickCount
    from astroferry.model.watching import DagVerdict
    from astroferry.secrets.contract import Ask as TypeValue


_STOPPED = "Stopped after the item in hand; what is done is in the journal."


def _follower(work: Work, *, whole: bool = True) -> Follower:
    """This run, following the stages of `apply`; where not `whole`, some items of a stage are not shown as it."""

    def begin(stage: str, actions: Sequence[Action]) -> None:
        work.stage = stage if whole else ""
        work.stage_done, work.stage_total = 0, len(actions)
        work.changes += 1

    def follow(step: Step, _done: int, _total: int) -> None:
        work.follow(step, work.stage_done + 1, work.stage_total)

    return Follower(begin=begin, follow=follow, stop=work.should_stop, pause=work.pass_by)


@dataclass
class Carrier:
    """Carries a plan out, one run at a time. The session holds the plan's lock, so nothing here takes it again.

    `compared` is the last comparison of each Deployment, `ticks` the last count per DAG.
    """

    path: Path
    ask: Ask | None
    type_value: TypeValue | None = None
    compared: list[Verified] = field(default_factory=list)
    ticks: dict[str, TickCount] = field(default_factory=dict)
    ready: dict[str, tuple[Prerequisite, ...]] = field(default_factory=dict)
    """wave -> the checklist before its cutover, as it was last looked at"""
    verdicts: dict[str, tuple[DagVerdict, ...]] = field(default_factory=dict)
    """wave -> what the watch saw last"""
    leaving: tuple[Prerequisite, ...] = ()
    """what a machine can check before the old side may go, as it was last looked at"""

    async def carry(self, work: Work) -> None:
        """All that is left up to DAGs that lie paused on Astro, stage by stage, then the comparison."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False, type_value=self.type_value) as way:
            work.total = len(build(way.plan, way.inventory, way.dags_folder))
            applied = await apply(way, _follower(work))
            if applied.report.stopped:
                work.bad = True
                work.result = _STOPPED
                return
            if not applied.is_whole:
                failed = several(len(applied.report.failed), "item")
                work.result = f"{failed} did not go well; the stages after it wait for that."
                return
            await self._compare(way, work)

    async def retry(self, work: Work, ids: Sequence[str]) -> None:
        """Only the items that failed, and those that waited for them."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False, type_value=self.type_value) as way:
            work.total = len(set(ids))
            applied = await apply_again(way, set(ids), _follower(work, whole=False))
            if applied.report.stopped:
                work.bad = True
                work.result = _STOPPED
            elif applied.report.failed:
                waits = "; the stages after it wait for that" if applied.waiting else ""
                work.result = f"{several(len(applied.report.failed), 'item')} still did not go well{waits}."
            elif applied.waiting:
                work.bad = True
                count = several(len(applied.waiting), "item")
                work.result = f"{count} not tried: something of an earlier stage is not done. Carry out instead."
            else:
                work.result = "All of them went well now. Carry out once more for what comes after them."

    async def compare(self, work: Work) -> None:
        """Compare every value on both ends, by a probe on the target."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False, type_value=self.type_value) as way:
            await self._compare(way, work)

    async def _compare(self, way: Opened, work: Work) -> None:
        work.stage, work.stage_done = "test", 0
        self.compared = []

        def begin(name: str, deployments: Sequence[str]) -> None:
            work.stage_total = len(deployments)
            work.tell(f"Comparing every value on {name}")

        def seen(one: Verified) -> None:
            self.compared.append(one)
            work.stage_done += 1
            work.changes += 1

        compared = await compare(way, begin=begin, seen=seen, pause=work.pass_by, stop=work.should_stop)
        rows = [row for item in compared.done for row in item.rows]
        work.bad = not compared.equal
        if compared.stopped_before:
            work.result = (
                f"Stopped before {compared.stopped_before} was compared; no value is taken for compared that was not."
            )
        elif compared.equal:
            work.result = equal_in_words(rows)
        else:
            each = "; ".join(summary(item.rows) for item in compared.done)
            work.result = f"Not every value is the same on both ends: {each}"

    async def look_whether_ready(self, work: Work) -> None:
        """The checklist before a wave's cutover; changes nothing."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False) as way:
            checks = self.ready[work.wave] = await readiness(way, work.wave)
            left = open_checks(checks)
            work.bad = bool(left)
            work.result = f"{several(len(left), 'check')} not met yet." if left else "Every check is met."

    async def watch(self, work: Work) -> None:
        """Follow the first full cycle of a wave, or of all that were cut over, to its end or an alarm."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False) as way:
            names = [name for name in watched(way.plan, way.journal) if work.wave in {"", name}]
            if not names:
                raise PlanError(
                    "No wave has been cut over, so there is nothing to watch.", hint="Cut one over first."
                )
            watches = [WaveWatch(way, name, held=True) for name in names]

            def told(verdicts: tuple[DagVerdict, ...]) -> None:
                by_id = {item.dag_id: item for item in verdicts}
                everything = tuple(dag.dag_id for dag in way.inventory.dags)
                for name in names:
                    mine = way.plan.dags_of(way.plan.wave(name), everything)
                    self.verdicts[name] = tuple(by_id[dag] for dag in mine if dag in by_id)
                work.done = sum(item.verdict == "well" for item in verdicts)
                work.total = len(verdicts)
                work.tell(verdict_in_words(verdicts))

            try:
                found = await watch(watches, told=told)
            except AstroferryError as error:
                await call_plans_webhook(way.plan, {"verdict": "not watched", "why": error.message}, work.tell)
                raise
            self.verdicts |= found
            await call_plans_webhook(way.plan, watched_facts(found), work.tell)
        verdicts = tuple(item for items in found.values() for item in items)
        work.bad = worst(verdicts) != "well"
        work.result = verdict_in_words(verdicts)

    async def leave(self, work: Work) -> None:
        """Look whether the old side may go, and take the last backup; changes nothing on either end."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False) as way:
            must_be_approved(way.plan, "decommission")
            self.leaving = tuple(await live_checks(way, self.path.parent))
            left = open_checks((*self.leaving, *people_checks(way.plan)))
            work.bad = bool(left)
            work.result = f"{several(len(left), 'check')} not met yet." if left else "The old side may go."

    async def cut_over(self, work: Work) -> None:
        """Drain a wave on the source, hand its schedule over, watch the first ticks."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False) as way:
            work.since = len(way.journal.entries)
            ended = await cut_over(way, work.wave, self._listener(work))
            good = " ".join((f'The wave "{work.wave}" runs on Astro alone.', *ended.to_do))
            self._told(way, work, ended, good)

    async def roll_back(self, work: Work, dag_id: str | None = None) -> None:
        """Give a wave, or one DAG of it, back to the source; no tick is run again."""
        async with opened(self.path, ask=self.ask, tell=work.tell, lock=False) as way:
            work.since = len(way.journal.entries)
            ended = await give_back(way, work.wave, self._listener(work), dag_id=dag_id)
            if not ended.moving:
                work.result = "There was nothing to roll back."
                return
            self._told(way, work, ended, f"{dag_id or f'The wave {work.wave}'} runs on the source again.")

    def _listener(self, work: Work) -> Listener:
        """This run, following a cutover or a rollback."""

        def begin(actions: Sequence[Action]) -> None:
            work.total = len(actions)
            for dag_id in dags_in(actions):
                self.ticks.pop(dag_id, None)

        def counting() -> None:
            work.stage = "ticks"

        return Listener(
            finding=lambda finding: work.tell(f"{finding.message} {finding.todo}"),
            say=work.tell,
            begin=begin,
            follow=work.follow,
            stop=work.should_stop,
            counting=counting,
        )

    def _told(self, way: Opened, work: Work, ended: Ended, good: str) -> None:
        """Keep the counts, and say how it ended: `good`, or what did not go well and where each DAG runs."""
        self.ticks |= ended.ticks.counts
        work.changes += 1
        work.bad = not ended.is_well
        if ended.is_well:
            work.result = good
        if not ended.is_whole:
            failed = ended.outcome.report.failed
            stands = standing_in_words(sides(way.journal.standing(), work.wave, ended.moving))
            what = f"{several(len(failed), 'step')} did not go well" if failed else "Stopped"
            work.result = f"{what}; no DAG runs on both sides. Go on, or roll back. {stands}".rstrip()
        if ended.ticks.amiss:
            work.result = f"{ended.ticks.amiss} {what_to_do(ended.ticks)} {work.result}".rstrip()
