"""What a deciding stage tells beside its questions: findings by severity, and a read that goes on; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from astroferry.faces.tui.widgets.fitting import hanging
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from astroferry.faces.reading import Reading
    from astroferry.faces.tui.widgets.bullets import Bullet
    from astroferry.model.finding import Finding, Severity

SIGNS: dict[Severity, tuple[str, str, str]] = {
    "refuse": ("×", "$text-error", "refused"),
    "warn": ("!", "$text-warning", "warning"),
    "advise": ("·", "$text-muted", "advice"),
}
"""severity -> sign, colour, word; the worst first"""
MANY: dict[Severity, str] = {"refuse": "refused", "warn": "warnings", "advise": "advice"}


def bullets_of(findings: Sequence[Finding], *, most: int | None) -> list[Bullet]:
    """A heading with counts, then each finding, the worst first; beyond `most` only how many more."""
    if not findings:
        return []
    order = list(SIGNS)
    counts = ", ".join(
        several(count, SIGNS[severity][2], MANY[severity])
        for severity in order
        if (count := sum(item.severity == severity for item in findings))
    )
    bullets: list[Bullet] = [("", "", f"{several(len(findings), 'finding')}: {counts}")]
    ranked = sorted(findings, key=lambda item: order.index(item.severity))
    for item in ranked[:most]:
        sign, colour, word = SIGNS[item.severity]
        bullets.append((sign, colour, " ".join(f"{word}: {item.message} {item.todo} [{item.code}]".split())))
    if most is not None and len(findings) > most:
        bullets.append((" ", "", f"and {len(findings) - most} more: F9 shows all, F1 explains them"))
    return bullets


def told_of(reading: Reading, partial: str = "") -> Callable[[int], Content]:
    """How it stands now, for any width: the phase in hand, its rate and what is left, what is done.

    `partial`: what is missing.
    """
    style = "$text-error" if reading.error else "$text-success" if not reading.running else "bold"
    sign = "! " if reading.error else "✓ " if not reading.running and not reading.cancelled else ""
    parts: list[Content | tuple[str, str]] = [(sign + reading.summary(), style)]
    if partial:
        parts.append((f"! {partial}", "$text-warning"))
    if reading.running:
        done = reading.counts()
        if done:
            phase, counted = done.pop()
            parts.append(Content.assemble((f"› {phase}  ", "$accent"), counted))
        parts.append(Content.styled(f"  {reading.pace()}", "$text-muted"))
        if done:
            told = " · ".join(f"{phase} {counted.rpartition(' of ')[2]}" for phase, counted in done)
            parts.append((f"✓ {told}", "$text-muted"))

    def made(width: int) -> Content:
        return Content("\n").join(part if isinstance(part, Content) else _lines(*part, width) for part in parts)

    return made


def _lines(text: str, style: str, width: int) -> Content:
    """What does not fit goes on under the words, not under their sign."""
    return Content.styled("\n".join(hanging(text, width, 2 if text[1:2] == " " else 0)), style)
