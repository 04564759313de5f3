"""Compare both ends value by value: ship the probe, run it, take it away again, lay both digests side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.actions.deploy import DeployDags, deploy_folder
from astroferry.carry.compare import compare, expected_digests
from astroferry.carry.probed import KNOWN_GOOD, NOTE, facts_of
from astroferry.carry.probes.leftovers import forget_probe, remove_leftovers, to_the_end
from astroferry.carry.probes.probefile import probe_file
from astroferry.carry.probes.values import ProbeTimes, run_values_probe
from astroferry.errors import ProbeFailedError, RemoteError
from astroferry.model.travelling import connections_to_carry, variables_to_carry

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal
    from astroferry.model.comparison import Comparison, ProbeResult
    from astroferry.model.plan import Deployment

PROBE_LABEL = "astroferry: DAGs with the values probe"
__all__ = ["NOTE", "PROBE_LABEL", "Verified", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """The comparison of one Deployment."""

    deployment: str
    rows: tuple[Comparison, ...]

    @property
    def equal(self) -> bool:
        """Every value of everything that travels was compared and is the same."""
        return all(row.values_same for row in self.rows)

    @property
    def not_compared(self) -> tuple[Comparison, ...]:
        """The rows that could not be compared; `check` fails on them."""
        return tuple(row for row in self.rows if row.outcome == "not compared")


async def verify(
    ctx: Context, journal: Journal, deployment: Deployment, folder: Path, *, times: ProbeTimes | None = None
) -> Verified:
    """Compare one Deployment with the source.

    The probe rides on a deploy of the same DAG folder, and a second deploy takes it away; both are named in Astro's
    deploy history. A run killed in between leaves a paused DAG without a schedule, and the next apply removes it.
    Raises RemoteError where the DAGs on the Deployment are not those of the folder, ProbeFailedError where the probe
    cannot run.
    """
    seen = await DeployDags(deployment, folder).observe(ctx)
    if deployment.name not in ctx.deployments:
        raise RemoteError(f'"{deployment.name}" is not on Astro yet.', hint="Run apply first.")
    if seen.state != "done" and not await _interrupted(ctx, deployment):
        raise RemoteError(
            f'The DAGs on "{deployment.name}" are not those of {folder}.', hint="Run apply --stage dags first."
        )
    connections, variables = (
        connections_to_carry(ctx.plan, ctx.inventory),
        variables_to_carry(ctx.plan, ctx.inventory),
    )
    note = f"{NOTE}/{deployment.name}"
    journal.write(note, "begin", facts={"deploy": PROBE_LABEL})
    try:
        result = await _probed(ctx, deployment, folder, connections, variables, times=times)
    except ProbeFailedError as error:
        # Nothing was compared, and `check` has to say so until something was.
        journal.write(note, "applied", facts={"counts": {}, "not_compared": [*connections, *variables]})
        journal.write(note, "failed", why=error.message)
        raise
    expected = expected_digests(
        result.key,
        await ctx.values(),
        ctx.inventory,
        skip_connections=ctx.plan.values.skip_connections,
        skip_variables=ctx.plan.values.skip_variables,
    )
    carried = {"connection": set(connections), "variable": set(variables)}
    rows = compare([item for item in expected if item.id in carried[item.kind]], result)
    verified = Verified(deployment.name, rows)
    journal.write(note, "applied", facts=facts_of(verified.rows))
    if verified.equal:
        journal.write(note, "done")
        await _record_known_good(ctx, journal, deployment)
    else:
        journal.write(note, "failed", why="not every value is the same")
    return verified


async def _record_known_good(ctx: Context, journal: Journal, deployment: Deployment) -> None:
    """Keep which deploy is live now that all is equal: rolling back DAG code later goes to it."""
    deploys = await ctx.astro.deploys(ctx.deployments[deployment.name])
    live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
    if live is not None:
        facts = {"deploy_id": live.id, "runtime": live.runtime_version, "tarball_version": live.dag_tarball_version}
        journal.write(f"{KNOWN_GOOD}/{deployment.name}", "found", facts=facts)


async def _probed(
    ctx: Context,
    deployment: Deployment,
    folder: Path,
    connections: tuple[str, ...],
    variables: tuple[str, ...],
    *,
    times: ProbeTimes | None,
) -> ProbeResult:
    """Ship the probe, run it, take it away again."""
    path, text = probe_file()
    await deploy_folder(ctx, deployment.name, folder, {path: text}, PROBE_LABEL)
    try:
        return await run_values_probe(
            await ctx.target(deployment.name),
            connections,
            variables,
            clock=ctx.clock,
            tell=ctx.tell,
            times=times or ProbeTimes(parse=float(ctx.plan.cutover.parse_timeout), poll=ctx.plan.cutover.poll),
            test_connections=True,
        )
    finally:
        # Whatever happened, also a cancellation: the probe goes.
        await to_the_end(_take_away(ctx, deployment, folder, DeployDags(deployment, folder).label))


async def _take_away(ctx: Context, deployment: Deployment, folder: Path, label: str) -> None:
    """Deploy the DAGs without the probe, and delete what it left in the target's database."""
    await deploy_folder(ctx, deployment.name, folder, {}, label)
    airflow = await ctx.target(deployment.name)
    await remove_leftovers(airflow, ctx.tell)
    await forget_probe(airflow, clock=ctx.clock, poll=ctx.plan.cutover.poll)


async def _interrupted(ctx: Context, deployment: Deployment) -> bool:
    """Whether the live deploy is a probe's, left by a run that was killed."""
    deploys = await ctx.astro.deploys(ctx.deployments[deployment.name])
    live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
    return live is not None and live.description == PROBE_LABEL
