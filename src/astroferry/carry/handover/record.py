"""Before anything changes: can this DAG be handed over, and how does it stand on both sides?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.kinds import MarkerPlan, SwitchPlan
from astroferry.advice.schedule import is_of_a_tick
from astroferry.carry.action import Observation
from astroferry.carry.handover.back import passable
from astroferry.carry.handover.halfmade import half_made
from astroferry.carry.handover.moved import must_not_have_moved
from astroferry.errors import NotFoundError, RemoteError
from astroferry.model.cutover import DagStanding

if TYPE_CHECKING:
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Dag


LATELY = timedelta(days=30)
APART = timedelta(seconds=5)
"""how far the clocks of the two sides may be from each other"""


@dataclass
class Record:
    """Look at both sides and keep, in the journal, what was paused there; changes nothing."""

    handover: Handover
    chain: MarkerPlan | SwitchPlan | None = None
    """how the steps that follow hand it over, by the inventory"""

    @property
    def info(self) -> ActionInfo:
        """The first step of a DAG's cutover."""
        return self.handover.info(
            "record", f"Look at {self.handover.dag_id} on both sides", note="It changes nothing."
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where the journal has it: looking again after a pause of ours would record the wrong thing."""
        del ctx
        if self.handover.standing is None:
            return Observation("todo")
        return Observation("done", facts=self.handover.standing.to_facts())

    async def apply(self, ctx: Context) -> Facts:
        """Check once more, on the servers, that the DAG can be handed over; facts are those of `DagStanding`.

        Raises RemoteError where it cannot: refused by its kind, not on the target, or already running there.
        """
        dag_id = self.handover.dag_id
        source = await self.handover.dag(ctx, "source")
        await self._see_that_clocks_agree(ctx)
        target_airflow = await self.handover.airflow(ctx, "target")
        try:
            target = await target_airflow.dag(dag_id)
        except NotFoundError as error:
            raise RemoteError(
                f'The DAG "{dag_id}" is not on the Deployment "{self.handover.deployment}".',
                hint="Deploy its code first, and look at the import errors there.",
            ) from error
        kind = await self.handover.kind(ctx)
        self._see_that_it_goes_as_planned(kind, source)
        used: Facts = {}
        if isinstance(kind, MarkerPlan):
            self._see_that_both_catch_up(source, target)
            used = await self._see_that_it_can_be_marked(ctx, kind, target_airflow, target)
        closed = ctx.standing(self.info.id)
        known = closed is not None and "dag_id" in closed.made
        await must_not_have_moved(ctx, self.handover, source, target, known=known)
        await self._see_that_none_waits(ctx, target_airflow, kind, runs=not source.is_paused)
        there = self.handover.deployment
        self.handover.standing = DagStanding(
            dag_id, source.is_paused, target.is_paused, ctx.clock.now(), there, ctx.deployments.get(there, "")
        )
        facts: Facts = {**self.handover.standing.to_facts(), **used}
        if isinstance(kind, SwitchPlan) and kind.kind == "dataset":
            facts["queued_events"] = [event.uri for event in await ctx.source.queued_events(dag_id)]
        if isinstance(kind, SwitchPlan) and kind.kind == "none":
            facts |= await self._started_by_others(ctx)
        return facts

    async def _see_that_none_waits(
        self, ctx: Context, target_airflow: Airflow, kind: MarkerPlan | SwitchPlan, *, runs: bool
    ) -> None:
        """RemoteError where something else than the next tick would run as soon as the target is unpaused.

        A run queued by hand there too, which may take the logical date of a tick; but not of a DAG that only people
        start, and where the DAG stays paused (`runs` False) it waits for ever. A marker that an earlier try of ours
        left half made is no such thing: the step that marks finishes it.
        """
        dag_id = self.handover.dag_id
        by_hand = runs and not (isinstance(kind, SwitchPlan) and kind.kind == "none")
        marked = ctx.standing(f"cutover/{self.handover.wave}/{dag_id}/mark")
        ours = (await half_made(ctx, self.handover, "target")).markers if marked is not None and marked.begun else ()
        # What a drain of ours left half-way there goes on with it, as it does on the source.
        left = self.handover.between(ctx).frozen("target")
        active = await target_airflow.active_runs(dag_id)
        active = tuple(run for run in active if run not in ours and run.run_id not in left)
        if waiting := [run.run_id for run in active if by_hand or is_of_a_tick(run)]:
            raise RemoteError(
                f'On the Deployment "{self.handover.deployment}" runs of "{dag_id}" wait to be run as soon as it is '
                f"unpaused: {', '.join(waiting[:3])}.",
                hint="Delete them there or mark them failed, then run the same command again.",
            )

    async def _see_that_clocks_agree(self, ctx: Context) -> None:
        """RemoteError where a tick is due on one side long before the other; our own clock is corrected."""
        there = (await self.handover.airflow(ctx, "target")).ahead
        if ctx.source.ahead is None or there is None:
            return
        apart = abs(there - ctx.source.ahead)
        if apart > APART:
            raise RemoteError(
                f'The clocks of the source and of the Deployment "{self.handover.deployment}" are '
                f"{apart.total_seconds():.0f} s apart, so they do not agree on which ticks are due.",
                hint="Set the source's clock by NTP, then run the same command again.",
            )

    def _see_that_it_goes_as_planned(self, kind: MarkerPlan | SwitchPlan, source: Dag) -> None:
        """RemoteError where the schedule was changed since the inventory: other steps would be needed."""
        chain = self.chain
        same = type(chain) is type(kind)
        if isinstance(kind, SwitchPlan) and isinstance(chain, SwitchPlan):
            same = chain.kind == kind.kind
        if chain is not None and not same:
            was = f"({chain.kind})" if isinstance(chain, SwitchPlan) else "one with ticks"
            raise RemoteError(
                f'The schedule of "{self.handover.dag_id}" on the source is '
                f'"{source.schedule.expression or source.schedule.kind}" now, and was {was} when the inventory was '
                "taken: it would be handed over another way.",
                hint="Run refresh, look at what changed, then run the same command again.",
            )

    def _see_that_both_catch_up(self, source: Dag, target: Dag) -> None:
        """RemoteError where one side would run ticks that the other passes over."""
        if target.catchup is None or target.catchup == source.catchup:
            return
        then = "passed over" if source.catchup else "run, however many they are"
        raise RemoteError(
            f'"{self.handover.dag_id}" has catchup={source.catchup} on the source and catchup={target.catchup} on '
            f"the target: ticks that were missed would be {then}.",
            hint=f"Write catchup={source.catchup} into its code, or set AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT on "
            "the Deployment (Airflow 3 takes False where 2 took True), and wait until it has parsed the DAG again.",
        )

    async def _started_by_others(self, ctx: Context) -> Facts:
        """How often somebody started it on the source lately: they must ask the target from now on."""
        since = ctx.clock.now() - LATELY
        runs = [run for run in await ctx.source.runs(self.handover.dag_id) if (run.start_date or since) > since]
        if runs:
            ctx.tell(f"{self.handover.dag_id}: somebody started it {len(runs)} times in {LATELY.days} days, last at "
                     f"{runs[0].start_date:%Y-%m-%d %H:%M} UTC; they must start it on the target now")  # fmt: skip
        return {"started_by_others": len(runs)}

    async def _see_that_it_can_be_marked(
        self, ctx: Context, plan: MarkerPlan, target_airflow: Airflow, target: Dag
    ) -> Facts:
        """RemoteError where the target could not go on where the source stops, found before anything is paused.

        Facts: `starship` (version), where only Starship can set the boundary there.
        """
        dag_id = self.handover.dag_id
        used: Facts = {}
        if plan.catchup and ctx.source.major < 3 and await ctx.starship("") is None:
            ctx.tell(
                f"{dag_id}: without Starship on the source it can be given back until the target has run "
                f"{passable(ctx.inventory)} ticks of it; after that only with Starship, or a new start_date there"
            )
        if target_airflow.major < 3 and (plan.catchup or plan.drifts):
            starship = await ctx.starship(self.handover.deployment)
            if starship is None:
                raise RemoteError(
                    f'The DAG "{dag_id}" is not handed over: the target runs Airflow {target_airflow.version}, whose '
                    "API cannot set a boundary for a DAG that catches up.",
                    hint="Add astronomer-starship (2.8.6 or newer) to the Deployment's requirements for the time of "
                    "the handover, and remove it afterwards.",
                )
            ctx.tell(f"{dag_id}: Starship {starship.version} on the target sets its boundary; remove it afterwards")
            used = {"starship": starship.version}
        shown = target.next_data_interval_end is not None and target.schedule.kind in {"cron", "timedelta"}
        if shown and target.schedule.triggers_only != (plan.target == "trigger"):
            raise RemoteError(
                f'The target gives the runs of "{dag_id}" {"no" if target.schedule.triggers_only else "a"} data '
                f"interval, where {'one' if plan.target == 'interval' else 'none'} is planned: its tasks would be "
                "given other dates.",
                hint="Set CREATE_CRON_DATA_INTERVALS and CREATE_DELTA_DATA_INTERVALS (section scheduler) on the "
                "Deployment as decisions.cron_data_intervals says, and wait until it has parsed the DAG again.",
            )
        if plan.depends_on_past:
            last = await ctx.source.runs(dag_id, limit=1)
            if last and last[0].state == "failed":
                raise RemoteError(
                    f'The last run of "{dag_id}" failed on the source, and its tasks depend on past runs: there it '
                    "would wait, on the target it would go on.",
                    hint="Repair that run on the source first (or mark it successful), then run this again.",
                )
        return used

    async def verify(self, ctx: Context) -> Observation:
        """It is known."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing was changed."""
        del ctx, before, facts
        return "Nothing was changed by looking."
