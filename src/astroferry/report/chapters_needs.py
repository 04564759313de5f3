"""What the plan needs from others: the network's teams, the secrets backend, and who gives people their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.allow_lists import allow_lists
from astroferry.advice.needs import backend_needs
from astroferry.advice.roles import mapped, teams
from astroferry.advice.rules.rule import paths
from astroferry.advice.ways_in import steps, way_in
from astroferry.model.words import names
from astroferry.report.document import Bullets, Section, Table, Text

if TYPE_CHECKING:
    from astroferry.model.inventory import PathKind, Place
    from astroferry.report.assessment import Assessment
    from astroferry.report.document import Block


def network(it: Assessment) -> Section | None:
    """Places and paths, who must do what, what goes on allow lists."""
    if "networking" not in it.plan.decided and not it.inventory.places:
        return None
    blocks: list[Block] = []
    known = paths(it.plan, it.inventory)
    if known:
        blocks.append(
            Table(
                "Places that DAGs reach",
                ("place", "path", "known", "used by"),
                tuple(
                    (
                        place.host + (f":{place.port}" if place.port else ""),
                        path,
                        _known(place, path, confirmed=confirmed),
                        names(place.connections, 4),
                    )
                    for place, path, confirmed in known
                ),
            )
        )
    work = steps(it.case)
    if work:
        rows = tuple((str(number), step.who, step.what) for number, step in enumerate(work, 1))
        blocks.append(Table("Who does what, in this order", ("", "who", "what"), rows))
    decisions = it.plan.decisions
    if (chosen := way_in(decisions.cloud, decisions.networking)) and chosen.limits:
        blocks.append(Bullets(tuple(f"{chosen.name}: {limit}" for limit in chosen.limits)))
    blocks += [Text(line) for line in allow_lists(it.case).lines]
    return Section("network", "Network: who does what", tuple(blocks))


def _known(place: Place, path: PathKind, *, confirmed: bool) -> str:
    """Whose word the path is; taken as it was guessed, it is still a guess."""
    if path == "unknown":
        return "nobody has said"
    if confirmed and path != place.path:
        return "confirmed"
    return f"guessed{', not changed' if confirmed else ''}: {place.why}"


def secrets(it: Assessment) -> Section | None:
    """What the backend of the plan needs; nothing for Airflow's own database."""
    needs = backend_needs(it.case) if "secrets" in it.plan.decided else ()
    if not needs:
        return None
    return Section("secrets", f"Secrets: what {it.plan.decisions.secrets_backend} needs", (Bullets(needs),))


def access(it: Assessment) -> Section | None:
    """Roles of the source, how many people have each, and what is most like each on Astro; teams by owner."""
    held = [role for role in it.inventory.roles if role.people or role.is_own]
    made = teams(it.plan)
    blocks: list[Block] = []
    if held:
        rows = tuple(
            (role.name, f"{role.people:,}", like.astro or "nothing", like.differs)
            for role in held
            for like in (mapped(role),)
        )
        head = ("role on the source", "people", "on Astro", "what differs")
        blocks.append(Table("Roles, and what is most like them", head, rows, frozenset({1})))
    if made:
        teams_made = tuple((item.team, item.workspace, item.role) for item in made)
        blocks.append(Table("Teams proposed from owners", ("team", "Workspace", "role"), teams_made))
    if not blocks:
        return None
    note = "Nobody is invited and no role is given by astroferry; of people only their number was kept."
    return Section("access", "People and roles", (*blocks, Text(note)))
