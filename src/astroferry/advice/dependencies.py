"""What DAGs need of each other: links, groups that belong together, cycles; each in one pass over the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from astroferry.model.inventory import Dag

LinkKind = Literal["triggers", "waits", "dataset"]
DATASET = "dataset:"
"""stands before a URI where it is a node among DAG ids; an id never holds a colon"""


@dataclass(frozen=True, slots=True)
class Link:
    """`later` is started by `earlier` (triggers), or waits for it (waits); both are DAG ids of the inventory."""

    earlier: str
    later: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All links between DAGs of an inventory.

    `direct`: by TriggerDagRun and by sensors. `datasets`: URI -> (DAGs that write it, DAGs it starts), only where
    both are there: their pairs are never listed, since they may be millions.
    """

    direct: tuple[Link, ...]
    datasets: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]

    def edges(self) -> Iterator[tuple[str, str]]:
        """(earlier, later) between DAGs and datasets, each dataset being a node of its own."""
        for link in self.direct:
            yield link.earlier, link.later
        for uri, (writers, readers) in self.datasets.items():
            for dag in writers:
                yield dag, DATASET + uri
            for dag in readers:
                yield DATASET + uri, dag

    def dependants(self) -> dict[str, int]:
        """DAG id -> how many others it starts, or wait for it; those without any are left out."""
        found: dict[str, int] = {}
        for link in self.direct:
            if link.earlier != link.later:
                found[link.earlier] = found.get(link.earlier, 0) + 1
        for writers, readers in self.datasets.values():
            started = set(readers)
            for dag in writers:
                found[dag] = found.get(dag, 0) + len(started) - (dag in started)
        return {dag: count for dag, count in found.items() if count}

    def linked(self) -> set[str]:
        """The DAGs that have a link to another one."""
        direct = {dag for link in self.direct if link.earlier != link.later for dag in (link.earlier, link.later)}
        for writers, readers in self.datasets.values():
            if len(both := {*writers, *readers}) > 1:
                direct |= both
        return direct


def dependencies(dags: Sequence[Dag]) -> Dependencies:
    """The links of these DAGs; an end that is not among them does not count."""
    here = {dag.dag_id for dag in dags}
    direct: dict[Link, None] = {}
    writers: dict[str, list[str]] = {}
    readers: dict[str, list[str]] = {}
    for dag in dags:
        for other in dag.triggers:
            if other in here:
                direct[Link(dag.dag_id, other, "triggers")] = None
        for other in dag.waits_for:
            if other in here:
                direct[Link(other, dag.dag_id, "waits")] = None
        for uri in dag.produces:
            writers.setdefault(uri, []).append(dag.dag_id)
        for uri in dag.consumes:
            readers.setdefault(uri, []).append(dag.dag_id)
    both = sorted(writers.keys() & readers.keys())
    return Dependencies(tuple(direct), {uri: (tuple(writers[uri]), tuple(readers[uri])) for uri in both})


def inside(links: Dependencies, where: Mapping[str, str]) -> Dependencies:
    """The links whose ends have the same Workspace in `where` (DAG id -> Workspace); the others break by moving."""
    direct = tuple(link for link in links.direct if where.get(link.earlier) == where.get(link.later))
    datasets: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for uri, (writers, readers) in links.datasets.items():
        homes = dict.fromkeys(where.get(dag, "") for dag in writers)
        for home in homes:
            there = tuple(dag for dag in readers if where.get(dag, "") == home)
            if there:
                here = tuple(dag for dag in writers if where.get(dag, "") == home)
                datasets[uri if len(homes) == 1 else f"{uri} ({home})"] = here, there
    return Dependencies(direct, datasets)


class Together:
    """Things that belong together, joined pair by pair (union-find: each join is all but free)."""

    def __init__(self, items: Iterable[Hashable]) -> None:
        self._parent: dict[Hashable, Hashable] = {item: item for item in items}
        self._size: dict[Hashable, int] = dict.fromkeys(self._parent, 1)

    def root(self, item: Hashable) -> Hashable:
        """The one that stands for its group; an item not seen yet is a group of its own, of no size."""
        if item not in self._parent:
            self._parent[item] = item
            self._size[item] = 0
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def size(self, item: Hashable) -> int:
        """How many of the first items are in its group."""
        return self._size[self.root(item)]

    def join(self, one: Hashable, other: Hashable) -> None:
        """Put both groups into one."""
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        if self._size[first] < self._size[second]:
            first, second = second, first
        self._parent[second] = first
        self._size[first] += self._size[second]


def groups(dags: Sequence[Dag], links: Dependencies, *, without: str = "") -> Together:
    """DAGs joined by links of any kind, `without` one DAG's."""
    together = Together(dag.dag_id for dag in dags)
    for earlier, later in links.edges():
        if without not in {earlier, later}:
            together.join(earlier, later)
    return together


def cycles(links: Dependencies) -> list[tuple[str, ...]]:
    """DAGs that start or wait for each other in a circle, sorted; a DAG that only starts itself is none.

    Tarjan's algorithm, without recursion: a chain may be thousands of DAGs long.
    """
    following: dict[str, list[str]] = {}
    for earlier, later in links.edges():
        following.setdefault(earlier, []).append(later)
        following.setdefault(later, [])
    found = []
    for component in _strongly_connected(following):
        dags = sorted(node for node in component if not node.startswith(DATASET))
        if len(dags) > 1:
            found.append(tuple(dags))
    return sorted(found)


def _strongly_connected(following: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    work: list[tuple[str, Iterator[str]]] = []

    def enter(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        work.append((node, iter(following[node])))

    for start in following:
        if start not in index:
            enter(start)
        while work:
            node, rest = work[-1]
            other = next(rest, None)
            if other is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    yield list(_popped(stack, on_stack, node))
            elif other not in index:
                enter(other)
            elif other in on_stack:
                low[node] = min(low[node], index[other])


def _popped(stack: list[str], on_stack: set[str], last: str) -> Iterator[str]:
    """Take from the stack down to `last`, which is the bottom of its component."""
    member = ""
    while member != last:
        member = stack.pop()
        on_stack.discard(member)
        yield member
