"""What is not known of how places are reached: a suggestion must not sound surer than the inventory is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import listed, not_shown, paths
from astroferry.model.words import several

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case


def public_ones(case: Case) -> str:
    """What is reached over the internet, for the beginning of a sentence; empty where no such place is known."""
    public = [place.host for place, path, _ in paths(case.plan, case.inventory) if path == "public"]
    if not public:
        return ""
    return f"{several(len(public), 'known place')} can be reached over the internet"


def doubts(case: Case) -> str:
    """Sentences, each after a blank: places that are the old machine, or unknown, or that nobody could list."""
    known = paths(case.plan, case.inventory)
    told = []
    if local := [place.host for place, path, _ in known if path == "local"]:
        told.append(f" {listed(local, 3)} leads to the Airflow machine itself, which stays behind.")
    if unknown := [place.host for place, path, _ in known if path == "unknown"]:
        told.append(f" How these are reached is not known: {listed(unknown, 3)}.")
    if not_shown(case.inventory, "connections"):
        told.append(" The source did not show its connections, so there may be more places.")
    return "".join(told)
