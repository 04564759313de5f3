"""Links, groups and cycles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from astroferry.advice.dependencies import Link, cycles, dependencies, groups
from astroferry.model.inventory import Dag, Schedule


def dag(dag_id: str, **changes: Any) -> Dag:
    return replace(Dag(dag_id, Schedule("none"), is_paused=False, dependencies="none"), **changes)


def grouped(*dags: Dag, without: str = "") -> list[list[str]]:
    together = groups(dags, dependencies(dags), without=without)
    found: dict[object, list[str]] = {}
    for item in dags:
        found.setdefault(together.root(item.dag_id), []).append(item.dag_id)
    return sorted(found.values())


def test_links_go_from_the_earlier_to_the_later() -> None:
    dags = (
        dag("a", triggers=("b", "gone")),
        dag("b", waits_for=("c",)),
        dag("c", produces=("s3://x", "s3://nobody")),
    )
    links = dependencies((*dags, dag("d", consumes=("s3://x", "s3://elsewhere"))))
    assert links.direct == (Link("a", "b", "triggers"), Link("c", "b", "waits"))
    assert links.datasets == {"s3://x": (("c",), ("d",))}
    assert links.dependants() == {"a": 1, "c": 2}
    assert links.linked() == {"a", "b", "c", "d"}


def test_what_only_knows_itself_is_not_linked() -> None:
    links = dependencies((dag("a", triggers=("a",), produces=("s3://x",), consumes=("s3://x",)),))
    assert links.linked() == set()
    assert links.dependants() == {}
    assert cycles(links) == []


def test_groups() -> None:
    hub = dag("hub", triggers=("a", "b"))
    dags = (hub, dag("a"), dag("b", produces=("s3://x",)), dag("c", consumes=("s3://x",)), dag("alone"))
    assert grouped(*dags) == [["alone"], ["hub", "a", "b", "c"]]
    assert grouped(*dags, without="hub") == [["a"], ["alone"], ["b", "c"], ["hub"]]


def test_circles_through_triggers_sensors_and_datasets() -> None:
    dags = (
        dag("a", triggers=("b",)),
        dag("b", produces=("s3://x",)),
        dag("c", consumes=("s3://x",)),
        dag("d", waits_for=("c",), triggers=("a", "e")),
        dag("e"),
    )
    assert cycles(dependencies(dags)) == [("a", "b", "c", "d")]


def test_a_long_chain_and_a_crowded_dataset_take_no_recursion_and_no_pairs() -> None:
    chain = [dag(f"d{number}", triggers=(f"d{number + 1}",)) for number in range(5000)]
    assert cycles(dependencies(chain)) == []
    crowd = [dag(f"d{number}", produces=("u",), consumes=("u",)) for number in range(3000)]
    links = dependencies(crowd)
    assert len(list(links.edges())) == 6000
    assert len(grouped(*crowd)) == 1
    assert set(links.dependants().values()) == {2999}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_circles_are_what_can_reach_itself_through_another(pairs: list[tuple[int, int]]) -> None:
    """Against the plain definition, by following every path."""
    triggers: dict[str, tuple[str, ...]] = {str(number): () for number in range(8)}
    for one, other in pairs:
        triggers[str(one)] += (str(other),)
    reach = {start: set[str]() for start in triggers}
    for start, seen in reach.items():
        work = list(triggers[start])
        while work:
            node = work.pop()
            if node not in seen:
                seen.add(node)
                work += triggers[node]
    expected = {
        tuple(sorted(other for other in reach if other in reach[start] and start in reach[other])) for start in reach
    }
    dags = [dag(name, triggers=others) for name, others in triggers.items()]
    assert set(cycles(dependencies(dags))) == {circle for circle in expected if len(circle) > 1}
