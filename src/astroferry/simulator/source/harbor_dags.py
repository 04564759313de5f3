"""Harbor Lines' DAGs: 42 in eight teams, with the schedules, habits and ties that six years bring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from astroferry.simulator.source.specs import DagSpec, Schedule, Task

if TYPE_CHECKING:
    from astroferry.simulator.source.specs import Operator

BOOKINGS = "s3://harborlines-lake/bookings"
POSITIONS = "s3://harborlines-lake/positions"
MANIFESTS = "s3://harborlines-lake/manifests"
SEASON = datetime(2026, 3, 1, tzinfo=UTC)
BERLIN = datetime(2026, 2, 28, 23, tzinfo=UTC)
"""Midnight of 1 March in Berlin"""

OWNERS = {
    "booking": "booking-data",
    "crew": "people-systems",
    "finance": "finance-it",
    "fleet": "fleet-control",
    "freight": "freight-desk",
    "marketing": "customer-club",
    "platform": "data-platform",
    "terminals": "terminal-ops",
}


def load(*names: str, pool: str = "default_pool", produces: tuple[str, ...] = ()) -> tuple[Task, ...]:
    """Tasks one after the other: a shell step each, but a Python step where the name says check or score."""
    tasks: list[Task] = []
    for name in names:
        kind: Operator = "PythonOperator" if name.startswith(("check", "score")) else "BashOperator"
        does = f"{name.replace('_', ' ')}: done" if kind == "PythonOperator" else f"echo {name} {{{{ ds }}}}"
        after = (tasks[-1].task_id,) if tasks else ()
        last = name == names[-1]
        tasks.append(
            Task(name, kind, after, does, pool if last else "default_pool", produces=produces if last else ())
        )
    return tuple(tasks)


def start(other: str, *before: str) -> tuple[Task, ...]:
    """Steps, and then another DAG."""
    steps = load(*before)
    return (*steps, Task(f"start_{other}", "TriggerDagRunOperator", (before[-1],), other_dag=other))


def wait(other: str, *then: str) -> tuple[Task, ...]:
    """A wait for another DAG, and then steps."""
    sensor = Task(f"wait_for_{other}", "ExternalTaskSensor", other_dag=other)
    steps = load(*then)
    first = Task(steps[0].task_id, steps[0].operator, (sensor.task_id,), steps[0].does)
    return (sensor, first, *steps[1:])


def dag(dag_id: str, team: str, schedule: Schedule, says: str, tasks: tuple[Task, ...], **more: Any) -> DagSpec:
    """One DAG of a team, from the start of the season unless told otherwise."""
    tags = (team, *more.pop("tags", ()))
    more.setdefault("start_date", BERLIN if "timezone" in more else SEASON)
    more.setdefault("max_active_runs", 1)
    return DagSpec(dag_id, team, OWNERS[team], schedule=schedule, description=says, tasks=tasks, tags=tags, **more)


def harbor_dags(now: datetime) -> list[DagSpec]:
    """All 42; the two that tick every 20 seconds first ran a few minutes before `now`."""
    return [*_booking(), *_terminals(), *_fleet(now), *_freight(), *_finance(), *_crew(), *_marketing(), *_platform()]


def _booking() -> list[DagSpec]:
    berlin = {"timezone": "Europe/Berlin"}
    return [
        dag("booking_extract_hourly", "booking", "@hourly", "Bookings into the lake.",
            load("extract", "check_rows", "publish", pool="booking_db", produces=(BOOKINGS,)), tags=("critical",)),
        dag("booking_daily_rollup", "booking", "30 2 * * *", "Bookings by line and day.",
            wait("booking_extract_hourly", "aggregate", "publish"), catchup=True),
        dag("booking_cancellations", "booking", "*/15 * * * *", "Cancelled bookings, for the call centre.",
            load("extract", "notify", pool="booking_db")),
        dag("booking_no_shows", "booking", "15 4 * * *", "Who did not board.", load("match", "publish"), **berlin),
        dag("booking_price_feed", "booking", timedelta(hours=6), "Prices to partners.", load("render", "upload")),
        dag("booking_backfill_2024", "booking", None, "Old bookings, on demand.", load("extract", "load"),
            is_paused=True, history=1, stopped=timedelta(days=40)),
    ]  # fmt: skip


def _terminals() -> list[DagSpec]:
    berlin = {"timezone": "Europe/Berlin"}
    return [
        dag("terminal_berth_plan", "terminals", "0 5 * * *", "Tomorrow's berths.",
            start("terminal_berth_notices", "collect", "solve"), tags=("critical",), **berlin),
        dag("terminal_berth_notices", "terminals", None, "Berth notices to masters.", load("render", "send")),
        dag("terminal_gate_counts", "terminals", "*/10 * * * *", "Vehicles through the gates.",
            load("count", "publish")),
        dag("terminal_yard_snapshot", "terminals", timedelta(hours=2), "Trailers on the yard.", load("snapshot")),
        dag("terminal_customs_manifests", "terminals", "45 * * * *", "Manifests to the port authority.",
            load("collect", "check_manifest", "upload", pool="port_authority", produces=(MANIFESTS,)),
            tags=("critical", "customs")),
        dag("terminal_weekly_safety", "terminals", "@weekly", "Safety figures.", load("collect", "render")),
    ]  # fmt: skip


def _fleet(now: datetime) -> list[DagSpec]:
    moment = now.replace(second=0, microsecond=0)
    return [
        dag("fleet_position_ticks", "fleet", "* * * * * */20", "Ship positions, every tick counts.",
            load("read_positions", "store"), start_date=moment - timedelta(minutes=6), catchup=True, history=30,
            tags=("demo", "fast")),
        dag("fleet_arrival_board", "fleet", "* * * * * */20", "The arrival board, only the latest matters.",
            load("render_board"), start_date=moment - timedelta(minutes=4), history=30, tags=("demo", "fast")),
        dag("fleet_position_history", "fleet", "20 * * * *", "Positions into the lake.",
            load("extract", "publish", produces=(POSITIONS,)), catchup=True),
        dag("fleet_weather_routing", "fleet", "0 */3 * * *", "Weather along the lines.",
            load("fetch", "score_routes", "publish")),
        dag("fleet_fuel_report", "fleet", "0 6 * * 1", "Fuel by week.", wait("fleet_position_history", "join"),
            timezone="Europe/Oslo"),
        dag("fleet_engine_telemetry", "fleet", "*/5 * * * *", "Engine readings.", load("read", "store"),
            tags=("critical",)),
    ]  # fmt: skip


def _freight() -> list[DagSpec]:
    return [
        dag("freight_rates_sync", "freight", "10 1 * * *", "Rates from the rate service.", load("fetch", "load")),
        dag("freight_manifest_match", "freight", (MANIFESTS, BOOKINGS), "Manifests against bookings.",
            load("match", "publish")),
        dag("freight_eta", "freight", (POSITIONS,), "Arrival times for shippers.", load("score", "publish")),
        dag("freight_invoices", "freight", "0 20 * * 1-5", "Freight invoices on working days.",
            load("collect", "render", "send"), catchup=True, timezone="Europe/Berlin"),
        dag("freight_lost_trailers", "freight", "@daily", "Trailers that nobody fetched.", load("search", "notify")),
    ]  # fmt: skip


def _finance() -> list[DagSpec]:
    ledger = Task("post_ledger", "BashOperator", (), "echo post {{ ds }}", depends_on_past=True)
    return [
        dag("finance_daily_ledger", "finance", "0 3 * * *", "The day's postings, in order.",
            (ledger, Task("balance", "PythonOperator", ("post_ledger",), "balanced")), catchup=True,
            tags=("critical",)),
        dag("finance_monthly_close", "finance", "@monthly", "Month end.", load("freeze", "check_totals", "publish"),
            catchup=True),
        dag("finance_quarter_report", "finance", "@quarterly", "Quarterly report.", load("collect", "render")),
        dag("finance_fx_rates", "finance", "5 16 * * 1-5", "Exchange rates.", load("fetch", "load"),
            timezone="Europe/Berlin"),
        dag("finance_harbor_dues", "finance", "30 5 2 * *", "Dues by port call.", load("collect", "post")),
    ]  # fmt: skip


def _crew() -> list[DagSpec]:
    return [
        dag("crew_roster_import", "crew", "0 1 * * *", "Rosters from the crewing system.",
            start("crew_roster_checks", "fetch", "load")),
        dag("crew_roster_checks", "crew", None, "Rest hours and certificates.", load("check_rest", "notify")),
        dag("crew_payroll_extract", "crew", "0 0 25 * *", "Hours for payroll.", load("extract", "encrypt", "send"),
            tags=("pii",), timezone="Europe/Berlin"),
        dag("crew_certificates", "crew", "@weekly", "Certificates that expire soon.", load("search", "notify"),
            is_paused=True, stopped=timedelta(days=12)),
    ]  # fmt: skip


def _marketing() -> list[DagSpec]:
    return [
        dag("club_segments", "marketing", (BOOKINGS,), "Segments of the customer club.",
            load("score_members", "publish"), tags=("pii",)),
        dag("club_newsletter", "marketing", "0 9 * * 4", "The Thursday newsletter.", load("render", "send")),
        dag("club_points", "marketing", "40 3 * * *", "Points for yesterday's trips.",
            wait("booking_daily_rollup", "compute", "load")),
        dag("club_survey_import", "marketing", "@daily", "Answers to the survey.", load("fetch", "load"),
            end_date=datetime(2026, 9, 30, tzinfo=UTC), is_paused=True, stopped=timedelta(days=60)),
        dag("club_campaign_once", "marketing", "@once", "The anniversary campaign.", load("send"), is_paused=True,
            history=0),
    ]  # fmt: skip


def _platform() -> list[DagSpec]:
    return [
        dag("platform_heartbeat", "platform", timedelta(minutes=30), "Is the platform alive?",
            (Task("beat", "EmptyOperator"),)),
        dag("platform_db_cleanup", "platform", "0 4 * * 0", "Old rows out of the metadata database.", load("clean")),
        dag("platform_lake_compaction", "platform", "50 1 * * *", "Small files into large ones.",
            load("list_files", "compact", "check_counts"), max_active_tasks=4),
        dag("platform_cost_report", "platform", "0 7 1 * *", "What all this costs.", load("collect", "render"),
            max_active_runs=2),
        dag("platform_access_review", "platform", "@yearly", "Who may do what.", load("export"), history=0),
    ]  # fmt: skip
