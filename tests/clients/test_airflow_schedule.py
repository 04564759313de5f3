from datetime import UTC, datetime
from typing import Any

import pytest

from astroferry.clients.airflow_schedule import is_cron, schedule_from_interval, schedule_from_summary

NINE, TEN = datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=UTC)


def cron(value: str) -> dict[str, Any]:
    return {"__type": "CronExpression", "value": value}


@pytest.mark.parametrize(
    ("interval", "kind", "expression"),
    [
        (None, "none", ""),
        (cron("@hourly"), "cron", "@hourly"),
        (cron("0 18 * * 1-5"), "cron", "0 18 * * 1-5"),
        (cron("0 0 1 */3 MON#1"), "cron", "0 0 1 */3 MON#1"),
        ("@daily", "cron", "@daily"),
        (cron("@once"), "once", "@once"),
        (cron("@continuous"), "continuous", "@continuous"),
        (cron("Dataset"), "dataset", ""),
        (cron("Dataset or 0 0 * * *"), "timetable", "Dataset or 0 0 * * *"),
        (cron("WorkdayTimetable"), "timetable", "WorkdayTimetable"),
        (cron("None"), "none", ""),
        (cron("1 day, 6:00:00"), "timedelta", "108000"),
        ({"__type": "TimeDelta", "days": 1, "seconds": 5, "microseconds": 500000}, "timedelta", "86405.5"),
        ({"__type": "RelativeDelta", "days": 2, "hours": 1, "months": 0}, "timedelta", "176400"),
        ({"__type": "RelativeDelta", "months": 1, "days": 0}, "timetable", "relativedelta(months=1)"),
    ],
)
def test_airflow_2_intervals(interval: Any, kind: str, expression: str) -> None:
    schedule = schedule_from_interval(interval, "words", "Europe/Berlin", NINE, TEN)
    assert (schedule.kind, schedule.expression) == (kind, expression)
    assert (schedule.timezone, schedule.description) == ("Europe/Berlin", "words")
    assert not schedule.triggers_only


@pytest.mark.parametrize(
    ("summary", "kind", "expression"),
    [
        (None, "none", ""),
        ("0 * * * *", "cron", "0 * * * *"),
        ("12:00:00", "timedelta", "43200"),
        ("0:00:00.500000", "timedelta", "0.5"),
        ("Asset", "dataset", ""),
        ("EventsTimetable", "timetable", "EventsTimetable"),
    ],
)
def test_airflow_3_summaries(summary: str | None, kind: str, expression: str) -> None:
    schedule = schedule_from_summary(summary, "", "UTC", NINE, TEN)
    assert (schedule.kind, schedule.expression) == (kind, expression)


@pytest.mark.parametrize("text", ["0 * * * *", "12:00:00", "MyTimetable"])
def test_an_empty_interval_means_a_trigger_timetable(text: str) -> None:
    assert schedule_from_summary(text, "", "UTC", TEN, TEN).triggers_only
    assert schedule_from_interval(cron(text), "", "UTC", TEN, TEN).triggers_only
    assert not schedule_from_summary(text, "", "UTC", None, None).triggers_only


def test_words_are_no_cron() -> None:
    assert not is_cron("every day at noon sharp")
    assert is_cron("0 0 12 * * ? 2026")
