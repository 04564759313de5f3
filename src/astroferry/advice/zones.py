"""In which time zone a cron DAG is counted, found from what its code names and from when it is due.

REST tells "UTC" for a DAG in Europe/Berlin (2.11.2 and 3.3.2), so each zone that the code names is a candidate, and
the source's own next run decides between them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.ticks import CronTicks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from astroferry.model.inventory import Schedule

AHEAD = timedelta(days=400)
"""zones that fit the past must agree for so long after it: through a whole year's changes of the clock"""
LOOKED_AT = 800
"""ticks compared at most; a schedule so busy is told apart long before"""


def choose_zone(
    schedule: Schedule, own: Iterable[str], others: Iterable[str], due: Iterable[datetime | None]
) -> tuple[str, str]:
    """(zone, "") of a cron schedule, or ("", why it cannot be known).

    `own`: zones that the DAG's own call names. `others`: those that stand elsewhere (in its file, in the server's
    configuration, told by REST). `due`: moments that the source says are ticks; the first one, its next run, must
    fit.
    """
    moments = [moment for moment in due if moment is not None]
    tried: list[str] = []
    for group in (sorted(set(own)), sorted(set(others))):
        tried += [zone for zone in group if zone not in tried]
        fitting = _best(schedule, group, moments)
        if fitting and _agree(schedule, fitting, moments):
            return fitting[0], ""
        if fitting:
            return "", f"{' and '.join(fitting)} both fit its runs so far, and its code does not say which it is in"
    if not moments:
        return "", "nothing is due on the source, so its time zone cannot be checked"
    return "", (
        f'its next run is due at {moments[0]:%Y-%m-%d %H:%M:%S} UTC, which "{schedule.expression}" gives in none of '
        f"{', '.join(tried)}: neither the source nor its code tells its true time zone"
    )


def _best(schedule: Schedule, zones: Iterable[str], moments: list[datetime]) -> list[str]:
    """Zones in which the first moment is a tick; of these, the ones that fit most of the others."""
    fits: dict[str, int] = {}
    for zone in zones:
        try:
            ticks = CronTicks.of(schedule, zone=zone)
        except ValueError:
            continue
        if not moments or ticks.at(moments[0]) is not None:
            fits[zone] = sum(ticks.at(moment) is not None for moment in moments)
    return [zone for zone, count in fits.items() if count == max(fits.values())]


def _agree(schedule: Schedule, zones: list[str], moments: list[datetime]) -> bool:
    if len(zones) == 1:
        return True
    if not moments:
        return False
    first, *rest = (CronTicks.of(schedule, zone=zone) for zone in zones)
    moment, until = moments[0], moments[0] + AHEAD
    for _ in range(LOOKED_AT):
        following = first.next_moment(moment)
        if any(ticks.next_moment(moment) != following for ticks in rest):
            return False
        if following > until:
            break
        moment = following
    return True
