"""Carrying a DAG's finished runs to the target, page by page, each page read back before the next.

It looks at the target first and writes what is missing there, so it can be stopped anywhere and run again. It never
disturbs the handover: the newest tick is left to the boundary marker, which is put where no row is; what is imported
lies before it, and Airflow counts on from the newest row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.schedule import boundary, is_marker
from astroferry.carry.action import ActionInfo, Observation
from astroferry.carry.history.rows import (
    FINISHED,
    NOT_CARRIED,
    Row,
    run_content,
    run_row,
    task_content,
    task_row,
    try_row,
)
from astroferry.clients.airflow_shapes import run_of
from astroferry.clients.starship import Starship
from astroferry.errors import NotFoundError, RemoteError
from astroferry.model.cutover import GAP_PREFIX
from astroferry.model.starship import is_at_least
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from astroferry.carry.action import Facts
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow

PAGE = 100
"""runs written at a time, as Starship's own pages are"""
LOADS_FROM = {2: "2.8.6", 3: "2.10.0"}
"""the first Starship that is safe to have on an Airflow 2, and that loads on every Airflow 3 up to 3.3"""
FindStarship = Callable[["Airflow"], Awaitable[Starship | None]]


@dataclass
class CarryHistory:
    """One DAG's history. `most`: how many of the newest runs, 0 for all. Facts: `runs`, `tasks`, `tries`, `left`.

    `left` counts what stays behind: unfinished runs, the newest tick, and runs whose moment the target has already.
    """

    dag_id: str
    wave: str
    deployment: str
    most: int = 100
    moved: bool = False
    """whether the DAG was handed over: then it may run on the target"""
    find_starship: FindStarship | None = None
    _asked: frozenset[str] | None = None
    """ids of the runs that were to be written; what the source finishes afterwards is for the next time"""

    @property
    def info(self) -> ActionInfo:
        """A step of its own; rows of history stay."""
        return ActionInfo(
            id=f"history/{self.wave}/{self.dag_id}/rows-target",
            title=f"Finished runs of {self.dag_id} on the target",
            stage="history",
            undo="irreversible",
            undo_note=f"the rows stay; they run nothing. Not carried: {', '.join(NOT_CARRIED)}.",
            wave=self.wave,
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where every run to be carried is there; doubt where the DAG runs there and was never handed over."""
        target = await ctx.target(self.deployment)
        try:
            dag = await target.dag(self.dag_id)
        except NotFoundError:
            return Observation("failed", f'"{self.dag_id}" is not on "{self.deployment}"; deploy its code first')
        if not dag.is_paused and not self.moved:
            why = f'"{self.dag_id}" is not paused on the target; rows would mix with its own runs'
            return Observation("doubt", why)
        wanted, left = await self._wanted(ctx, target)
        there = await _run_ids(target, self.dag_id)
        missing = sum(item["dag_run_id"] not in there for item in wanted)
        facts: Facts = {"missing": missing, "left": dict(left)}
        done = ctx.standing(self.info.id)
        settled = done is not None and done.event in {"done", "found"}
        return Observation("done" if not missing and (settled or not wanted) else "todo", facts=facts)

    async def apply(self, ctx: Context) -> Facts:
        """Write page after page and read each back; RemoteError where a page is not there as it was written."""
        target = await ctx.target(self.deployment)
        starship = await writer(target, self.find_starship or beside)
        wanted, left = await self._wanted(ctx, target)
        self._asked = frozenset(item["dag_run_id"] for item in wanted)
        counts: Counter[str] = Counter()
        for begin in range(0, len(wanted), PAGE):
            page = wanted[begin : begin + PAGE]
            counts.update(await self._write(ctx, target, starship, page))
            ctx.tell(f"{self.dag_id}: {begin + len(page)} of {len(wanted)} runs are on the target")
        return {**{name: counts[name] for name in ("runs", "tasks", "tries")}, "left": dict(left)}

    async def verify(self, ctx: Context) -> Observation:
        """Every page was read back when it was written; here the numbers once more."""
        target = await ctx.target(self.deployment)
        wanted, left = await self._wanted(ctx, target)
        there = await _run_ids(target, self.dag_id)
        asked = {item["dag_run_id"] for item in wanted} if self._asked is None else self._asked
        missing = sorted(asked - there)
        if missing:
            return Observation("failed", f"{several(len(missing), 'run')} not on the target: {names(missing, 3)}")
        return Observation("done", facts={"there": len(wanted), "left": dict(left)})

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """They stay: Airflow 3 has no way to tell them from others, and they run nothing."""
        del ctx, before
        return f"{facts.get('runs', 0)} runs of {self.dag_id} stay in the target's history."

    async def _wanted(self, ctx: Context, target: Airflow) -> tuple[list[Row], Counter[str]]:
        """The source's runs to be on the target, oldest first, and what is left behind and why."""
        items = await _all_runs(ctx.source, self.dag_id)
        newest = boundary(run_of(item) for item in items)
        there = [run_of(item) for item in await _all_runs(target, self.dag_id)]
        taken = {run.logical_date: run.run_id for run in there}
        left: Counter[str] = Counter()
        wanted: list[Row] = []
        for item in items:
            run = run_of(item)
            if run.state not in FINISHED:
                left["unfinished"] += 1
            elif is_marker(run) or run.run_id.startswith(GAP_PREFIX):
                left["ours"] += 1
            elif newest is not None and run.run_type != "manual" and run.data_interval_end == newest.moment:
                left["newest tick"] += 1
            elif run.logical_date is not None and taken.get(run.logical_date, run.run_id) != run.run_id:
                left["taken"] += 1
            else:
                wanted.append(item)
        if self.most and len(wanted) > self.most:
            left["older"] = len(wanted) - self.most
            wanted = wanted[-self.most :]
        return wanted, left

    async def _write(self, ctx: Context, target: Airflow, starship: Starship, page: list[Row]) -> Counter[str]:
        major = target.major
        there = {item["dag_run_id"]: item for item in await _all_runs(target, self.dag_id)}
        runs = [item for item in page if item["dag_run_id"] not in there]
        await starship.add_rows("dag_runs", [run_row(item, major) for item in runs])
        tasks: list[Row] = []
        tries: list[Row] = []
        for item in page:
            run_id = item["dag_run_id"]
            has = await _tasks_of(target, self.dag_id, run_id) if run_id in there else []
            known = {(row["task_id"], int(row.get("map_index", -1))) for row in has}
            for row in await ctx.source.task_rows(self.dag_id, run_id):
                earlier = await _earlier_tries(ctx.source, row)
                if (row["task_id"], int(row.get("map_index", -1))) not in known:
                    tasks.append(row)
                elif earlier:
                    # Broken off between the two: the task is there, its tries may not be.
                    seen = {task_content(each) for each in await _tries_of(target, row)}
                    earlier = [each for each in earlier if task_content(each) not in seen]
                tries += earlier
        await starship.add_rows("task_instances", [task_row(row, major) for row in tasks])
        await starship.add_rows("task_instance_history", [try_row(row, major) for row in tries])
        await self._read_back(ctx, target, page, tasks, tries)
        return Counter(runs=len(runs), tasks=len(tasks), tries=len(tries))

    async def _read_back(
        self, ctx: Context, target: Airflow, page: list[Row], tasks: list[Row], tries: list[Row]
    ) -> None:
        """Each run, task and try of the page as the target tells it; RemoteError names the first that differs."""
        del ctx
        there = {item["dag_run_id"]: item for item in await _all_runs(target, self.dag_id)}
        for item in page:
            run_id = item["dag_run_id"]
            if run_id not in there or run_content(there[run_id]) != run_content(item):
                raise RemoteError(f'The run {run_id} of "{self.dag_id}" is not on the target as it was written.')
        wrote: dict[str, list[Row]] = {}
        for row in tasks:
            wrote.setdefault(row["dag_run_id"], []).append(row)
        for run_id, rows in wrote.items():
            has = {task_content(row) for row in await _tasks_of(target, self.dag_id, run_id)}
            for row in rows:
                if task_content(row) not in has:
                    what = f"The task {row['task_id']} of {run_id}"
                    raise RemoteError(f"{what} is not on the target as it was written.")
        for row in {(row["dag_run_id"], row["task_id"], row.get("map_index", -1)): row for row in tries}.values():
            has = {task_content(each) for each in await _tries_of(target, row)}
            mine = [each for each in tries if _key(each) == _key(row)]
            if any(task_content(each) not in has for each in mine):
                raise RemoteError(f"The tries of {row['task_id']} of {row['dag_run_id']} are not on the target.")


async def beside(target: Airflow) -> Starship | None:
    """Starship with the credentials of the target's Airflow, as on Astro."""
    return await Starship.find(target.http)


async def writer(target: Airflow, find: FindStarship = beside) -> Starship:
    """Starship on the target, which alone can write rows of history; RemoteError with the reason where it cannot."""
    found = await find(target)
    how = (
        "Put astronomer-starship>=2.10 into the Deployment's requirements.txt and deploy the image (an Organization "
        "or Workspace token is needed: Astro turns Deployment tokens away there); or leave history behind: "
        "`astroferry decommission` exports all of it."
    )
    if found is None:
        raise RemoteError(
            f"{target.http.name} has no Starship, and Airflow's own API writes no finished runs of the scheduler.",
            hint=how,
        )
    if not is_at_least(found.version, LOADS_FROM[target.major]):
        raise RemoteError(
            f"{target.http.name} has Starship {found.version}, which is too old to write history.", hint=how
        )
    return found


async def _all_runs(airflow: Airflow, dag_id: str) -> list[Row]:
    found: dict[str, Row] = {}
    offset = 0
    while True:
        rows, total = await airflow.run_rows(dag_id, offset=offset, limit=PAGE)
        for row in rows:
            found.setdefault(row["dag_run_id"], row)
        offset += len(rows)
        if not rows or offset >= total:
            return list(found.values())


async def _run_ids(airflow: Airflow, dag_id: str) -> set[str]:
    return {item["dag_run_id"] for item in await _all_runs(airflow, dag_id)}


async def _tasks_of(airflow: Airflow, dag_id: str, run_id: str) -> list[Row]:
    return await airflow.task_rows(dag_id, run_id)


async def _tries_of(airflow: Airflow, row: Row) -> list[Row]:
    return await airflow.try_rows(row["dag_id"], row["dag_run_id"], row["task_id"], int(row.get("map_index", -1)))


async def _earlier_tries(source: Airflow, row: Row) -> list[Row]:
    """The tries before the last one; asked for only where there are some."""
    last = int(row.get("try_number") or 0)
    if last <= 1:
        return []
    return [each for each in await _tries_of(source, row) if int(each.get("try_number") or 0) < last]


def _key(row: Row) -> tuple[str, str, int]:
    return row["dag_run_id"], row["task_id"], int(row.get("map_index", -1))
