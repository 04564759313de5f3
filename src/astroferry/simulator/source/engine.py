"""A scheduler in miniature: makes runs as Airflow 2 does, lazily, whenever somebody looks.

Nothing runs in the background: `advance(now)` replays all that happened since the last look, in order of time.
So an hour passes in no time, and two looks at one moment see the same.

What follows Airflow 2.11.2: runs are made at the end of their interval; a paused DAG makes none, its queued runs
stay queued, of its running runs the task in hand ends and no other starts; unpaused, it goes on where it stood
(with catchup every missed interval, without only the latest). `max_active_runs` counts queued and running ones.
Simplified: the tasks of a run follow one another, and always succeed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from astroferry.simulator.source.rows import SimDag, SimRun, SimTask
from astroferry.simulator.source.timetables import Interval, timetable_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.simulator.source.specs import DagSpec, Task


class Engine:
    """All DAGs and the scheduler.

    `queue_seconds`: from queued to running. `task_seconds`: how long each task takes. `parse_seconds`: how long
    the list may show an old next run (min_file_process_interval). `named_by_end`: ids of scheduled runs carry the
    end of their interval, as on Airflow 3, and not its start.
    """

    def __init__(
        self,
        dags: Iterable[DagSpec],
        now: datetime,
        *,
        queue_seconds: float = 0.4,
        task_seconds: float = 0.6,
        parse_seconds: float = 0.0,
        named_by_end: bool = False,
    ) -> None:
        self.now = now
        self.named_by_end = named_by_end
        self.queue_time = timedelta(seconds=queue_seconds)
        self.task_time = timedelta(seconds=task_seconds)
        self.parse_time = timedelta(seconds=parse_seconds)
        self.dags: dict[str, SimDag] = {}
        self._due: dict[str, datetime] = {}
        for spec in dags:
            self.add(spec)

    def add(self, spec: DagSpec) -> SimDag:
        """A DAG file has been parsed for the first time."""
        dag = SimDag(spec, timetable_of(spec.schedule, spec.timezone), spec.is_paused)
        self.dags[spec.dag_id] = dag
        self._plan(dag)
        self._look_ahead(dag)
        return dag

    def advance(self, now: datetime) -> None:
        """Let everything happen that is due by `now`; a `now` in the past changes nothing."""
        while self._due:
            dag_id = min(self._due, key=self._due.__getitem__)
            if self._due[dag_id] > now:
                break
            self.now = max(self.now, self._due[dag_id])
            dag = self.dags[dag_id]
            self._step(dag)
            self._look_ahead(dag)
        self.now = max(self.now, now)

    # --- what people do

    def set_paused(self, dag_id: str, *, paused: bool) -> SimDag:
        """Pause or unpause; KeyError for an unknown DAG."""
        dag = self.dags[dag_id]
        if dag.is_paused and not paused:
            self.next_of(dag)
        dag.is_paused = paused
        self._look_ahead(dag)
        return dag

    def next_of(self, dag: SimDag) -> Interval | None:
        """The next run as the list shows it, computed again where the file was parsed again since."""
        if dag.planned_at is None or self.now - dag.planned_at >= self.parse_time:
            self._plan(dag)
            self._look_ahead(dag)
        return dag.next

    def run_id(self, run_type: str, interval: Interval) -> str:
        """The id of an automated run."""
        moment = interval.end if self.named_by_end else interval.start
        return f"{run_type}__{moment.isoformat()}"

    def create_run(
        self,
        dag: SimDag,
        *,
        run_type: str,
        run_id: str,
        logical_date: datetime | None,
        interval: Interval | None,
        conf: dict[str, Any] | None = None,
        note: str | None = None,
    ) -> SimRun:
        """Queue a run; the caller has checked that neither its id nor its date is there already."""
        run = SimRun(
            dag_id=dag.spec.dag_id,
            run_id=run_id,
            run_type=run_type,
            state="queued",
            queued_at=self.now,
            logical_date=logical_date,
            interval=interval,
            tasks=[SimTask(task) for task in dag.spec.tasks],
            conf=conf or {},
            note=note,
            external=run_type == "manual",
        )
        self.take_in(run)
        return run

    def take_in(self, run: SimRun) -> None:
        """Have a run among a DAG's rows, made here or written into the database by somebody."""
        dag = self.dags[run.dag_id]
        dag.add(run)
        self._look_ahead(dag)

    def set_state(self, run: SimRun, state: str, *, rest: str) -> None:
        """Say that a run has ended (tasks that have not get the state `rest`), or queue it again."""
        dag = self.dags[run.dag_id]
        run.state = state
        run.end = None if state == "queued" else self.now
        if run.is_active and run not in dag.recent:
            dag.recent.append(run)
        for task in run.tasks:
            if state != "queued" and task.state not in {"success", "failed", "skipped"}:
                task.state, task.start, task.end = rest, task.start or self.now, self.now
        self._look_ahead(dag)

    def clear(self, run: SimRun) -> None:
        """Run it again from its first task."""
        run.tasks = [SimTask(task.spec) for task in run.tasks]
        run.start = None
        run.queued_at = self.now
        self.set_state(run, "queued", rest="")

    def delete_run(self, run: SimRun) -> None:
        """Forget a run."""
        dag = self.dags[run.dag_id]
        dag.forget(run)
        self._plan(dag)
        self._look_ahead(dag)

    def delete_dag(self, dag_id: str) -> None:
        """Forget a DAG and its runs; KeyError for an unknown one."""
        del self.dags[dag_id]
        self._due.pop(dag_id, None)

    def remember(self, dag_id: str, count: int, until: datetime) -> None:
        """Give a DAG a past: its last `count` runs, all successful, the newest over by `until`."""
        dag = self.dags[dag_id]
        latest = dag.timetable.latest(until)
        while latest is not None and count and latest.start >= dag.spec.start_date:
            self._past_run(dag, "scheduled", latest)
            latest, count = dag.timetable.latest(latest.start), count - 1
        if latest is None:
            # A DAG that time does not start was started by hand, or by its datasets, a few hours ago.
            kind = "dataset_triggered" if dag.spec.consumes else "manual"
            for ago in range(count, 0, -1):
                moment = until - timedelta(hours=5 * ago, minutes=7)
                self._past_run(dag, kind, Interval(moment, moment))
        dag.runs = dict(sorted(dag.runs.items(), key=lambda item: item[1].queued_at))
        self._plan(dag)
        self._look_ahead(dag)

    def _past_run(self, dag: SimDag, run_type: str, interval: Interval) -> None:
        run_id = self.run_id(run_type, interval)
        run = self.create_run(dag, run_type=run_type, run_id=run_id, logical_date=interval.start, interval=interval)
        run.queued_at = interval.end
        run.state, run.start = "success", interval.end + self.queue_time
        moment = run.start
        for task in run.tasks:
            task.state, task.start, task.end = "success", moment, moment + self.task_time
            moment += self.task_time
        run.end = moment

    # --- what the scheduler does

    def _plan(self, dag: SimDag) -> None:
        dag.next = dag.timetable.next(dag.last_automated, dag.spec, self.now)
        dag.planned_at = self.now

    def _look_ahead(self, dag: SimDag) -> None:
        """Note when something will next happen to this DAG."""
        moments = [task.end for run in dag.active for task in run.tasks if task.state == "running" and task.end]
        if not dag.is_paused:
            running = [run for run in dag.active if run.state == "running"]
            moments += [self.now for run in running if not any(task.state == "running" for task in run.tasks)]
            if len(running) < dag.spec.max_active_runs:
                moments += [run.queued_at + self.queue_time for run in dag.active if run.state == "queued"]
            if dag.next is not None and not dag.is_full:
                moments.append(dag.next.end)
        if moments:
            self._due[dag.spec.dag_id] = max(self.now, min(moments))
        else:
            self._due.pop(dag.spec.dag_id, None)

    def _step(self, dag: SimDag) -> None:
        was_full = dag.is_full
        for run in dag.active:
            if run.state == "running":
                self._continue(dag, run)
        if dag.is_paused:
            return
        if was_full and not dag.is_full:
            self._plan(dag)
        room = dag.spec.max_active_runs - sum(run.state == "running" for run in dag.active)
        queued = [run for run in dag.active if run.state == "queued" and run.queued_at + self.queue_time <= self.now]
        for run in queued[: max(room, 0)]:
            run.state, run.start = "running", run.start or self.now
            self._continue(dag, run)
        if dag.next is not None and dag.next.end <= self.now and not dag.is_full:
            interval = dag.next
            if interval.start in dag.dates:
                # Whoever made it: Airflow 2 makes no second run of a logical date, and goes on to the next (2.11.2).
                dag.next = dag.timetable.next(interval, dag.spec, self.now)
                return
            run_id = self.run_id("scheduled", interval)
            self.create_run(dag, run_type="scheduled", run_id=run_id, logical_date=interval.start, interval=interval)
            self._plan(dag)

    def _continue(self, dag: SimDag, run: SimRun) -> None:
        """End the task in hand where it is over, start the next one unless paused, end the run after the last."""
        for task in run.tasks:
            if task.state == "running":
                if task.end is not None and task.end > self.now:
                    return
                task.state = "success"
                self._effects(task.spec)
            if task.state is None:
                if dag.is_paused:
                    return
                task.state, task.start, task.end = "running", self.now, self.now + self.task_time
                return
        run.state, run.end = "success", self.now

    def _effects(self, task: Task) -> None:
        """What the end of a task does to other DAGs: it starts one, or updates datasets that some wait for."""
        if task.operator == "TriggerDagRunOperator" and task.other_dag in self.dags:
            self._start(self.dags[task.other_dag], "manual")
        for dag in self.dags.values() if task.produces else ():
            wanted = set(dag.spec.consumes)
            if not wanted.isdisjoint(task.produces) and not dag.is_paused:
                for uri in sorted(wanted & set(task.produces)):
                    dag.updated.setdefault(uri, self.now)
                if dag.updated.keys() == wanted:
                    dag.updated = {}
                    self._start(dag, "dataset_triggered")

    def _start(self, dag: SimDag, run_type: str) -> None:
        run_id = f"{run_type}__{self.now.isoformat()}"
        if run_id not in dag.runs:
            interval = dag.timetable.manual(self.now)
            self.create_run(dag, run_type=run_type, run_id=run_id, logical_date=self.now, interval=interval)
