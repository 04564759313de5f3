"""Which way each kind of schedule is handed over, or why it is not.

Pure thought about what the source tells of a DAG. Every way was tried from a real 2.11.2 to a real 3.3.2 on
2026-11-25; the facts stand where the way is built (`carry/handover/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from astroferry.advice.ticks import CronTicks, DeltaTicks

if TYPE_CHECKING:
    from astroferry.advice.ticks import Ticks, Timetable
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Dag

SwitchKind = Literal["none", "once", "continuous", "dataset"]
SWITCHED: tuple[SwitchKind, ...] = ("none", "once", "continuous", "dataset")


@dataclass(frozen=True, slots=True)
class MarkerPlan:
    """A DAG that is handed over with a boundary marker: its ticks, and whether it catches up.

    `target`: the kind of timetable that the target makes of the same schedule, by which it names its runs.
    `depends_on_past`: whether a task of it waits for the run before. `max_active_runs`: how many runs of it may be
    under way at once, where that is known.
    """

    dag_id: str
    ticks: Ticks
    catchup: bool
    target: Timetable = "interval"
    depends_on_past: bool = False
    max_active_runs: int | None = None

    @property
    def fills_first(self) -> bool:
        """Whether what fell between the two sides must run before the target is unpaused, and not after.

        Without catchup Airflow passes ticks over: then a task that depends on past runs would see them in the wrong
        order, and a timedelta off Airflow's grid would count on from another phase.
        """
        return not self.catchup and (self.depends_on_past or self.drifts)

    @property
    def drifts(self) -> bool:
        """Whether the ticks move to another phase once more than one of them was missed."""
        return not self.catchup and isinstance(self.ticks, DeltaTicks) and not self.ticks.is_on_grid

    def timetable_on(self, side: Side) -> Timetable:
        """By which kind of timetable that side names its runs."""
        return self.target if side == "target" else self.ticks.timetable

    @property
    def dates_move(self) -> bool:
        """Whether a task is given another `ds`, logical date and data interval for the same tick on the target."""
        return self.target != self.ticks.timetable


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """A DAG without ticks to count: it is drained and paused here, and unpaused there.

    none: somebody else starts it. once: it runs once, on one side. continuous: it runs again and again. dataset:
    datasets (assets) start it.
    """

    dag_id: str
    kind: SwitchKind


@dataclass(frozen=True, slots=True)
class Refusal:
    """A DAG that is not handed over, and why, in one sentence."""

    dag_id: str
    reason: str


HandoverKind = MarkerPlan | SwitchPlan | Refusal


def handover_kind(
    dag: Dag,
    target_major: int,
    *,
    source_major: int = 2,
    cron_data_intervals: bool = True,
    depends_on_past: bool = False,
    zone: str = "",
    last: datetime | None = None,
) -> HandoverKind:
    """How this DAG can be handed to an Airflow of that major version, or why it is not.

    `source_major`: the source's. `cron_data_intervals`: the target's CREATE_CRON_DATA_INTERVALS and
    CREATE_DELTA_DATA_INTERVALS. A source of Airflow 3 has these options too, so its DAGs keep the kind of timetable
    that they have, whichever it is; a target that shows another one is refused before anything is paused.
    `depends_on_past`: whether a task of it is so. `zone`: the DAG's true one where it is known, because REST tells
    "UTC" for a DAG in Europe/Berlin too (2.11.2 and 3.3.2); without it, a due moment that does not fit is no refusal,
    since the zone is looked for before anything changes. `last`: the last tick that the source has had, where known.
    """
    if dag.schedule.kind in SWITCHED:
        return SwitchPlan(dag.dag_id, dag.schedule.kind)
    if reason := _unknown(dag):
        return Refusal(dag.dag_id, reason)
    try:
        ticks = ticks_of(dag, zone, last)
    except ValueError as error:
        return Refusal(dag.dag_id, str(error))
    due = due_moment(dag)
    if zone and due is not None and ticks.at(due) is None:
        return Refusal(
            dag.dag_id,
            f'its next run is due at {due:%Y-%m-%d %H:%M:%S} UTC, which "{dag.schedule.expression}" does not give in '
            f"{zone}",
        )
    target: Timetable = ticks.timetable
    if source_major < 3 <= target_major and not cron_data_intervals:
        target = "trigger"
    return MarkerPlan(dag.dag_id, ticks, bool(dag.catchup), target, depends_on_past, dag.max_active_runs)


def due_moment(dag: Dag) -> datetime | None:
    """When the next run of the DAG is due, as its side tells it; None where none is."""
    return dag.next_data_interval_end or dag.next_run_after


def ticks_of(dag: Dag, zone: str = "", last: datetime | None = None) -> Ticks:
    """The ticks of a cron or timedelta DAG, counted in `zone` and on from `last` where they are given.

    ValueError for another schedule.
    """
    if dag.schedule.kind != "timedelta":
        return CronTicks.of(dag.schedule, zone=zone, first=dag.start_date, last=dag.end_date)
    timetable: Timetable = "trigger" if dag.schedule.triggers_only else "interval"
    # Each tick hangs on the one before; the start date is only where the first one hung.
    anchor = last or due_moment(dag) or dag.start_date or datetime(1970, 1, 1, tzinfo=UTC)
    step = timedelta(seconds=float(dag.schedule.expression))
    return DeltaTicks(step, anchor, first=dag.start_date, last=dag.end_date, timetable=timetable)


def _unknown(dag: Dag) -> str:
    if dag.schedule.kind == "timetable" and dag.schedule.expression.startswith("relativedelta("):
        return f"it runs each {dag.schedule.expression}, which is no fixed step, and we cannot count its ticks yet"
    if dag.schedule.kind == "timetable":
        return "its own timetable class decides when it runs, and we cannot count its ticks from here"
    if dag.schedule.kind == "unknown":
        return "its schedule could not be read"
    if dag.catchup is None:
        return "the source does not tell whether it catches up"
    return ""
