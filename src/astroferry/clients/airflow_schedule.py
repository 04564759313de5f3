"""How the two Airflow APIs tell a schedule, read into one `Schedule`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from astroferry.model.inventory import Schedule

if TYPE_CHECKING:
    from datetime import datetime

_DELTA = re.compile(r"^(?:(?P<days>-?\d+) days?, )?(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d(?:\.\d+)?)$")
_CRON_FIELD = re.compile(r"^[\d*/,\-?LW#A-Za-z]+$")
_PRESETS = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually"})
_DATASETS = frozenset({"Dataset", "Asset"})


def is_cron(text: str) -> bool:
    """Whether this is a cron preset, or looks like a cron expression of 5 to 7 fields."""
    fields = text.split()
    if text in _PRESETS:
        return True
    return (
        5 <= len(fields) <= 7 and all(_CRON_FIELD.match(field) for field in fields) and fields[0][0] in "*0123456789"
    )


def schedule_from_interval(
    interval: Any, description: str, timezone: str, interval_start: datetime | None, interval_end: datetime | None
) -> Schedule:
    """Airflow 2's `schedule_interval`: null, or an object whose `__type` says how to read it.

    A custom timetable, datasets, @once and @continuous also come as "CronExpression", with the timetable's summary
    as value (measured on 2.10.5). A cron DAG whose next data interval is empty uses a trigger timetable.
    """
    if isinstance(interval, str):
        # Airflow 2.0 to 2.2 may give the bare text.
        interval = {"__type": "CronExpression", "value": interval}
    if not isinstance(interval, dict):
        return schedule_from_summary(None, description, timezone, interval_start, interval_end)
    kind = interval.get("__type")
    instant = _is_instant(interval_start, interval_end)
    if kind == "TimeDelta":
        return Schedule("timedelta", _seconds(interval), timezone, triggers_only=instant, description=description)
    if kind == "RelativeDelta":
        parts = {name: value for name, value in interval.items() if name != "__type" and value}
        if set(parts) <= {"days", "hours", "minutes", "seconds", "microseconds"}:
            return Schedule("timedelta", _seconds(parts), timezone, triggers_only=instant, description=description)
        text = ", ".join(f"{name}={value}" for name, value in parts.items())
        return Schedule("timetable", f"relativedelta({text})", timezone, description=description)
    return schedule_from_summary(interval.get("value"), description, timezone, interval_start, interval_end)


def schedule_from_summary(
    summary: str | None,
    description: str,
    timezone: str,
    interval_start: datetime | None,
    interval_end: datetime | None,
) -> Schedule:
    """Airflow 3's `timetable_summary`: what a timetable calls itself.

    Null or "None" for no schedule, the cron text, "12:00:00" for a timedelta, "Asset", "@once", or a class's name.
    """
    instant = _is_instant(interval_start, interval_end)
    if summary in {None, "", "None"}:
        return Schedule("none", "", timezone, description=description)
    text = str(summary)
    if text in {"@once", "@continuous"}:
        return Schedule("once" if text == "@once" else "continuous", text, timezone, description=description)
    if text in _DATASETS:
        return Schedule("dataset", "", timezone, description=description)
    if is_cron(text):
        return Schedule("cron", text, timezone, triggers_only=instant, description=description)
    if (match := _DELTA.match(text)) is not None:
        seconds = int(match["days"] or 0) * 86400 + int(match["h"]) * 3600 + int(match["m"]) * 60 + float(match["s"])
        return Schedule("timedelta", _number(seconds), timezone, triggers_only=instant, description=description)
    return Schedule("timetable", text, timezone, triggers_only=instant, description=description)


def _is_instant(start: datetime | None, end: datetime | None) -> bool:
    return start is not None and start == end


def _seconds(parts: dict[str, Any]) -> str:
    factors = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1, "microseconds": 1e-6}
    return _number(sum(float(parts.get(name) or 0) * factor for name, factor in factors.items()))


def _number(seconds: float) -> str:
    return str(int(seconds)) if seconds == int(seconds) else f"{seconds:.6f}".rstrip("0")
