"""Times as people read them: how long, how old, how much longer; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.model.inventory import Schedule


def lasting(seconds: float) -> str:
    """`12 s`, `4 min`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def scheduled(schedule: Schedule) -> str:
    """`0 6 * * *`, `every 6 h`, `dataset`."""
    if schedule.kind == "timedelta" and schedule.expression.replace(".", "", 1).isdigit():
        return f"every {lasting(float(schedule.expression))}"
    return schedule.expression or schedule.kind


def ago(then: datetime, now: datetime) -> str:
    """`just now`, `12 min ago`, `today 09:10`, `yesterday 17:02`, `3 Nov 17:02`; both in the same time zone."""
    seconds = (now - then).total_seconds()
    if seconds < 90:
        return "just now"
    if seconds < 3600:
        return f"{lasting(seconds)} ago"
    days = (now.date() - then.date()).days
    if days <= 1:
        return f"{'yesterday' if days else 'today'} {then:%H:%M}"
    return f"{then.day} {then:%b %H:%M}"


def left(done: int, total: int | None, elapsed: float) -> str:
    """`about 6 min left`; nothing before a tenth or twenty items, when it would only be a guess."""
    if not total or done <= 0 or done >= total or (done < 20 and done * 10 < total) or elapsed < 2:
        return ""
    seconds = (total - done) * elapsed / done
    return f"about {lasting(seconds)} left" if seconds >= 1 else "nearly done"


def rate(done: int, elapsed: float) -> str:
    """`12/s`, or `0.4/s`; nothing while there is nothing to tell."""
    if done <= 0 or elapsed < 1:
        return ""
    speed = done / elapsed
    if speed < 0.05:
        return ""
    return f"{speed:.0f}/s" if speed >= 10 else f"{speed:.1f}/s"
