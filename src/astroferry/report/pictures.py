"""Pictures of a cutover as SVG text that stands inside a page: the drain curve, and both sides' ticks.

They take their colour from the page (`currentColor`), load nothing, run nothing, and say in words what they show.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from astroferry.model.drain import DrainSample
    from astroferry.report.cutover import DagHandover

WIDTH, LEFT, RIGHT = 640, 64, 16
PLOT = WIDTH - LEFT - RIGHT
MOST_POINTS = 2000
MOST_TICKS = 400
"""more marks than that cannot be told apart; the last ones are drawn, and the words say so"""


def drain_words(samples: Sequence[DrainSample]) -> str:
    """What the curve shows, in a sentence; empty where nothing was drained."""
    points = _totals(samples)
    if not points:
        return ""
    most = max(count for _, count in points)
    dags = len({sample.dag_id for sample in samples})
    had = f"at most {several(most, 'run')} at once" if most else "none of them was running"
    return f"Drained {several(dags, 'DAG')} from {points[0][0]:%H:%M:%S} to {points[-1][0]:%H:%M:%S} UTC; {had}."


def drain_curve(samples: Sequence[DrainSample], *, height: int = 180) -> str:
    """Queued and running runs of all DAGs together over time, as steps; empty where nothing was drained."""
    points = _totals(samples)
    if not points:
        return ""
    first, last = points[0][0], points[-1][0]
    most = max(count for _, count in points)
    bottom = height - 28

    def y(count: int) -> float:
        return 16 + (bottom - 16) * (1 - count / (most or 1))

    x = _Scale(first, last)
    path = [f"M {x(first):.1f} {y(points[0][1]):.1f}"]
    for moment, count in points[1:]:
        path.append(f"H {x(moment):.1f} V {y(count):.1f}")
    return _svg(
        height,
        drain_words(samples),
        [
            f'<path d="{" ".join(path)}" fill="none" stroke="currentColor" stroke-width="2"/>',
            f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" stroke="currentColor"/>',
            _text(LEFT - 8, y(most) + 4, str(most), "end") if most else "",
            _text(LEFT - 8, bottom + 4, "0", "end"),
            _text(LEFT, height - 8, f"{first:%H:%M:%S}"),
            _text(WIDTH - RIGHT, height - 8, f"{last:%H:%M:%S} UTC", "end"),
        ],
    )


def tick_lanes(dag: DagHandover) -> str:
    """Both sides' ticks of one DAG on one time axis: a dot ran, a cross failed, a ring is a marker, a gap was missed.

    It begins with the boundary: the last tick of the source, and its marker on the target. Empty where no tick was
    counted.
    """
    rows = dag.ticks[-MOST_TICKS:]
    if not rows:
        return ""
    begin = [dag.boundary] if dag.boundary is not None and len(rows) == len(dag.ticks) else []
    first, last = min([*begin, *(row.tick for row in rows)]), max(row.tick for row in rows)
    x = _Scale(first, last)
    lanes = {"source": 28.0, "target": 68.0}
    parts = [
        f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="currentColor" opacity="0.25"/>'
        + _text(LEFT - 8, y + 4, side, "end")
        for side, y in lanes.items()
    ]
    for moment, label in ((dag.paused_at, "paused"), (dag.resumed_at, "unpaused")):
        if moment is not None and first <= moment <= last:
            parts.append(
                f'<line x1="{x(moment):.1f}" y1="14" x2="{x(moment):.1f}" y2="84" stroke="currentColor" '
                f'stroke-dasharray="3 3" opacity="0.6"><title>{label} {moment:%H:%M:%S} UTC</title></line>'
            )
    for moment in begin:
        when = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
        parts.append(_mark("ran", x(moment), lanes["source"], f"{when}: the last tick that the source ran"))
        parts.append(_mark("marker", x(moment), lanes["target"], f"{when}: marked on the target, nothing ran there"))
    for row in rows:
        at, when = x(row.tick), f"{row.tick:%Y-%m-%d %H:%M:%S} UTC"
        if row.side is None:
            parts.append(_mark("missed", at, 48.0, f"{when}: neither side ran it"))
        else:
            kind = "marker" if row.marker else "failed" if row.state == "failed" else "ran"
            said = "marker" if row.marker else row.state
            parts.append(_mark(kind, at, lanes[row.side], f"{when} on the {row.side}: {said}"))
    shown = "" if len(rows) == len(dag.ticks) else f" The last {len(rows)} rows are drawn."
    words = f"{dag.dag_id}: {dag.once} ticks once, {dag.twice} twice, {dag.missed} missed.{shown}"
    ends = [_text(LEFT, 104, f"{first:%m-%d %H:%M}"), _text(WIDTH - RIGHT, 104, f"{last:%m-%d %H:%M} UTC", "end")]
    return _svg(112, words, parts + ends)


class _Scale:
    """A moment's place from left to right; a single moment stands in the middle."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self._first, self._length = first, last - first

    def __call__(self, moment: datetime) -> float:
        if self._length <= timedelta(0):
            return LEFT + PLOT / 2
        return LEFT + PLOT * ((moment - self._first) / self._length)


def _totals(samples: Sequence[DrainSample]) -> list[tuple[datetime, int]]:
    """The sum over all DAGs and sides after each sample: each keeps what it was last seen to have."""
    have: dict[tuple[str, str], int] = {}
    points: list[tuple[datetime, int]] = []
    for sample in sorted(samples, key=lambda item: item.at):
        have[sample.dag_id, sample.side] = sample.running
        if points and points[-1][0] == sample.at:
            points.pop()
        points.append((sample.at, sum(have.values())))
    step = max(1, -(-len(points) // MOST_POINTS))
    return points[::step] + ([points[-1]] if points and (len(points) - 1) % step else [])


def _mark(kind: str, x: float, y: float, words: str) -> str:
    title = f"<title>{escape(words)}</title>"
    if kind == "failed":
        arms = f"M {x - 4:.1f} {y - 4:.1f} l 8 8 M {x + 4:.1f} {y - 4:.1f} l -8 8"
        return f'<path class="{kind}" d="{arms}" stroke="currentColor" stroke-width="2">{title}</path>'
    if kind == "missed":
        shape = f"M {x:.1f} {y - 6:.1f} l 6 11 h -12 z"
        return f'<path class="{kind}" d="{shape}" fill="none" stroke="currentColor" stroke-width="2">{title}</path>'
    fill = "none" if kind == "marker" else "currentColor"
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="currentColor">{title}</circle>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="11" fill="currentColor">{escape(words)}</text>'
    )


def _svg(height: int, words: str, parts: Sequence[str]) -> str:
    inner = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label={quoteattr(words)} font-family="sans-serif">\n<title>{escape(words)}</title>\n{inner}\n</svg>'
    )
