"""Small screens over the wizard: ask one line, confirm by a name, help, menu, an error, a text to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from astroferry.errors import PlanError
from astroferry.faces.tables import from_text
from astroferry.faces.tui.widgets.bars import Foot
from astroferry.faces.tui.widgets.choice_list import ChoiceList
from astroferry.faces.tui.widgets.fitting import labelled, paragraphs
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.faces.tui.widgets.wrapped import Wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from textual.app import ComposeResult

    from astroferry.faces.confirming import Confirmation
    from astroferry.stages.question import Option


COPIED = "Copied, if your terminal allows it (OSC 52)"


class AskScreen(ModalScreen[str | None]):
    """One line; None where Esc was pressed. Hidden lines show dots and are kept in memory only."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", show=False)]

    def __init__(self, prompt: str, *, hidden: bool = False, note: str = "", value: str = "") -> None:
        super().__init__()
        self.prompt = prompt
        self.hidden = hidden
        self.note = note
        self.value = value

    def compose(self) -> ComposeResult:
        """Prompt, line, keys."""
        with Vertical(classes="box"):
            yield Static(Content.styled(self.prompt, "bold"))
            field = Input(self.value, password=self.hidden, compact=True)
            field.cursor_blink = False
            yield field
            note = self.note or ("Kept in memory only, never written anywhere." if self.hidden else "")
            if note:
                yield Static(Content.styled(note, "$text-muted"))
            yield Foot(("Enter", "take"), ("Esc", "leave it"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value)

    def action_give_up(self) -> None:
        """Esc."""
        self.dismiss(None)


class ConfirmScreen(ModalScreen[bool]):
    """A step that matters: a person types the name of what it touches. Nothing is pre-filled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("up", "read(-1)", show=False),
        Binding("down", "read(1)", show=False),
    ]

    def __init__(self, question: Confirmation) -> None:
        super().__init__()
        self.heading = question.title
        self.sentences = question.sentences
        self.question, self.wanted = question, question.name

    def compose(self) -> ComposeResult:
        """What happens, and the line for the name."""
        with Vertical(classes="box"):
            yield Static(Content.styled(self.heading, "bold $accent"))
            # Where the screen is low the sentences scroll; the line to type into is always there.
            with VerticalScroll(classes="some", can_focus=False):
                for sentence in self.sentences:
                    yield Static(sentence, markup=False, classes="sentence")
            yield Static(Content.assemble("To confirm, type  ", (self.wanted, "bold")), classes="sentence")
            field = Input(compact=True)
            field.cursor_blink = False
            yield field
            yield Static("", id="wrong", markup=False)
            yield Foot(("Enter", "confirm"), ("Esc", "leave it"), ("↑↓", "read"))

    def action_read(self, step: int) -> None:
        """Up and down, while the line has the keys."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the very name will do."""
        if self.question.is_yes(event.value):
            self.dismiss(True)
        else:
            self.query_one("#wrong", Static).update(
                Content.styled(f"! That is not {self.wanted}; nothing was done.", "$text-error")
            )

    def action_give_up(self) -> None:
        """Esc."""
        self.dismiss(False)


class TextScreen(ModalScreen[None]):
    """A page to read: help, a DAG's steps; or a row in full, as pairs of label and words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,enter,q", "close", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(self, title: str, text: str | Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.heading = title
        self.text = text

    def page(self, width: int) -> Content:
        """All of it, in lines of that width."""
        return Content(paragraphs(self.text, width) if isinstance(self.text, str) else labelled(self.text, width))

    def compose(self) -> ComposeResult:
        """The text, scrolled by the arrows."""
        with Vertical(classes="box tall"):
            yield Static(Content.styled(self.heading, "bold $accent"))
            with VerticalScroll():
                yield Wrapped(self.page)
            yield Quiet(id="saved")
            yield Foot(("↑↓", "scroll"), ("c", "copy"), ("Esc", "close"))

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """To the terminal's clipboard (OSC 52)."""
        self.app.copy_to_clipboard(self.page(self.query_one(Wrapped).size.width).plain)
        self.query_one("#saved", Quiet).update(COPIED)


class WelcomeScreen(ModalScreen[None]):
    """What one is in, said once before the first page: of a demo, which one that is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", show=False)]

    def __init__(self, title: str, sentences: Sequence[str]) -> None:
        super().__init__()
        self.heading = title
        self.sentences = tuple(sentences)

    def compose(self) -> ComposeResult:
        """The sentences; where the screen is low they scroll."""
        with Vertical(classes="box"):
            yield Static(Content.styled(self.heading, "bold $accent"))
            with VerticalScroll(classes="some"):
                for sentence in self.sentences:
                    yield Static(sentence, markup=False, classes="sentence")
            yield Foot(("Enter", "begin"), ("↑↓", "read"))

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        """To the first page."""
        self.dismiss(None)


class MenuScreen(ModalScreen[str | None]):
    """A few things to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f10,ctrl+x", "give_up", show=False)]

    def __init__(self, title: str, options: Sequence[Option], note: str = "", value: str | None = None) -> None:
        super().__init__()
        self.heading = title
        self.options = tuple(options)
        self.note = note
        self.value = value

    def compose(self) -> ComposeResult:
        """The options."""
        with Vertical(classes="box"):
            yield Static(Content.styled(self.heading, "bold $accent"))
            if self.note:
                yield Static(self.note, markup=False, classes="sentence")
            yield ChoiceList(self.options, self.value or self.options[0].value)
            yield Foot(("↑↓", "choose"), ("Enter", "take"), ("Esc", "back"))

    def on_choice_list_taken(self, event: ChoiceList.Taken) -> None:
        """Enter."""
        self.dismiss(event.value)

    def action_give_up(self) -> None:
        """Esc."""
        self.dismiss(None)


class ErrorScreen(ModalScreen[str | None]):
    """What went wrong, in full: copy it, save it, try again. Dismissed with "retry" or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", show=False),
        Binding("c", "copy", show=False),
        Binding("s", "save", show=False),
        Binding("r", "retry", show=False),
    ]

    def __init__(self, title: str, text: str, save: Callable[[str], str], *, can_retry: bool = False) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.save_text = save
        self.can_retry = can_retry

    def compose(self) -> ComposeResult:
        """The sentence and what can be done."""
        again = (("r", "try again"),) if self.can_retry else ()
        with Vertical(classes="box"):
            yield Static(Content.styled(f"! {self.heading}", "bold $error"))
            with VerticalScroll(classes="some"):
                yield Static(self.text, markup=False)
            yield Quiet(id="saved")
            yield Foot(("c", "copy"), ("s", "save to a file"), *again, ("Esc", "close"))

    def action_close(self) -> None:
        """Go on."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """To the terminal's clipboard (OSC 52); not every terminal lets us, so the file is there too."""
        self.app.copy_to_clipboard(self.text)
        self.query_one("#saved", Quiet).update(f"{COPIED}; s saves it to a file")

    def action_save(self) -> None:
        """To a file whose path is said again after the end."""
        self.query_one("#saved", Quiet).update(f"Saved to {self.save_text(self.text)}")

    def action_retry(self) -> None:
        """Once more."""
        if self.can_retry:
            self.dismiss("retry")


class EditScreen(ModalScreen["list[dict[str, Any]] | None"]):
    """Tables of the plan as text; F2 takes them when they can be read, Esc leaves them as they were.

    `check` says what is wrong with them, or nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+d", "take", show=False, priority=True),
        Binding("escape", "give_up", show=False, priority=True),
    ]

    def __init__(self, key: str, text: str, check: Callable[[list[dict[str, Any]]], str], note: str = "") -> None:
        super().__init__()
        self.note = note
        self.key = key
        self.text = text
        self.check = check

    def compose(self) -> ComposeResult:
        """The text, and what is wrong with it."""
        with Vertical(classes="box tall"):
            yield Static(Content.styled(f"Edit {self.key}, as they stand in migration.toml", "bold $accent"))
            area = TextArea(self.text, show_line_numbers=False, compact=True, tab_behavior="focus")
            area.cursor_blink = False
            yield area
            yield Static(Content.styled(self.note, "$text-muted"), classes="sentence")
            yield Static("", id="wrong", markup=False)
            yield Foot(("F2", "take them"), ("Esc", "leave them as they were"))

    def action_take(self) -> None:
        """Take what can be read; else say what is wrong and stay."""
        try:
            found = from_text(self.key, self.query_one(TextArea).text)
        except PlanError as error:
            wrong = error.message
        else:
            wrong = self.check(found)
            if not wrong:
                self.dismiss(found)
                return
        self.query_one("#wrong", Static).update(Content.styled(f"! {wrong}", "$text-error"))

    def action_give_up(self) -> None:
        """Esc."""
        self.dismiss(None)
