"""After a deploy: every DAG of the waves is seen, parsed and paused, and nothing else of the folder runs either."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deploy import UNPAUSED
from astroferry.carry.actions.deployment import is_there
from astroferry.carry.dagfile import below_dags
from astroferry.carry.journal import Standing
from astroferry.errors import NotAllowedError, NotFoundError
from astroferry.model.plan import MOVED
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.plan import Deployment

STILL = 60.0
"""seconds without a further DAG, after which those that no wave of the Deployment needs are not waited for"""
NAMED = 50
"""DAGs that are named in one line; the journal names them all"""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the target's list.

    `arrived`: DAGs of the inventory that are there. `absent`: of those expected, the ones that are not. `late`: of
    all others. `running`: unpaused, and to be paused. `left`: unpaused, and left so.
    """

    arrived: tuple[str, ...]
    absent: tuple[str, ...]
    late: tuple[str, ...]
    running: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class DagsArrived:
    """Every DAG of the waves is parsed on the target, and paused.

    The whole folder goes to each Deployment, so the DAGs of other waves, and those of none, arrive with them. One
    that sets is_paused_upon_creation=False arrives running: whatever its wave, it is paused the moment it is seen,
    and named. DAGs that neither inventory nor source knows are not ours to judge: Astro brings some of its own.
    """

    deployment: Deployment
    expected: tuple[str, ...]

    @property
    def info(self) -> ActionInfo:
        """Only pausing: nothing to undo."""
        return ActionInfo(
            id=f"arrived/{self.deployment.name}",
            title=f'{len(self.expected)} DAGs parsed and paused on "{self.deployment.name}"',
            stage="dags",
            needs=(f"deploy/{self.deployment.name}",),
            undo_note="there is nothing to undo, a paused DAG does nothing",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Look at the target's DAG list; what has moved may run, and is left as it is.

        Facts: `arrived`, ids of those that are there; `left`, moved by a person; `absent`, `running`; `known`, ids of
        those that were seen here by an earlier run.
        """
        if not await is_there(ctx, self.deployment):
            return Observation("todo", "the Deployment is not there yet")
        seen = await self._look(ctx)
        if seen.absent or seen.running or (seen.late and not self._looked_since_deploy(ctx)):
            facts: Facts = {
                "absent": seen.absent[:NAMED],
                "running": seen.running,
                "late": seen.late[:NAMED],
                "known": sorted(self._known(ctx)),
            }
            return Observation("todo", facts=facts)
        facts = {"dags": len(self.expected), "arrived": seen.arrived, "left": seen.left}
        return Observation("done", _why_left(seen.left), facts)

    async def _look(self, ctx: Context) -> _Look:
        """By the lists of both ends: thousands of DAGs cost pages, not a request each."""
        airflow = await ctx.target(self.deployment.name)
        paused = {dag.dag_id: dag.is_paused async for dag in airflow.dags()}
        everything = {dag.dag_id: None for dag in ctx.inventory.dags}
        moved = ctx.moved(ctx.deployments[self.deployment.name])
        unpaused = [dag for dag, is_paused in paused.items() if not is_paused and dag not in moved]
        # Asked only where it matters: what the source runs would run twice.
        source = {dag.dag_id: not dag.is_paused async for dag in ctx.source.dags()} if unpaused else {}
        unpaused = [dag for dag in unpaused if dag in source or dag in everything]
        theirs = self._may_stay(ctx, unpaused)
        left = {dag: None for dag in unpaused if dag in theirs and not source.get(dag)}
        expected = set(self.expected)
        return _Look(
            arrived=tuple(dag for dag in everything if dag in paused),
            absent=tuple(dag for dag in self.expected if dag not in paused),
            late=tuple(dag for dag in everything if dag not in paused and dag not in expected),
            running=tuple(dag for dag in unpaused if dag not in left),
            left=tuple(left),
        )

    def _may_stay(self, ctx: Context, dags: Sequence[str]) -> frozenset[str]:
        """Those that somebody may have unpaused here on purpose, if the source does not run them.

        A cutover refuses some kinds, and tells people how they are moved by hand; paused here too, such a DAG would
        run nowhere. They were seen here by an earlier run, or ran before we came. A journal that does not say what
        ran then may be silent of them, but not of those that a cutover has moved to another Deployment.
        """
        deploy = ctx.standing(f"deploy/{self.deployment.name}") or Standing("note")
        before = deploy.before.get("observed", {}).get(UNPAUSED)
        if before is None:
            before = set(dags).difference(self.expected, ctx.moved(""))
        return self._known(ctx).union(before)

    def _known(self, ctx: Context) -> frozenset[str]:
        """The DAGs that were seen here by an earlier run, or moved here by the plan."""
        standing = ctx.standing(self.info.id) or Standing("note")
        seen = standing.made.get("arrived", ()), standing.before.get("observed", {}).get("known", ())
        name = self.deployment.name
        gone = {wave.name for wave in ctx.plan.waves if wave.state in MOVED and name in {wave.test, wave.production}}
        divided = ctx.plan.divided(dag.dag_id for dag in ctx.inventory.dags)
        return frozenset(seen[0]).union(seen[1], (dag for dag, waves in divided.items() if gone & set(waves)))

    def _looked_since_deploy(self, ctx: Context) -> bool:
        """Whether the last deploy's DAGs have been waited for."""
        deploy, own = ctx.standing(f"deploy/{self.deployment.name}"), ctx.standing(self.info.id)
        return own is not None and own.ended > (deploy.ended if deploy is not None else 0)

    async def apply(self, ctx: Context) -> Facts:
        """Wait until all are parsed, or the files of all others were tried twice; pause what arrives unpaused.

        DAGs that no wave of this Deployment needs are waited for only while more arrive: they may be broken there, or
        not in the folder.
        """
        airflow = await ctx.target(self.deployment.name)
        end = ctx.clock.now().timestamp() + ctx.plan.cutover.parse_timeout
        paused: list[str] = []
        tried: dict[str, str] = {}
        count, since = -1, ctx.clock.now().timestamp()
        while True:
            seen, now = await self._look(ctx), ctx.clock.now().timestamp()
            paused += await self._pause(ctx, airflow, seen.running)
            if len(seen.arrived) != count:
                count, since = len(seen.arrived), now
            late = seen.late if now - since < STILL else ()
            failed = await _failed_to_parse(airflow) if seen.absent or late else {}
            # The first time may be from before the deploy.
            again = [file for file, at in failed.items() if at != tried.setdefault(file, at)]
            if now >= end or all(_is_in(ctx, dag, again) for dag in (*seen.absent, *late)):
                return {"paused_by_us": paused, "absent": seen.absent[:NAMED], "arrived": seen.arrived}
            broken = _files(failed)
            ctx.tell(
                f"waiting for {names(seen.absent or late, 3)} to be parsed on {self.deployment.name}"
                f"{f'; import errors there: {names(broken, 3)}' if broken else ''}"
            )
            await ctx.clock.sleep(ctx.plan.cutover.poll)

    async def _pause(self, ctx: Context, airflow: Airflow, dags: Sequence[str]) -> list[str]:
        """Pause them there, and name them; those that are gone meanwhile are left out."""
        paused: list[str] = []
        try:
            for dag in dags:
                try:
                    await airflow.set_paused(dag, paused=True)
                except NotFoundError:
                    continue
                paused.append(dag)
        finally:
            if paused:
                ctx.tell(f"unpaused on {self.deployment.name}, and paused there by us: {names(paused, NAMED)}")
        return paused

    async def verify(self, ctx: Context) -> Observation:
        """All there and paused; otherwise the absent ones, with the target's own import errors."""
        seen = await self._look(ctx)
        if seen.absent:
            files = ", ".join(_files(await _failed_to_parse(await ctx.target(self.deployment.name)))) or "none"
            absent = names(seen.absent, NAMED)
            return Observation("failed", f"not there: {absent}; files with import errors on the target: {files}")
        if seen.running:
            return Observation("failed", f"unpaused there: {names(seen.running, NAMED)}; run apply again")
        paused = (ctx.standing(self.info.id) or Standing("note")).made.get("paused_by_us", ())
        why = f"paused there by us: {names(paused)}" if paused else ""
        facts = {"dags": len(self.expected), "left": seen.left}
        return Observation("done", "; ".join(part for part in (why, _why_left(seen.left)) if part), facts)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing to undo."""
        del ctx, before, facts
        return "nothing to undo"


def _why_left(left: Sequence[str]) -> str:
    return f"not paused, since the source does not run them either: {names(left, NAMED)}" if left else ""


async def _failed_to_parse(airflow: Airflow) -> dict[str, str]:
    """As the target tells it; nothing where our role may not see that, which keeps no DAG from arriving."""
    try:
        return await airflow.failed_to_parse()
    except NotAllowedError:
        return {}


def _files(broken: Iterable[str]) -> list[str]:
    """Names of files, sorted."""
    return sorted({Path(file).name for file in broken})


def _is_in(ctx: Context, dag_id: str, files: Iterable[str]) -> bool:
    """Whether the DAG is defined by one of these files of the target.

    An Airflow 2 names them by the whole path, an Airflow 3 from the DAG folder on: only that is on the source too.
    """
    dag = ctx.inventory.dag(dag_id)
    return dag is not None and any(dag.fileloc.endswith(f"/{below_dags(file)}") for file in files)
