"""Signs in DAG code as evidence: those of one kind that matter for a plan, with their DAGs and places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Hit, listed
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.advice.rules.rule import Case
    from astroferry.model.inventory import Sign


NAMED = 3
"""so many DAGs are named in a sentence; of more it tells the number"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Signs of DAGs that move; false where there are none."""

    signs: tuple[Sign, ...]
    dags: tuple[str, ...]
    """ids, each once; empty where only files that define no DAG have such signs"""

    def __bool__(self) -> bool:
        return bool(self.signs)

    @property
    def whats(self) -> tuple[str, ...]:
        """What stands there, each once, in the order of the files."""
        return tuple(dict.fromkeys(sign.what for sign in self.signs if sign.what))

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per DAG, "orders: daily.py:12 airflow.operators.subdag; daily.py:15 x"; then the other signs."""
        told: dict[str, dict[str, None]] = {dag: {} for dag in self.dags}
        for sign in self.signs:
            seen_there = f"{sign.place} {sign.what}".rstrip()
            for dag in sign.dags:
                if dag in told:
                    told[dag][seen_there] = None
            if not sign.dags:
                told.setdefault("", {})[seen_there] = None
        others = tuple(told.pop("", {}))
        return (*(f"{dag}: {'; '.join(there)}" for dag, there in told.items()), *others)

    @property
    def places(self) -> str:
        """Where, for a sentence: "daily.py:12, hourly.py:3 and 7 more"."""
        return listed(list(dict.fromkeys(sign.place for sign in self.signs)), 3)

    @property
    def who(self) -> str:
        """Whom it is about, for a sentence: "daily, hourly", "12 DAGs"; files, where they define none."""
        if not self.dags:
            return several(len({sign.file for sign in self.signs}), "file")
        return listed(self.dags) if len(self.dags) <= NAMED else several(len(self.dags), "DAG")

    def hit(self, message: str, todo: str) -> Hit:
        """A hit with this evidence; the sentence ends with the places."""
        return Hit(f"{message} ({self.places}).", todo, listed(self.dags), self.dags, self.lines)


def seen(case: Case, *kinds: str, only: Callable[[Sign], bool] = lambda _: True) -> Evidence:
    """The signs of these kinds in code that moves: of DAGs in a wave, of all DAGs while there are no waves."""
    signs = [sign for sign in case.signs if sign.kind in kinds and only(sign)]
    if not signs:
        return Evidence((), ())
    moving = moving_dags(case)
    kept: list[Sign] = []
    dags: dict[str, None] = {}
    for sign in signs:
        here = [dag for dag in sign.dags if dag in moving]
        if here or not sign.dags:
            kept.append(sign)
            dags.update(dict.fromkeys(here))
    return Evidence(tuple(kept), tuple(dags))


def moving_dags(case: Case) -> frozenset[str]:
    """Ids of the DAGs in a wave; of all DAGs, while there are no waves."""
    every = tuple(dag.dag_id for dag in case.inventory.dags)
    if not case.plan.waves:
        return frozenset(every)
    return frozenset(dag for dag, waves in case.plan.divided(every).items() if waves)
