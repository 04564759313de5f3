"""The dependency picture: every linked DAG where they are few; families of DAGs and how often they meet else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.dependencies import Dependencies, Together, cycles
from astroferry.advice.waves import family
from astroferry.model.words import several
from astroferry.report.document import Picture
from astroferry.report.markup import Html, shortened, tag

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from astroferry.model.inventory import Dag

ONE_BY_ONE = 60
"""most linked DAGs that are drawn one by one"""
DEEPEST = 6
"""most DAGs one after another that are drawn so"""
FAMILIES = 28
"""most rows of families; the others become one row"""
WIDTH = 960
_ROW, _BOX = 30, 22
OTHERS = "(others)"


def dependency_picture(dags: Sequence[Dag], links: Dependencies, wave_of: Mapping[str, str]) -> Picture | None:
    """The picture, or None where no DAG is linked to another."""
    linked = links.linked()
    if not linked:
        return None
    edges = list(_pairs(links)) if len(linked) <= ONE_BY_ONE else []
    layers = _layers(linked, edges, cycles(links)) if edges else {}
    if edges and max(layers.values()) < DEEPEST:
        return _one_by_one(layers, edges, wave_of, len(dags))
    return _families(dags, links, linked)


def _pairs(links: Dependencies) -> Iterable[tuple[str, str, str]]:
    for link in links.direct:
        if link.earlier != link.later:
            yield link.earlier, link.later, link.kind
    for writers, readers in links.datasets.values():
        for writer in writers:
            for reader in readers:
                if writer != reader:
                    yield writer, reader, "dataset"


def _layers(
    linked: set[str], edges: Sequence[tuple[str, str, str]], circles: Iterable[Sequence[str]]
) -> dict[str, int]:
    """DAG -> how many stand before it; the DAGs of a circle stand one under another."""
    stands_for = {dag: circle[0] for circle in circles for dag in circle}
    before: dict[str, set[str]] = {}
    for earlier, later, _ in edges:
        first, second = stands_for.get(earlier, earlier), stands_for.get(later, later)
        if first != second:
            before.setdefault(second, set()).add(first)
    depth: dict[str, int] = {}

    def place(dag: str) -> int:
        if dag not in depth:
            depth[dag] = 1 + max((place(other) for other in before.get(dag, ())), default=-1)
        return depth[dag]

    return {dag: place(stands_for.get(dag, dag)) for dag in sorted(linked)}


def _one_by_one(
    layers: Mapping[str, int], edges: Sequence[tuple[str, str, str]], wave_of: Mapping[str, str], number: int
) -> Picture:
    rows, height = _rows(layers, edges)
    columns = max(layers.values()) + 1
    step = WIDTH / columns
    box = min(step - 44, 232.0)
    letters = int((box - 12) / 6.6)

    def x(dag: str) -> float:
        return layers[dag] * step + 1

    def y(dag: str) -> float:
        return rows[dag] * _ROW + 4

    drawn: list[Html] = []
    for earlier, later, kind in dict.fromkeys(edges):
        x1, y1, x2, y2 = x(earlier) + box, y(earlier) + _BOX / 2, x(later), y(later) + _BOX / 2
        bend = max(abs(x2 - x1) / 2, 24.0)
        path = f"M {x1:.1f} {y1:.1f} C {x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        drawn.append(tag("path", tag("title", f"{earlier} → {later}"), d=path, class_=f"edge {kind}"))
    for dag in layers:
        wave = wave_of.get(dag, "")
        title = tag("title", f"{dag}{f', wave {wave}' if wave else ''}")
        drawn.append(
            tag(
                "g",
                title,
                tag("rect", x=x(dag), y=y(dag), width=box, height=_BOX, rx=4, class_="box"),
                tag("text", shortened(dag, letters), x=x(dag) + 7, y=y(dag) + 15, class_="name"),
            )
        )
    alone = number - len(layers)
    words = f"{several(len(layers), 'DAG')} are linked to others; {several(alone, 'DAG')} stand alone."
    caption = (
        "What is left starts, feeds or holds back what is right. Solid: triggers; dashed: waits; dotted: datasets."
    )
    return Picture(_svg(height, words, drawn), words, caption)


def _rows(layers: Mapping[str, int], edges: Sequence[tuple[str, str, str]]) -> tuple[dict[str, int], int]:
    """DAG -> its row, group under group; and the height of all in pixels.

    Within a layer the order follows the one before it, so that lines cross little.
    """
    together = Together(layers)
    before: dict[str, list[str]] = {}
    for earlier, later, _ in edges:
        together.join(earlier, later)
        if layers[earlier] < layers[later]:
            before.setdefault(later, []).append(earlier)
    members: dict[Hashable, list[str]] = {}
    for dag in sorted(layers):
        members.setdefault(together.root(dag), []).append(dag)
    rows: dict[str, int] = {}
    top = 0
    for group in sorted(members.values(), key=lambda dags: (-len(dags), dags[0])):
        deepest = 0
        for layer in range(max(layers[dag] for dag in group) + 1):
            places = {
                dag: sum(rows[other] for other in before.get(dag, ())) / max(1, len(before.get(dag, ())))
                for dag in group
                if layers[dag] == layer
            }
            rows |= {dag: top + place for place, dag in enumerate(sorted(places, key=lambda dag: (places[dag], dag)))}
            deepest = max(deepest, len(places))
        top += deepest
    return rows, top * _ROW + 8


def _families(dags: Sequence[Dag], links: Dependencies, linked: set[str]) -> Picture:
    sizes = Counter(family(dag.dag_id) for dag in dags)
    meeting = _meetings(links)
    weight: Counter[str] = Counter()
    for (one, other), count in meeting.items():
        weight[one] += count
        weight[other] += count
    shown = sorted(name for name, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:FAMILIES])
    rows = {name: number for number, name in enumerate(shown)}
    if len(weight) > len(rows):
        rows[OTHERS] = len(rows)
    joined: Counter[tuple[str, str]] = Counter()
    counted: Counter[str] = Counter()
    for (one, other), count in meeting.items():
        joined[one if one in rows else OTHERS, other if other in rows else OTHERS] += count
    for name, count in sizes.items():
        if name in weight:
            counted[name if name in rows else OTHERS] += count
    return _arcs(rows, counted, joined, len(dags), len(linked))


def _meetings(links: Dependencies) -> Counter[tuple[str, str]]:
    """(family, family) -> links from the one to the other; datasets by the product, never pair by pair."""
    meeting: Counter[tuple[str, str]] = Counter()
    for link in links.direct:
        if link.earlier != link.later:
            meeting[family(link.earlier), family(link.later)] += 1
    for writers, readers in links.datasets.values():
        to = Counter(family(dag) for dag in readers)
        for one, count in Counter(family(dag) for dag in writers).items():
            for other, times in to.items():
                meeting[one, other] += count * times
    return meeting


def _arcs(
    rows: Mapping[str, int],
    counted: Mapping[str, int],
    joined: Mapping[tuple[str, str], int],
    number: int,
    linked: int,
) -> Picture:
    """A row for each family; arcs at the right say which meets which, the thicker the more often."""
    row, left, bars = 26, 176, 190
    widest = max(counted.values(), default=1)
    most = max((count for (one, other), count in joined.items() if one != other), default=1)
    base = left + bars + 96
    drawn: list[Html] = []
    for name, place in rows.items():
        y = place * row + 8
        inside = joined.get((name, name), 0)
        drawn += [
            tag("text", shortened(name, 30), x=left - 10, y=y + 12, text_anchor="end", class_="name"),
            tag(
                "rect", x=left, y=y + 1, width=max(2.0, bars * counted[name] / widest), height=14, rx=2, class_="bar"
            ),
            tag("text", f"{counted[name]:,}", x=left + bars + 8, y=y + 12, class_="figure"),
            tag(
                "text",
                f"{inside:,} inside" if inside else "",
                x=base - 10,
                y=y + 12,
                text_anchor="end",
                class_="quiet",
            ),
            tag("circle", cx=base, cy=y + 8, r=3, class_="dot"),
        ]
    for (one, other), count in sorted(joined.items(), key=lambda item: item[1]):
        if one == other:
            continue
        y1, y2 = rows[one] * row + 16, rows[other] * row + 16
        reach = min(40 + abs(y2 - y1) * 0.62, WIDTH - base - 12)
        # From the one it comes out above the middle, into the other it goes below: two ways are two arcs.
        shift = 3 if y2 > y1 else -3
        path = f"M {base + 4} {y1 + shift} C {base + reach:.0f} {y1} {base + reach:.0f} {y2} {base + 4} {y2 - shift}"
        width = 1 + 5 * count / most
        title = tag("title", f"{one} → {other}: {count:,}")
        drawn.append(
            tag("path", title, d=path, class_="arc", stroke_width=width, stroke_opacity=0.25 + 0.6 * count / most)
        )
    pairs = sum(count for (one, other), count in joined.items() if one != other)
    words = (
        f"{linked:,} of {number:,} DAGs are linked to others, in {several(len(rows), 'family', 'families')}; "
        f"{pairs:,} links go from one family to another."
    )
    caption = (
        "Families: DAGs whose names begin alike. Bars: how many; arcs: links between families, thicker for more."
    )
    return Picture(_svg(len(rows) * row + 16, words, drawn), words, caption)


def _svg(height: float, words: str, drawn: Iterable[Html]) -> Html:
    return tag(
        "svg",
        tag("title", words),
        list(drawn),
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="img",
        aria_label=words,
        class_="picture",
    )
