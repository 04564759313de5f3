"""DAG code on a Deployment: packed, uploaded, finalized; then every DAG seen, parsed and paused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deployment import is_there
from astroferry.carry.dagfile import below_dags
from astroferry.carry.journal import Standing
from astroferry.code.pack import digest, pack
from astroferry.errors import NotAllowedError, NotFoundError, RemoteError
from astroferry.model.plan import MOVED
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.plan import Deployment

PATIENCE = 900.0
LABEL = "astroferry: DAGs"


async def deploy_folder(ctx: Context, deployment: str, folder: Path, extra: Mapping[str, bytes], label: str) -> Facts:
    """Deploy a DAG folder by Astro's upload-and-finalize protocol, and wait until the Deployment runs it.

    Returns the deploy's id and the tarball's version. Raises RemoteError where Astro calls it failed or it does not
    come up in time. A deploy that a crash left unfinalized stays INITIALIZED and harms nothing.
    """
    deployment_id = ctx.deployments[deployment]
    tarball = pack(folder, extra)
    started = await ctx.astro.create_deploy(deployment_id, description=label)
    if not started.upload_url:
        raise RemoteError(
            f'DAG-only deploys are switched off on the Deployment "{deployment}".', hint="Enable them on Astro."
        )
    version = await ctx.astro.upload(started.upload_url, tarball)
    await ctx.astro.finalize_deploy(deployment_id, started.id, version)
    end = ctx.clock.now().timestamp() + PATIENCE
    while True:
        seen = await ctx.astro.deploy(deployment_id, started.id)
        up = await ctx.astro.deployment(deployment_id)
        if seen.status == "FAILED":
            raise RemoteError(f'Astro could not deploy the DAGs to "{deployment}" (deploy {started.id}).')
        if seen.status == "DEPLOYED" and up.dag_tarball_version == version and up.status == "HEALTHY":
            return {"deploy_id": started.id, "tarball_version": version}
        if ctx.clock.now().timestamp() >= end:
            raise RemoteError(
                f'The DAGs are not live on "{deployment}" after {PATIENCE:.0f} s: deploy {seen.status}, '
                f"Deployment {up.status}."
            )
        await ctx.clock.sleep(ctx.plan.cutover.poll)


@dataclass(frozen=True)
class DeployDags:
    """Deploy the plan's DAG folder to one Deployment.

    What is live is known by the folder's digest in the deploy's description: the same folder is not deployed twice.
    """

    deployment: Deployment
    folder: Path

    @property
    def info(self) -> ActionInfo:
        """Undone by Astro's deploy rollback where there was an earlier deploy."""
        return ActionInfo(
            id=f"deploy/{self.deployment.name}",
            title=f'DAG code on "{self.deployment.name}"',
            stage="dags",
            needs=(f"environment/{self.deployment.name}",),
            undo="compensate",
            undo_note="rolled back to the deploy before it; where there was none, the DAGs stay, paused",
        )

    @property
    def label(self) -> str:
        """The deploy's description: ours, and which content."""
        return f"{LABEL} {digest(self.folder)[:16]}"

    async def observe(self, ctx: Context) -> Observation:
        """Whether the newest finalized deploy is this folder's."""
        if not await is_there(ctx, self.deployment):
            return Observation("todo", "the Deployment is not there yet")
        deploys = await ctx.astro.deploys(ctx.deployments[self.deployment.name])
        live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
        if live is not None and live.description == self.label:
            return Observation("done", facts={"deploy_id": live.id})
        return Observation("todo", facts={"live_deploy_id": live.id if live else None})

    async def apply(self, ctx: Context) -> Facts:
        """Pack, upload, finalize, wait."""
        return await deploy_folder(ctx, self.deployment.name, self.folder, {}, self.label)

    async def verify(self, ctx: Context) -> Observation:
        """The newest deploy is ours."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Roll back to what was live before."""
        del facts
        former = before.facts.get("live_deploy_id")
        if not await is_there(ctx, self.deployment):
            return "the Deployment is gone"
        if former is None:
            return "nothing was deployed before it; its DAGs stay there, paused"
        await ctx.astro.rollback_deploy(ctx.deployments[self.deployment.name], former, "astroferry: undo")
        return "rolled back to the deploy before it"


@dataclass(frozen=True)
class DagsArrived:
    """Every DAG of the waves is parsed on the target, and paused.

    A DAG that sets is_paused_upon_creation=False arrives running: it is paused the moment it is seen, and named.
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
        airflow = await ctx.target(self.deployment.name)
        there = {dag.dag_id: dag async for dag in airflow.dags()}
        moved = ctx.moved(ctx.deployments[self.deployment.name])
        absent = [dag for dag in self.expected if dag not in there]
        unpaused = [dag for dag in self.expected if dag in there and not there[dag].is_paused and dag not in moved]
        known = self._known(ctx)
        left = [dag for dag in unpaused if dag in known and not await _runs_on_source(ctx, dag)]
        running = [dag for dag in unpaused if dag not in left]
        arrived = [dag for dag in self.expected if dag in there]
        if absent or running:
            facts = {"absent": absent[:50], "running": running[:50], "arrived": arrived, "known": sorted(known)}
            return Observation("todo", facts=facts)
        why = f"not paused, since the source does not run them either: {', '.join(left)}" if left else ""
        return Observation("done", why, {"dags": len(self.expected), "arrived": arrived, "left": left})

    def _known(self, ctx: Context) -> frozenset[str]:
        """The DAGs that may have been unpaused here on purpose: seen here by an earlier run, or moved by the plan."""
        standing = ctx.standing(self.info.id) or Standing("note")
        seen = standing.made.get("arrived", ()), standing.before.get("observed", {}).get("known", ())
        gone = {wave.name for wave in ctx.plan.waves if wave.state in MOVED}
        divided = ctx.plan.divided(dag.dag_id for dag in ctx.inventory.dags)
        return frozenset(seen[0]).union(seen[1], (dag for dag, waves in divided.items() if gone & set(waves)))

    async def apply(self, ctx: Context) -> Facts:
        """Wait until all are parsed, or the files of all others were tried twice; pause what arrives unpaused."""
        airflow = await ctx.target(self.deployment.name)
        end = ctx.clock.now().timestamp() + ctx.plan.cutover.parse_timeout
        paused: list[str] = []
        tried: dict[str, str] = {}
        while True:
            seen = await self.observe(ctx)
            for dag in seen.facts.get("running", ()):
                await airflow.set_paused(dag, paused=True)
                ctx.tell(f"{dag}: it was unpaused on {self.deployment.name}, and was paused there")
                paused.append(dag)
            arrived = set(seen.facts.get("arrived", ()))
            # All of them: the facts name the first fifty only.
            absent = [dag for dag in self.expected if dag not in arrived] if seen.state != "done" else []
            if seen.state == "done" or (not absent and paused) or ctx.clock.now().timestamp() >= end:
                return {"paused_by_us": paused, "absent": absent[:50], "arrived": seen.facts.get("arrived", [])}
            failed = await _failed_to_parse(airflow)
            # The first time may be from before the deploy.
            again = [file for file, at in failed.items() if at != tried.setdefault(file, at)]
            if absent and all(_is_in(ctx, dag, again) for dag in absent):
                return {"paused_by_us": paused, "absent": absent[:50], "arrived": seen.facts.get("arrived", [])}
            broken = _files(failed)
            ctx.tell(
                f"waiting for {names(absent, 3)} to be parsed on {self.deployment.name}"
                f"{f'; import errors there: {names(broken, 3)}' if broken else ''}"
            )
            await ctx.clock.sleep(ctx.plan.cutover.poll)

    async def verify(self, ctx: Context) -> Observation:
        """All there and paused; otherwise the absent ones, with the target's own import errors."""
        seen = await self.observe(ctx)
        if seen.state == "done":
            return seen
        airflow = await ctx.target(self.deployment.name)
        files = ", ".join(_files(await _failed_to_parse(airflow))) or "none"
        absent = ", ".join(seen.facts.get("absent", []))
        return Observation("failed", f"not there: {absent}; files with import errors on the target: {files}")

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing to undo."""
        del ctx, before, facts
        return "nothing to undo"


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


async def _runs_on_source(ctx: Context, dag_id: str) -> bool:
    """Whether the source runs it.

    One that it does not run was moved by a person: a cutover refuses some kinds, and tells people how. Paused on the
    target too, it would run nowhere.
    """
    try:
        return not (await ctx.source.dag(dag_id)).is_paused
    except (NotFoundError, NotAllowedError):
        return False
