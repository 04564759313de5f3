"""What a wave's DAGs ask for before any of them is paused: a word on waiting events, Starship, nothing queued there.

Events are not carried. One that is made on the target (`POST /assets/events`, `POST /datasets/events`) goes to every
unpaused DAG there that its dataset starts, so one that has run for it already on the source would run for it again;
neither version takes an event for one DAG alone (read in 2.11.2 and 3.3.2: the asset manager queues it for all that
are scheduled on it). What waits is named with its time, and a person accepts it; whoever needs the run starts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.handing import handed_over, marked_by_starship
from astroferry.advice.kinds import Refusal, SwitchPlan
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.prerequisites import Prerequisite
from astroferry.model.starship import SAFE_FROM
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.clients.airflow import Airflow
    from astroferry.clients.airflow_seen import QueuedEvent
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan

WAITING = "waiting-events"
STARSHIP = "starship-removed"
"""prefix of the journal's notes that Starship answers no more: `starship-removed/DEPLOYMENT`"""


async def checks_of(way: Opened, wave: str) -> list[Prerequisite]:
    """Those that the wave has any need of; nothing is changed to find out. Raises what the clients raise."""
    ids = set(way.plan.dags_of(way.plan.wave(wave), tuple(dag.dag_id for dag in way.inventory.dags)))
    dags = [dag for dag in way.inventory.dags if dag.dag_id in ids]
    checks = []
    if waiting := await _queued_there(way, wave, dags):
        checks.append(_waiting_runs(wave, way.plan.wave(wave).production, waiting))
    if needing := marked_by_starship(way.plan, way.inventory, dags):
        checks.append(await _starship(way, way.plan.wave(wave).production, needing))
    if started := started_by_datasets(way.plan, way.inventory, dags):
        checks.append(_events(way, wave, await waiting_events(way.ctx.source, started)))
    return checks


async def _queued_there(way: Opened, wave: str, dags: Iterable[Dag]) -> dict[str, tuple[str, ...]]:
    """DAG id -> runs on the target that would start when it is unpaused: of those that are still to be handed over.

    Not of a DAG that only people start: who queues a run of it there means it.
    """
    moved = standings_of(way.journal, wave, given_back=False)
    moving = {
        dag.dag_id
        for dag in dags
        if not dag.is_paused
        and dag.dag_id not in moved
        and not isinstance(kind := handed_over(way.plan, way.inventory, dag), Refusal)
        and not (isinstance(kind, SwitchPlan) and kind.kind == "none")
    }
    if not moving:
        return {}
    target = await way.ctx.target(way.plan.wave(wave).production)
    return {dag_id: runs for dag_id, runs in (await target.runs_waiting()).items() if dag_id in moving}


def _waiting_runs(wave: str, deployment: str, waiting: dict[str, tuple[str, ...]]) -> Prerequisite:
    """Somebody tried a DAG on the paused target: the run starts with the handover, and may take a tick's place."""
    shown = names([f"{dag_id} has {names(runs, 3)}" for dag_id, runs in waiting.items()])
    return Prerequisite(
        "waiting-runs",
        f'No run waits on "{deployment}" for a DAG of "{wave}" to be unpaused',
        "missing",
        f"{shown}; delete them there or mark them failed",
        "whoever queued them",
    )


def started_by_datasets(plan: Plan, inventory: Inventory, dags: Iterable[Dag]) -> list[str]:
    """Ids of those that datasets start and that run by themselves today."""
    return [
        dag.dag_id
        for dag in dags
        if not dag.is_paused
        and isinstance(kind := handed_over(plan, inventory, dag), SwitchPlan)
        and kind.kind == "dataset"
    ]


async def waiting_events(source: Airflow, dag_ids: Iterable[str]) -> dict[str, tuple[QueuedEvent, ...]]:
    """DAG id -> the events that wait there for others; only DAGs of which any do."""
    found = {dag_id: await source.queued_events(dag_id) for dag_id in dag_ids}
    return {dag_id: events for dag_id, events in found.items() if events}


def _events(way: Opened, wave: str, waiting: dict[str, tuple[QueuedEvent, ...]]) -> Prerequisite:
    """A person's word on what waits; it does not cover an event that came after it."""
    title = f'No dataset event waits on the source for a DAG of "{wave}", or it is accepted that it is not carried'
    if not waiting:
        return Prerequisite(WAITING, title, "met", "none waits, seen now")
    key = f"{WAITING}:{wave}"
    shown = names(
        [
            f"{dag_id} has {event.uri}" + (f" (since {event.at:%Y-%m-%d %H:%M})" if event.at else "")
            for dag_id, events in waiting.items()
            for event in events
        ]
    )
    newest = max((event.at for events in waiting.values() for event in events if event.at), default=None)
    said = max((item for item in way.plan.confirmed if item.what == key), key=lambda item: item.at, default=None)
    who = "whoever needs what these DAGs make"
    if said is not None and (newest is None or said.at >= newest):
        return Prerequisite(key, title, "confirmed", f"by {said.by}, {said.at:%Y-%m-%d %H:%M}: {shown}", who)
    why = f"{shown}; wait until they run, or accept that they are not carried"
    return Prerequisite(key, title, "to be confirmed", why, who, f"astroferry approve PLAN --what {key} --by NAME")


async def _starship(way: Opened, deployment: str, needing: list[str]) -> Prerequisite:
    """It answers there, at least in the version that asks for a login."""
    title = f'Starship is on "{deployment}" for the time of the handover'
    found = await way.ctx.starship(deployment)
    if found is not None:
        detail = f"{found.version} sets the boundary of {several(len(needing), 'DAG')}; remove it afterwards"
        return Prerequisite("starship-target", title, "met", detail)
    return Prerequisite(
        "starship-target",
        title,
        "missing",
        f"none that is safe answers, and only it can set the boundary of {names(needing)}; add "
        f"astronomer-starship>={SAFE_FROM} to requirements.txt and deploy the image (a DAG-only deploy cannot)",
        f'whoever deploys the image of "{deployment}"',
    )


def left_there(journal: Journal) -> dict[str, str]:
    """Deployment -> version of the Starship that a handover used there, until it was seen to be gone."""
    left: dict[str, str] = {}
    for entry in journal.entries:
        if entry.facts.get("starship"):
            left[str(entry.facts["deployment"])] = str(entry.facts["starship"])
        elif entry.action.startswith(f"{STARSHIP}/"):
            left.pop(entry.action.removeprefix(f"{STARSHIP}/"), None)
    return left


def to_remove(journal: Journal) -> Iterator[str]:
    """What is still to be done about it, a sentence for each Deployment."""
    for deployment, version in left_there(journal).items():
        yield (
            f'Starship {version} is still on "{deployment}", and was needed for the handover only: take '
            "astronomer-starship out of requirements.txt and deploy the image; `astroferry decommission` refuses "
            "until it is gone."
        )
