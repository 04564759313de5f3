"""All advice for one environment as a page of text, as it is reviewed in snapshots/advice."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tests.advice.environments import Environment, walked

from astroferry.advice.cost import cost
from astroferry.advice.needs import backend_needs, network_needs
from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import SUGGESTIONS, problems
from astroferry.advice.verdict import verdicts
from astroferry.model.words import several
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.cost import Item
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk

WIDTH = 110
MOST = 6
"""lines of evidence, and tables, that a page shows"""


def advice_page(environment: Environment) -> str:
    """Suggestions with reasons and evidence, findings, who must do what, what the backend needs."""
    desk, missing = walked(environment)
    case = Case(desk.plan, environment.inventory, environment.facts)
    lines = [environment.about, "", "Answered or suggested, in the order in which it is asked"]
    for key, ask in SUGGESTIONS.items():
        suggestion = ask(case)
        given = " (answered)" if key in environment.answers else ""
        try:
            value = desk.current(key)
        except KeyError:
            # A part of each Deployment has no place of its own in the plan.
            value = suggestion.value
        lines += _wrapped(f"{key} = {_value(value)}{given}", 2)
        if not given:
            lines += _wrapped(suggestion.reason, 6)
            lines += [line for item in _cut(suggestion.evidence) for line in _wrapped(f"· {item}", 6)]
    network = [(name, getattr(desk.plan.network, name)) for name in desk.plan.network.__slots__]
    lines += ["", *[f"  network.{name} = {_value(value)}" for name, value in network if value]]
    lines += [*_section("Who must do what", network_needs(case)), *_section("Secrets backend", backend_needs(case))]
    found = problems(case.plan, case.inventory, case.facts)
    lines += ["", "Findings"]
    for item in found:
        lines += _wrapped(f"{item.severity:6} {item.code}: {item.message} {item.todo}".rstrip(), 2)
    lines += _section("Verdict", tuple(_verdict(environment, found)))
    shown = [item for item in environment.inventory.coverage if item.outcome != "read"]
    lines += _section(
        "The source did not show", tuple(f"{item.probe}: {item.outcome} ({item.detail})" for item in shown)
    )
    lines += _section("What was offered", tuple(_offered(desk)))
    lines += _section("Cost", tuple(f"{item.what}: {item.words}." for item in _cut_items(cost(desk.plan).items)))
    lines += _section("Missing", tuple(f"{problem.where} {problem.message}" for problem in missing))
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


def _verdict(environment: Environment, found: list[Finding]) -> Iterator[str]:
    judged = verdicts(environment.inventory, [*environment.inventory.findings, *found])
    codes = dict.fromkeys(reason.code for reason in judged.environment.reasons)
    because = f": {', '.join(codes)}" if codes else ""
    yield f"The environment is {judged.environment.word}{because}."
    told = [f"{several(count, 'DAG')} {word}" for word, count in judged.counts().items() if count]
    yield f"{', '.join(told)}."


def _offered(desk: Desk) -> Iterator[str]:
    for stage in DECIDING:
        for question in stage.questions(desk):
            if question.kind == "choice" and question.key.startswith("decisions."):
                yield f"{question.key}: {', '.join(option.value for option in question.options)}"
                for option in question.options:
                    if option.refused:
                        yield f"  {option.value} is refused: {option.refused}"


def _section(title: str, items: tuple[str, ...]) -> list[str]:
    return ["", title, *(line for item in items for line in _wrapped(item, 2))] if items else []


def _cut(items: tuple[str, ...]) -> Iterator[str]:
    yield from items[:MOST]
    if len(items) > MOST:
        yield f"and {len(items) - MOST:,} more"


def _cut_items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The first ones, and what is paid once for all."""
    return (*items[:MOST], items[-1]) if len(items) > MOST + 1 else items


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        names = [getattr(item, "name", str(item)) for item in value]
        return f"{len(names)}: {', '.join(_cut(tuple(names)))}"
    return str(value)


def _wrapped(text: str, indent: int) -> list[str]:
    return wrap(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )
