"""A menu on lines: numbered choices, each with its letter or word; and a confirmation by a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.prompts import pages
from astroferry.faces.prompts.answers import picked
from astroferry.faces.prompts.console import COMMANDS, command_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.faces.confirming import Confirmation
    from astroferry.faces.prompts.console import Console
    from astroferry.stages.question import Option


async def choose(console: Console, prompt: str, options: Sequence[Option], *, default: str = "") -> str:
    """The value of an option, or one of the commands ("back", "skip", "save", "help")."""
    for line in pages.options(options):
        console.say(line)
    shown = next((option.label for option in options if option.value == default), "")
    words = [option.value for option in options]
    while True:
        text = (await console.line(prompt, shown, words=words)).strip()
        if not text and default:
            return default
        option = picked(options, text)
        if option is not None and not option.refused:
            return option.value
        if (command := command_of(text)) is not None:
            return command
        why = (
            f"That is not possible now: {option.refused}." if option else "Answer with a number or one of the words."
        )
        console.say(f"  ! {why}")


async def confirmed(console: Console, question: Confirmation) -> bool:
    """Whether the very name was typed; anything else leaves all as it is."""
    console.say("")
    console.say(question.title)
    for sentence in question.sentences:
        for line in pages.wrapped(sentence):
            console.say(line)
    text = (await console.line(f"To confirm, type {question.name}")).strip()
    if question.is_yes(text):
        return True
    console.say("  Nothing was done." if not text or text in COMMANDS else f"  ! That is not {question.name}.")
    return False
