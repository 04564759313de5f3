"""How much it hurts if a DAG stands still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from astroferry.advice.risk import risk_of, runs_per_day
from astroferry.model.inventory import Dag, Run, Schedule

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FAILED = Run("r", "scheduled", "failed")


def dag(schedule: str | None = "@daily", dag_id: str = "a", **changes: Any) -> Dag:
    kind = Schedule("none") if schedule is None else Schedule("cron", schedule)
    return replace(Dag(dag_id, kind, is_paused=False, dependencies="none"), **changes)


@pytest.mark.parametrize(
    ("given", "dependants", "level", "why"),
    [
        (dag("* * * * *", tags=("critical",), is_paused=True), 9, "low", "paused"),
        (dag(None), 0, "low", "only started by hand or by others"),
        (dag(), 0, "medium", ""),
        (dag(dag_id="weekly_report"), 0, "low", "named report"),
        (dag("@hourly"), 0, "medium", "runs every hour or more often"),
        (dag("*/15 * * * *"), 0, "high", "runs every 15 minutes or more often"),
        (dag("@hourly"), 1, "high", "1 depends on it"),
        (dag(), 2, "medium", "2 depend on it"),
        (dag(), 5, "high", "5 depend on it"),
        (dag(tags=("Tier-1",)), 0, "high", "marked tier1"),
        (dag(tags=("SLA",), dag_id="report"), 0, "high", "marked sla"),
        (dag("@hourly", last_run=Run("r", "scheduled", "failed")), 0, "high", "its last run failed"),
        (dag("@hourly", last_run=Run("r", "scheduled", "success")), 0, "medium", "runs every hour or more often"),
        (dag("@hourly", failed_runs=0, last_run=Run("r", "scheduled", "failed")), 0, "high", "its last run failed"),
        (dag("@hourly", failed_runs=2), 0, "medium", "failed 2 times in 30 days of about 720"),
        (dag("@hourly", failed_runs=40), 0, "high", "failed 40 times in 30 days of about 720"),
        (dag(failed_runs=1, last_run=FAILED), 0, "medium", "failed 1 time in 30 days of about 30, its last run too"),
        (dag(failed_runs=6), 0, "high", "failed 6 times in 30 days of about 30"),
        (dag(None, failed_runs=3), 0, "medium", "failed 3 times in 30 days"),
        (dag(sla=True), 0, "high", "has an SLA"),
        (dag(owners=("tier1-payments",)), 0, "high", "marked tier1"),
        (dag("@hourly", dependencies="unknown until code is read"), 0, "high", "what it depends on is unknown"),
    ],
)
def test_levels(given: Dag, dependants: int, level: str, why: str) -> None:
    found = risk_of(given, dependants)
    assert found.level == level
    assert why in ", ".join(found.why)
    assert all(found.why)


def test_critical_is_what_is_marked_so_or_needed_by_many() -> None:
    assert risk_of(dag(tags=("p1",))).critical
    assert risk_of(dag(), 5).critical
    assert not risk_of(dag("* * * * *"), 4).critical


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        (Schedule("cron", "@daily"), 1),
        (Schedule("cron", "0 2 * * *"), 1),
        (Schedule("cron", "*/5 * * * *"), 288),
        (Schedule("cron", "0 6 * * 1"), 1 / 7),
        (Schedule("cron", "0 0 1 * *"), 1 / 30.4),
        (Schedule("cron", "0 0 1 */3 *"), 4 / 365),
        (Schedule("cron", "0 0 1 * 1"), 1 / 30.4 + 1 / 7),
        (Schedule("cron", "* * * * * */20"), 4320),
        (Schedule("cron", "nonsense"), 0),
        (Schedule("timedelta", "1800"), 48),
        (Schedule("timedelta", "?"), 0),
        (Schedule("continuous"), 1440),
        (Schedule("dataset"), 0),
    ],
)
def test_how_often(schedule: Schedule, runs: float) -> None:
    assert runs_per_day(schedule) == pytest.approx(runs, rel=0.02)
