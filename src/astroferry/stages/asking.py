"""How questions are put together: a decision with its options and consequences, a text, a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.stages.question import Option, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.advice.rules.rule import Suggestion
    from astroferry.stages.question import Kind

YES_NO = (Option("yes", "yes"), Option("no", "no"))


def choice(
    key: str,
    prompt: str,
    consequences: Mapping[str, tuple[str, str]],
    suggested: Any = None,
    reason: str = "",
    *,
    refused: Mapping[str, str] | None = None,
    evidence: tuple[str, ...] = (),
) -> Question:
    """A choice; `consequences` maps each value to its label and what it means, `refused` to why it cannot be."""
    refused = refused or {}
    options = tuple(
        Option(value, label, meaning, refused.get(value, "")) for value, (label, meaning) in consequences.items()
    )
    return Question(
        key,
        prompt,
        "choice",
        options,
        suggested=None if suggested in refused else suggested,
        reason=reason,
        evidence=evidence,
    )


def decision(
    key: str,
    prompt: str,
    consequences: Mapping[str, tuple[str, str]],
    suggestion: Suggestion[Any] | None,
    refused: Mapping[str, str] | None = None,
) -> Question:
    """A choice with the advice's suggestion."""
    if suggestion is None:
        return choice(key, prompt, consequences, refused=refused)
    return choice(
        key,
        prompt,
        consequences,
        suggestion.value or None,
        suggestion.reason,
        refused=refused,
        evidence=suggestion.evidence,
    )


def plain(
    key: str,
    prompt: str,
    kind: Kind,
    suggested: Any = None,
    reason: str = "",
    *,
    required: bool = True,
    help: str = "",  # noqa: A002 - the word users know
    evidence: tuple[str, ...] = (),
) -> Question:
    """A text, a path or a yes-no; the reason is told only where something is suggested."""
    return Question(
        key,
        prompt,
        kind,
        YES_NO if kind == "yes-no" else (),
        suggested=suggested,
        reason=reason if suggested is not None else "",
        evidence=evidence,
        required=required,
        help=help,
    )
