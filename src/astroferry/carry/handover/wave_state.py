"""How a wave stands, by the plan's word and the journal's: "tested", "halfway: 1 on Astro, 2 on the source"; pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from astroferry.carry.handover.whereabouts import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.carry.journal import Standing
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan, Wave

Side = Literal["source", "Astro", "neither", "paused", "in doubt"]
"""a place in the words of people"""
PLACES: tuple[tuple[Side, str], ...] = (
    ("Astro", "on Astro"),
    ("source", "on the source"),
    ("neither", "on neither side"),
    ("in doubt", "in doubt"),
)


def side_of(standings: Mapping[str, Standing], wave: str, dag_id: str) -> Side | None:
    """Where a DAG of a wave runs by the journal; None where its cutover was never begun."""
    place = place_of(standings, wave, dag_id)
    return "Astro" if place == "target" else place


def sides(standings: Mapping[str, Standing], wave: str, dags: Sequence[str]) -> dict[str, Side]:
    """The DAGs of a wave whose cutover was begun, and where each runs."""
    return {dag: side for dag in dags if (side := side_of(standings, wave, dag)) is not None}


def state_in_words(wave: Wave, standings: Mapping[str, Standing], dags: Sequence[str]) -> str:
    """The wave's state; where its DAGs do not all stand as that state says, what stands where."""
    if wave.state in {"kept", "released"}:
        return wave.state
    on = Counter(sides(standings, wave.name, dags).values())
    if on["neither"] or on["in doubt"] or (on["Astro"] and wave.state != "cut over"):
        return f"halfway: {', '.join(f'{on[side]} {words}' for side, words in PLACES if on[side])}"
    if wave.state == "cut over" and on["source"]:
        return f"cut over, {on['source']} given back"
    return wave.state


def states_in_words(plan: Plan, inventory: Inventory, standings: Mapping[str, Standing]) -> dict[str, str]:
    """Wave -> how it stands."""
    everything = tuple(dag.dag_id for dag in inventory.dags)
    return {wave.name: state_in_words(wave, standings, plan.dags_of(wave, everything)) for wave in plan.waves}
