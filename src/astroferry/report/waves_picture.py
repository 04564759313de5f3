"""Waves over time: a week each, or side by side; how many DAGs move, of which risk, how much has moved by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.words import several
from astroferry.report.document import Picture
from astroferry.report.markup import Html, shortened, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.report.assessment import WaveSeen

WIDTH = 960
_ROW, _LEFT, _RIGHT, _TOP = 28, 210, 190, 26


def waves_picture(waves: Sequence[WaveSeen], number: int) -> Picture | None:
    """The picture of these waves of that many DAGs in all; None where there is none."""
    if not waves:
        return None
    weeks = max(wave.step for wave in waves) + 2
    step = (WIDTH - _LEFT - _RIGHT) / weeks
    largest = max(sum(wave.counts) for wave in waves) or 1
    height = _TOP + _ROW * (len(waves) + 1) + 6
    drawn: list[Html] = []
    every = 1 if weeks <= 20 else 4
    drawn.append(tag("text", "week", x=_LEFT - 12, y=14, text_anchor="end", class_="quiet"))
    for week in range(weeks):
        x = _LEFT + week * step
        drawn.append(tag("line", x1=x, y1=_TOP - 6, x2=x, y2=height - 6, class_="grid"))
        if week % every == 0:
            drawn.append(tag("text", f"{week + 1}", x=x + step / 2, y=14, text_anchor="middle", class_="quiet"))
    moved = 0
    for place, wave in enumerate(waves):
        y, x = _TOP + place * _ROW, _LEFT + wave.step * step
        mine = sum(wave.counts)
        moved += mine
        drawn.append(tag("text", shortened(wave.name, 30), x=_LEFT - 12, y=y + 16, text_anchor="end", class_="name"))
        at, length = x + 3, (step - 6) * max(0.12, mine / largest)
        for level, count in zip(("low", "medium", "high"), wave.counts, strict=True):
            if count:
                width = length * count / mine
                title = tag("title", f"{wave.name}: {count:,} of {level} risk")
                drawn.append(tag("rect", title, x=at, y=y + 4, width=width, height=16, class_=f"level {level}"))
                at += width
        share = f"{several(mine, 'DAG')} · {100 * moved / max(1, number):.0f} %"
        drawn.append(tag("text", share, x=WIDTH - _RIGHT + 14, y=y + 16, class_="figure"))
    y = _TOP + len(waves) * _ROW
    drawn += [
        tag("text", "source stands by", x=_LEFT - 12, y=y + 16, text_anchor="end", class_="quiet"),
        tag("rect", x=_LEFT + 3, y=y + 9, width=weeks * step - 6, height=5, rx=2, class_="stands"),
    ]
    one = "a week" if len(waves) == 1 else "a week each"
    each = one if weeks == len(waves) + 1 else f"side by side in {several(weeks - 1, 'week')}"
    words = f"{several(len(waves), 'wave')}, {each}, and a week in which the source stands by."
    svg = tag(
        "svg",
        tag("title", words),
        drawn,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=words,
        class_="picture",
    )
    return Picture(
        svg, words, "Bars: DAGs of low, medium and high risk, from light to dark. At the right: moved by then."
    )
