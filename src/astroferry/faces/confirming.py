"""What is said before something that matters, and the names that confirm it; the same words in every face."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.graph import concerned
from astroferry.carry.handover.deployments import deployments_of
from astroferry.faces.reviewing import still_to_make
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.faces.session import Session
    from astroferry.model.plan import Plan, Wave


FEW = 4
"""names that a low screen holds beside the line to type into"""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question whose only yes are the names of what is touched, typed by a person; nothing is pre-filled."""

    title: str
    sentences: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is to be typed; of many names, where they stand."""
        if len(self.names) > FEW:
            return f"all {len(self.names)} names above, with commas between"
        return ", ".join(self.names)

    def is_yes(self, typed: str) -> bool:
        """Whether all of them were typed."""
        return are_named(self.names, typed)


def are_named(needed: Sequence[str], said: str) -> bool:
    """Whether all these are said, with commas between them; more may be said, and in any order."""
    return [*needed] == [said.strip()] or not set(needed) - {name.strip() for name in said.split(",")}


def overwrites(plan: Plan) -> bool:
    """Whether the plan may replace what others made on Astro."""
    return "overwrite" in {plan.conflicts.connections, plan.conflicts.variables, plan.conflicts.pools}


def to_overwrite_on(plan: Plan, wave: str | None = None) -> tuple[str, ...]:
    """The Deployments that are named before a plan that overwrites is carried out: test Deployments too."""
    return tuple(deployment.name for deployment in concerned(plan, wave))


def may_drop() -> bool:
    """Whether a dropped line would end us: SSH, and nothing that keeps the session."""
    return bool(os.environ.get("SSH_CONNECTION")) and not (os.environ.get("TMUX") or os.environ.get("STY"))


def before_carrying(session: Session) -> Confirmation | None:
    """What carrying out does, and what of it cannot be undone; None where the plan has no wave yet."""
    plan = session.desk.plan
    if not plan.waves:
        return None
    infos = still_to_make(session.infos, session.standings)
    made = len(session.infos) - len(infos)
    sentences = []
    if infos:
        sentences.append(
            f"{several(len(infos), 'item')} will be made or copied on Astro: Deployments, connections, variables, "
            "pools, DAGs. Every DAG arrives paused."
        )
    if made:
        what = several(made, "other" if infos else "item")
        sentences.append(f"{what} {'stands' if made == 1 else 'stand'} there already, and will be looked at.")
    sentences.append("The source is not touched: it keeps running until you cut a wave over.")
    needed: tuple[str, ...] = (plan.waves[0].production,)
    if overwrites(plan):
        needed = to_overwrite_on(plan)
        where = f" on {', '.join(needed)}" if len(needed) > FEW else " there"
        sentences.append(f"The plan overwrites what others made{where}; former values cannot be put back.")
    undo = {kind: sum(info.undo == kind for info in infos) for kind in ("undo", "compensate", "irreversible")}
    if infos:
        sentences.append(
            f"Of these, {undo['undo']:,} can be undone, {undo['compensate']:,} compensated, "
            f"{undo['irreversible']:,} not taken back."
        )
    if undo["irreversible"]:
        first = next(info for info in infos if info.undo == "irreversible")
        sentences.append(f"What cannot be taken back begins with: {first.title}.")
    if may_drop():
        sentences.append("This is SSH outside tmux: if the line drops, the run ends cleanly and can go on later.")
    return Confirmation("Carry the plan out?", tuple(sentences), needed)


def before_cutover(session: Session, wave: Wave) -> Confirmation:
    """What moving the schedules means."""
    return Confirmation(
        f'Cut the wave "{wave.name}" over?',
        (
            f"The schedules of its DAGs move from {session.desk.plan.source.url} to {wave.production}.",
            "Each DAG is drained first: no run is cut short, and every tick runs exactly once.",
            "It can be rolled back at any moment, again without repeating a tick.",
        ),
        (wave.production,),
    )


def before_rollback(session: Session, wave: Wave, dag_id: str | None) -> Confirmation:
    """What giving back means."""
    what = f'the DAG "{dag_id}"' if dag_id else f'the wave "{wave.name}"'
    deployments = deployments_of(session.desk.plan, session.journal, wave.name)
    return Confirmation(
        f"Give {what} back to the source?",
        (
            f"It is drained on {', '.join(deployments)}, marked on the source and started there again.",
            "Ticks that Astro has run are not run again. What they did stays done.",
        ),
        deployments,
    )


def before_release(session: Session) -> Confirmation:
    """What forgetting the old side means."""
    plan = session.desk.plan
    return Confirmation(
        "May the old side be forgotten?",
        (
            f"Everything runs on Astro; {plan.source.url} is not needed any more.",
            "Every wave is marked released in the plan; after that, nothing is rolled back by astroferry.",
            "No server is changed by this. Keep the backup, the journal and the plan.",
        ),
        (plan.waves[0].production if plan.waves else plan.name,),
    )
