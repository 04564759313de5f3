"""Read each DAG in depth: details, tasks, last run, and what its source text says; several at once, bounded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar, cast

from astroferry.errors import NotAllowedError, UnreachableError
from astroferry.model.inventory import placed
from astroferry.sources.probing import FAILURES, Failure
from astroferry.sources.progress import Progress
from astroferry.sources.unfinished import CODE, DETAILS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

    from astroferry.clients.airflow import Airflow, TaskSeen
    from astroferry.code.read import CodeSeen
    from astroferry.model.inventory import Dag, Run, Schedule, Sign
    from astroferry.sources.probing import Probes

    ReadCode = Callable[[str], CodeSeen]
    """what one DAG file's text says (`astroferry.code.read.read`): given, since rooms side by side are separate"""

Answer = TypeVar("Answer")
AT_ONCE = 8
"""DAGs in work at the same time; the client bounds requests further"""
_OWN_MODULES = ("airflow.",)
PROVIDERS = "airflow.providers."
_REACH_OTHERS = ("TriggerDagRun", "ExternalTask")


@dataclass(slots=True)
class Survey:
    """What the DAGs together tell beside themselves."""

    dags: tuple[Dag, ...] = ()
    custom_operators: set[str] = field(default_factory=set)
    pools: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    depends_on_past: list[str] = field(default_factory=list)
    named_connections: set[str] = field(default_factory=set)
    named_variables: set[str] = field(default_factory=set)
    task_modules: set[str] = field(default_factory=set)
    """where the operators of tasks live, those of providers"""
    signs: list[Sign] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    """DAG ids whose code names something by an expression"""


class EachDag:
    """Reads DAGs one by one; a question refused once (403) or unreachable is not asked for every other DAG."""

    def __init__(
        self,
        airflow: Airflow,
        probes: Probes,
        datasets: tuple[Mapping[str, tuple[str, ...]], ...],
        timetables: Collection[str] | None = None,
    ) -> None:
        """`timetables`: the classes that plugins register; None where that could not be read."""
        self.airflow = airflow
        self._timetables = timetables
        self._kept = probes.kept.each
        self.probes = probes
        self.consumes, self.produces = datasets
        self.survey = Survey()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._done = self._known = 0
        self._failures: dict[str, list[tuple[str, Failure]]] = {}
        self._answers: dict[str, int] = {}
        self._stopped: set[str] = set()

    async def read(self, dags: Iterable[Dag], read_code: ReadCode | None) -> Survey:
        """Every DAG with all that can be had of it, in the given order."""
        listed = list(dags)
        self._known = sum((DETAILS, dag.dag_id) in self._kept for dag in listed)
        self.probes.tell(Progress(DETAILS, 0, len(listed)))
        detailed = await asyncio.gather(*(self._one(dag, len(listed)) for dag in listed))
        self._account(DETAILS, "tasks", "last runs", "task instances")
        if read_code is None:
            self.probes.not_asked(CODE, "The source text was not read; dependencies in code are unknown.")
            self.survey.dags = tuple(detailed)
            return self.survey
        by_file: dict[str, list[Dag]] = {}
        for dag in detailed:
            by_file.setdefault(dag.fileloc or dag.dag_id, []).append(dag)
        self._done = 0
        self._known = sum((CODE, group[0].dag_id) in self._kept for group in by_file.values())
        self.probes.tell(Progress(CODE, 0, len(by_file)))
        files = await asyncio.gather(*(self._file(group, read_code, len(by_file)) for group in by_file.values()))
        self._account(CODE)
        read = {dag.dag_id: dag for group in files for dag in group}
        self.survey.dags = tuple(read[dag.dag_id] for dag in detailed)
        return self.survey

    async def _try(self, probe: str, dag_id: str, question: Callable[[], Awaitable[Answer]]) -> Answer | None:
        if probe in self._stopped:
            return None
        if (probe, dag_id) in self._kept:
            self._answers[probe] = self._answers.get(probe, 0) + 1
            return cast("Answer", self._kept[probe, dag_id])
        try:
            answer = await question()
        except FAILURES as error:
            self._failures.setdefault(probe, []).append((dag_id, error))
            if isinstance(error, NotAllowedError | UnreachableError):
                self._stopped.add(probe)
            return None
        self._kept[probe, dag_id] = answer
        self._answers[probe] = self._answers.get(probe, 0) + 1
        return answer

    def _account(self, *kinds: str) -> None:
        """One line of coverage, and at most one finding, per kind of question."""
        for probe in kinds:
            count = self._answers.get(probe, 0)
            failures = self._failures.get(probe)
            if not failures:
                self.probes.read(probe, count)
                continue
            names = [dag_id for dag_id, _ in failures]
            shown = ", ".join(sorted(names)[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            about = " for any DAG" if probe in self._stopped and not count else f" for {shown}"
            self.probes.failed(probe, failures[0][1], "warn", about=about, done=count)

    async def _one(self, dag: Dag, total: int) -> Dag:
        async with self._gate:
            # Owners come only with the list on Airflow 2, so the client is given what the list told.
            full = await self._try(DETAILS, dag.dag_id, lambda: self.airflow.dag(dag.dag_id, listed=dag)) or dag
            tasks = await self._try("tasks", dag.dag_id, lambda: self.airflow.tasks(dag.dag_id)) or ()
            runs = await self._try("last runs", dag.dag_id, lambda: self.airflow.runs(dag.dag_id, limit=1)) or ()
            full = replace(
                full,
                active_runs=dag.active_runs,
                failed_runs=dag.failed_runs,
                last_run=runs[0] if runs else None,
                operators=tuple(sorted({task.operator for task in tasks})),
                queues=tuple(sorted({task.queue for task in tasks})),
                pools=tuple(sorted({task.pool for task in tasks})),
                consumes=self.consumes.get(dag.dag_id, ()),
                produces=self.produces.get(dag.dag_id, ()),
            )
            self._tasks(full.dag_id, tasks)
            if full.last_run is not None and reaches_others(full):
                full = await self._rendered(full, full.last_run)
        self._done += 1
        self.probes.tell(Progress(DETAILS, self._done, total, dag.dag_id, min(self._known, self._done)))
        return full

    def _tasks(self, dag_id: str, tasks: Iterable[TaskSeen]) -> None:
        for task in tasks:
            self.survey.pools.add(task.pool)
            self.survey.queues.add(task.queue)
            if task.module.startswith(PROVIDERS):
                self.survey.task_modules.add(task.module)
            if task.module and not task.module.startswith(_OWN_MODULES):
                self.survey.custom_operators.add(f"{task.module}.{task.operator}")
        if any(task.depends_on_past or task.wait_for_downstream for task in tasks):
            self.survey.depends_on_past.append(dag_id)

    async def _rendered(self, dag: Dag, run: Run) -> Dag:
        """What the last run's tasks really reached: that also tells ids which the code computes."""
        instances = await self._try(
            "task instances", dag.dag_id, lambda: self.airflow.task_instances(dag.dag_id, run.run_id)
        )
        triggers = {seen.trigger_dag_id for seen in instances or () if seen.trigger_dag_id}
        waits_for = {seen.external_dag_id for seen in instances or () if seen.external_dag_id}
        return replace(dag, triggers=tuple(sorted(triggers)), waits_for=tuple(sorted(waits_for)))

    async def _file(self, group: list[Dag], read_code: ReadCode, total: int) -> list[Dag]:
        """The DAGs of one file, with what its text says for each."""
        first = group[0]
        async with self._gate:
            text = await self._try(CODE, first.dag_id, lambda: self.airflow.dag_source(first.dag_id))
        self._done += 1
        self.probes.tell(Progress(CODE, self._done, total, first.fileloc, min(self._known, self._done)))
        if text is None:
            return group
        code = read_code(text)
        if code.error:
            names = ", ".join(dag.dag_id for dag in group)
            self.probes.find(
                "SRC-code-unreadable",
                "warn",
                f"The source text of {names} is {code.error}; what it depends on is unknown.",
                first.dag_id,
                "Read the file yourself and group what belongs together into one wave.",
            )
            return group
        self.survey.signs += placed(code.signs, first.fileloc, tuple(dag.dag_id for dag in group))
        return [self._with_code(dag, code) for dag in group]

    def _with_code(self, dag: Dag, code: CodeSeen) -> Dag:
        facts = code.of(dag.dag_id)
        self.survey.named_connections |= facts.connections
        self.survey.named_variables |= facts.variables
        if facts.computed:
            self.survey.computed.append(dag.dag_id)
        full = replace(
            dag,
            schedule=self._schedule(dag, code),
            triggers=tuple(sorted(facts.triggers.union(dag.triggers))),
            waits_for=tuple(sorted(facts.waits_for.union(dag.waits_for))),
            consumes=tuple(sorted(facts.consumes.union(dag.consumes))),
            produces=tuple(sorted(facts.produces.union(dag.produces))),
            pod_overrides=bool(facts.executor_configs),
            sla=any(sign.kind == "sla" and sign.dag in {"", dag.dag_id} for sign in code.signs),
        )
        if full.triggers or full.waits_for or full.consumes or full.produces:
            return replace(full, dependencies="read from code")
        # Its tasks reach other DAGs, but neither code nor runs say which: that is not "none".
        return full if reaches_others(full) or facts.computed else replace(full, dependencies="none")

    def _schedule(self, dag: Dag, code: CodeSeen) -> Schedule:
        """The DAG's schedule; where its code makes it of a class of the source's own, that class, whatever REST says.

        A subclass of Airflow's cron timetables inherits the summary, and no endpoint of 2.11.2 or 3.3.2 tells the
        class: it reads as that cron, while it may leave ticks out or add some. But `/plugins` lists the classes that
        are registered, and Airflow reads no DAG whose timetable is not (looked up in both on 2026-11-26).
        """
        if dag.schedule.kind not in {"cron", "timedelta"}:
            return dag.schedule
        for sign in code.signs:
            of_it = sign.kind == "own-timetable" and sign.dag in {"", dag.dag_id}
            if of_it and (self._timetables is None or sign.what in self._timetables):
                return replace(dag.schedule, kind="timetable", expression=sign.what)
        return dag.schedule


def reaches_others(dag: Dag) -> bool:
    """Whether a DAG has tasks that start or watch other DAGs."""
    return any(name in operator for operator in dag.operators for name in _REACH_OTHERS)
