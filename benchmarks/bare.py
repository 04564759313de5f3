"""The peers of wire.py: an empty Textual application, and the first two stages of the wizard as stock widgets.

Run by wire.py in a terminal of its own: python -m benchmarks.bare empty|form|blinking
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Input, Label, OptionList, RadioButton, RadioSet, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

STAGES = tuple(f"Stage {number}" for number in range(1, 20))
BLINKING = "blinking" in sys.argv
"""as a stock field does; only where nobody presses a key, so that a key's bytes can be told from the cursor's"""
CREDENTIALS = ("environment variables", "this machine's keyring", "ask each time")


class Empty(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static("ready")


class Stage(Screen[None]):
    """The list of stages, questions one below the other, the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "app.go('two')", "next"),
        Binding("escape", "app.go('one')", "back"),
        Binding("f1", "app.help", "help"),
        Binding("f10", "app.quit", "menu"),
    ]

    def __init__(self, title: str, questions: tuple[str, ...], choices: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.heading = title
        self.questions = questions
        self.choices = choices

    def compose(self) -> ComposeResult:
        with Horizontal():
            stages = OptionList(*STAGES)
            stages.styles.width = 27
            yield stages
            with VerticalScroll():
                yield Label(self.heading)
                for question in self.questions:
                    yield Label(question)
                    if question in self.choices:
                        with RadioSet():
                            for number, choice in enumerate(self.choices[question]):
                                yield RadioButton(choice, value=number == 0)
                    else:
                        yield Input()
        # What the choice would change in a file, as the wizard shows it.
        preview = Static(id="preview", markup=False)
        preview.styles.height = 3
        yield preview
        yield Footer()

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = BLINKING
        self.query(Input).first().focus()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        first, chosen = CREDENTIALS[0], CREDENTIALS[event.index]
        self.query_one("#preview", Static).update(f'[target]\n- credentials = "{first}"\n+ credentials = "{chosen}"')


class Help(Screen[None]):
    """A page of text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "close")]

    def compose(self) -> ComposeResult:
        yield Static("\n".join(["the help page", *(f"a line of help, number {number}" for number in range(18))]))
        yield Footer()


class Form(App[None]):
    """Two stages."""

    async def on_mount(self) -> None:
        self.install_screen(
            Stage(
                "one: Prerequisites",
                (
                    "Address of Astro's API",
                    "Organization id",
                    "Where the Astro token comes from",
                    "Organization name",
                ),
                {"Where the Astro token comes from": CREDENTIALS},
            ),
            "one",
        )
        self.install_screen(
            Stage(
                "two: Source", ("Address of the source", "Credentials", "DAG folder"), {"Credentials": CREDENTIALS}
            ),
            "two",
        )
        await self.push_screen("one")

    async def action_go(self, name: str) -> None:
        await self.switch_screen(name)

    async def action_help(self) -> None:
        await self.push_screen(Help())


if __name__ == "__main__":
    (Empty if sys.argv[1:] == ["empty"] else Form)().run()
