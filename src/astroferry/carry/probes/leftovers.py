"""What a probe leaves on the target, and taking it away: its key, its runs, its DAG's record; also after a kill."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from astroferry.carry.context import nobody
from astroferry.carry.probes.probefile import DAG_ID
from astroferry.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from astroferry.carry.context import Clock
    from astroferry.clients.airflow import Airflow

Answer = TypeVar("Answer")
KEY_PREFIX = "astroferry_probe_secret_"
"""of the temporary variable that holds a probe's key"""


async def remove_leftovers(airflow: Airflow, tell: Callable[[str], None] = nobody) -> tuple[str, ...]:
    """End what a killed probe left on the target: runs of its DAG, key variables (their names are returned)."""
    with contextlib.suppress(NotFoundError):
        for run in await airflow.active_runs(DAG_ID):
            await airflow.set_run_state(DAG_ID, run.run_id, "failed", "Ended by astroferry: its probe was stopped.")
    names = tuple(seen.key for seen in await airflow.variables() if seen.key.startswith(KEY_PREFIX))
    for name in names:
        await airflow.delete_variable(name)
        tell(f"Removed {name}, the key of an earlier probe that was stopped.")
    return names


async def forget_probe(airflow: Airflow, *, clock: Clock, patience: float = 300.0, poll: float = 2.0) -> bool:
    """Delete the probe DAG's record, with its runs and XCom, once Airflow has seen that its file is gone.

    Deleted earlier, it may be in the DAG processor's hands: on 3.3.2 that ended the processor (StaleDataError, seen
    once). False where there was none, or Airflow still lists it after `patience` seconds: it is paused and has no
    schedule, and the next comparison takes it away.
    """
    end = clock.now() + timedelta(seconds=patience)
    while await airflow.is_listed(DAG_ID):
        if clock.now() >= end:
            return False
        await clock.sleep(poll)
    return await airflow.delete_dag(DAG_ID)


async def to_the_end(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await `work` even while we are being cancelled; the cancellation is passed on when it has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    answer = task.result()
    if cancelled is not None:
        raise cancelled
    return answer
