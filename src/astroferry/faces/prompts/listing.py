"""Long lists on lines: filter by words, then pick by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.faces.clock import scheduled
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.answers import UnfitError, numbers_of, picked
from astroferry.faces.prompts.console import command_of
from astroferry.faces.tables import as_tables
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.faces.navigator import Asked
    from astroferry.faces.prompts.console import Console
    from astroferry.model.inventory import Dag

Row = tuple[str, str]
"""what it is, and what is known about it"""


def matching(rows: Sequence[Row], words: str) -> list[int]:
    """Indexes of the rows that hold all the words, whatever their case."""
    wanted = words.lower().split()
    return [
        number
        for number, row in enumerate(rows)
        if (text := " ".join(row).lower()) and all(word in text for word in wanted)
    ]


def show(rows: Sequence[Row], view: Sequence[int], console: Console) -> None:
    """The first of them, numbered from 1."""
    for number, index in enumerate(view[: pages.MOST], 1):
        name, rest = rows[index]
        for line in pages.wrapped(f"{name}  {rest}".rstrip(), f"  {number:>2}  ", "        "):
            console.say(line)
    if len(view) > pages.MOST:
        console.say(f"    and {len(view) - pages.MOST:,} more: type words to see fewer")


async def pick(rows: Sequence[Row], what: str, console: Console) -> list[int] | str:
    """Indexes of the rows that a person picked, or the command that was given instead."""
    view = list(range(len(rows)))
    while True:
        console.say(f"  {several(len(view), what)}")
        show(rows, view, console)
        text = (await console.line(f"Which {what}s? Numbers, all, or words to filter")).strip()
        if command_of(text) is not None:
            return text
        if not text:
            view = list(range(len(rows)))
            continue
        if text[0].isdigit() or text.lower() == "all":
            try:
                return [view[number - 1] for number in numbers_of(text, len(view))]
            except UnfitError as unfit:
                console.say(f"  ! {unfit}")
                continue
        found = matching(rows, text)
        if found:
            view = found
        else:
            console.say(f'  ! Nothing holds "{text}".')


def rows_of(dags: Sequence[Dag]) -> list[Row]:
    """Each DAG with its state, schedule and owners."""
    return [
        (
            dag.dag_id,
            ", ".join(
                (
                    "paused" if dag.is_paused else "active",
                    scheduled(dag.schedule),
                    *(dag.owners or ("no owner",)),
                )
            ),
        )
        for dag in dags
    ]


async def look_at_dags(dags: Sequence[Dag], console: Console) -> None:
    """The list of DAGs, to look at: words filter, Enter alone ends."""
    rows = rows_of(dags)
    view = list(range(len(rows)))
    while True:
        console.say(f"  {several(len(view), 'DAG')}")
        show(rows, view, console)
        text = (await console.line("Words to filter, Enter ends")).strip()
        if not text or command_of(text) is not None:
            return
        view = matching(rows, text)


async def ask_items(asked: Asked, console: Console) -> list[dict[str, str]] | str:
    """A value for each item: `2-4 vpn` changes some, words list those that hold them, Enter takes all as they are."""
    question = asked.question
    given = {row["host"]: str(row["path"]) for row in as_tables(asked.value)}
    chosen: dict[str, str] = {item: given.get(item, question.options[-1].value) for item in question.items}
    items = list(chosen)
    view = list(range(len(items)))
    kinds = ", ".join(option.value for option in question.options)
    changed = False
    while True:
        text = (await console.line(f"Numbers and one of {kinds}; Enter takes them")).strip()
        if not text and (changed or asked.value):
            return answer(chosen) if changed else ""
        if command_of(text) is not None:
            return text
        numbers, _, word = text.rpartition(" ")
        option = picked(question.options, word) if numbers else None
        if option is not None and option.value == word.lower():
            try:
                for number in numbers_of(numbers, len(view)):
                    chosen[items[view[number - 1]]] = option.value
            except UnfitError as unfit:
                console.say(f"  ! {unfit}")
                continue
            changed = True
        else:
            found = matching([(item, chosen[item]) for item in items], text)
            if not found:
                console.say(f'  ! "{text}" is neither numbers with a path nor part of a place.')
                continue
            view = found
        show([(item, f"{chosen[item]}  {question.notes.get(item, '')}") for item in items], view, console)


def answer(chosen: dict[str, str]) -> list[dict[str, Any]]:
    """As the plan takes it."""
    return [{"host": item, "path": path} for item, path in chosen.items()]
