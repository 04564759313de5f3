"""What the watch saw, as rows and in a sentence; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.model.watching import ORDER, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from astroferry.model.watching import DagVerdict, Usual, Verdict

HEADINGS = ("DAG", "verdict", "ticks", "success", "usual time", "cycle ends (UTC)", "why")
SIGNS: dict[Verdict, str] = {"well": "✓ well", "watching": "› watching", "amiss": "! amiss", "alarm": "× ALARM"}


def watched_facts(found: Mapping[str, Sequence[DagVerdict]]) -> dict[str, Any]:
    """Wave -> verdicts, as `--json` and the webhook tell them."""
    everything = tuple(item for items in found.values() for item in items)
    return {
        "verdict": worst(everything),
        "waves": {wave: [item.to_facts() for item in verdicts] for wave, verdicts in found.items()},
    }


def rows(verdicts: Iterable[DagVerdict]) -> list[tuple[str, ...]]:
    """A row for each DAG, the worst first."""
    ordered = sorted(verdicts, key=lambda item: (-ORDER.index(item.verdict), item.dag_id))
    return [
        (
            item.dag_id,
            SIGNS[item.verdict],
            _ticks(item),
            _success(item.target, item.source),
            _seconds(item.target, item.source),
            f"{item.cycle_ends:%d %b %H:%M}" if item.cycle_ends else "",
            "; ".join(item.reasons),
        )
        for item in ordered
    ]


def _ticks(item: DagVerdict) -> str:
    wrong = [f"{item.twice} TWICE"] if item.twice else []
    wrong += [f"{item.missed} missed"] if item.missed else []
    return ", ".join([*wrong, f"{item.once} of {item.expected}"])


def _success(target: Usual, source: Usual) -> str:
    now = f"{target.success:.0%}" if target.success is not None else "none yet"
    return f"{now}, was {source.success:.0%}" if source.success is not None else now


def _seconds(target: Usual, source: Usual) -> str:
    now = f"{target.median_seconds:g} s" if target.median_seconds is not None else "-"
    return f"{now}, was {source.median_seconds:g} s" if source.median_seconds is not None else now


def verdict_in_words(verdicts: Sequence[DagVerdict]) -> str:
    """`3 well, 1 watching`, the worst first."""
    counts = {verdict: sum(item.verdict == verdict for item in verdicts) for verdict in reversed(ORDER)}
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"First full cycle: {words or 'no DAG to watch'}."
