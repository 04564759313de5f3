"""Marlow's own operator and timetable, as a team would keep them in its plugins folder."""

from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

try:
    from airflow.sdk import BaseOperator
except ImportError:
    from airflow.models.baseoperator import BaseOperator

import pendulum


class ColdChainAuditOperator(BaseOperator):
    """Checks the temperatures that a depot's fridges reported."""

    template_fields = ("depot", "day")
    ui_color = "#cfe8f3"

    def __init__(self, *, depot, day="{{ ds }}", limit_celsius=5.0, **kwargs):
        super().__init__(**kwargs)
        self.depot = depot
        self.day = day
        self.limit_celsius = limit_celsius

    def execute(self, context):
        self.log.info("Fridges of %s on %s stay below %s degrees", self.depot, self.day, self.limit_celsius)
        return {"depot": self.depot, "day": self.day, "ok": True}


class MarketDayTimetable(Timetable):
    """Tuesdays and Fridays at 05:00 UTC, when the wholesale market is open."""

    description = "Market days (Tue, Fri) at 05:00"

    @staticmethod
    def _on_or_after(moment):
        day = pendulum.instance(moment).in_timezone("UTC")
        start = day.start_of("day").add(hours=5)
        if start < day:
            start = start.add(days=1)
        while start.isoweekday() not in (2, 5):
            start = start.add(days=1)
        return start

    def infer_manual_data_interval(self, *, run_after):
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if last_automated_data_interval is not None:
            after = last_automated_data_interval.end + timedelta(seconds=1)
        else:
            after = restriction.earliest
            if after is None:
                return None
        if not restriction.catchup:
            now = pendulum.now("UTC")
            latest = now.subtract(days=4)
            after = max(pendulum.instance(after), latest)
        tick = self._on_or_after(after)
        if restriction.latest is not None and tick > restriction.latest:
            return None
        return DagRunInfo.exact(tick)


def fiscal_week(day):
    """Marlow's fiscal week of a date: weeks count from the first Monday of February."""
    moment = pendulum.parse(str(day))
    start = pendulum.datetime(moment.year, 2, 1).next(pendulum.MONDAY)
    return max(1, (moment - start).in_weeks() + 1)


class MarlowPlugin(AirflowPlugin):
    name = "marlow"
    macros = [fiscal_week]
    timetables = [MarketDayTimetable]
