"""What a read of the source has given so far: when it is broken off, the next one asks only for the rest.

It is no inventory and is never written to a file: nothing may take it for the whole, and it holds DAG source text, in
which people leave secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from astroferry.model.inventory import BrokenFile, ConnectionSeen, Dag, Plugin, Pool, Provider, VariableSeen

DETAILS = "dag details"
CODE = "dag code"
LISTS = ("connections", "variables", "pools", "providers", "plugins", "import errors")
"""probes whose answers people look at, in the order in which they are asked"""
KEPT = frozenset({*LISTS, "configuration", "event log", "datasets"})
"""probes asked once; how healthy the source is and what runs there is asked anew each time"""


@dataclass
class Unfinished:
    """Answers so far; `listed` and `total` are of the list of DAGs, `total` None before the source has told it.

    `answers`: probe -> what it gave. `each`: (probe, DAG id) -> what it gave about that DAG; for code, the id is that
    of the file's first DAG. `began`: when the first of them was given.
    """

    began: datetime | None = None
    total: int | None = None
    listed: list[Dag] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)
    each: dict[tuple[str, str], object] = field(default_factory=dict)

    @property
    def has_something(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.listed or self.answers)

    @property
    def dags(self) -> tuple[Dag, ...]:
        """Every DAG listed so far, in detail where it was read."""
        return tuple(cast("Dag", self.each.get((DETAILS, dag.dag_id), dag)) for dag in self.listed)

    def has_details(self, dag_id: str) -> bool:
        """Whether more than the list's line is known of a DAG."""
        return (DETAILS, dag_id) in self.each

    def seen(self, probe: str) -> tuple[Any, ...] | None:
        """What one of `LISTS` gave; None where it was not asked yet, or gave nothing."""
        return cast("tuple[Any, ...] | None", self.answers.get(probe))

    @property
    def connections(self) -> tuple[ConnectionSeen, ...]:
        """Those the source lists."""
        return self.seen("connections") or ()

    @property
    def variables(self) -> tuple[VariableSeen, ...]:
        """Likewise."""
        return self.seen("variables") or ()

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Likewise."""
        return self.seen("pools") or ()

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Likewise."""
        return self.seen("providers") or ()

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Likewise."""
        return self.seen("plugins") or ()

    @property
    def import_errors(self) -> tuple[BrokenFile, ...]:
        """Likewise."""
        return self.seen("import errors") or ()

    def missing(self) -> tuple[str, ...]:
        """What was not read yet, each as a few words: "10,500 of 14,000 DAGs in detail"."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[str]:
        listed, total = len(self.listed), self.total
        if total is None:
            yield "the list of DAGs"
        elif listed < total:
            yield f"{total - listed:,} of {several(total, 'DAG')}"
        rough = sum(not self.has_details(dag.dag_id) for dag in self.listed)
        if rough:
            yield f"the details of {rough:,} of {several(listed, 'DAG')}"
        files: dict[str, str] = {}
        for dag in self.dags:
            files.setdefault(dag.fileloc or dag.dag_id, dag.dag_id)
        unread = sum((CODE, first) not in self.each for first in files.values())
        if unread:
            yield f"the code of {unread:,} of {several(len(files), 'file')}"
        yield from (probe for probe in LISTS if probe not in self.answers)
