"""One question of a stage: a single line when it rests, its control, the reason and the problem when it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from astroferry.faces.tables import as_tables, rows_of_tables
from astroferry.faces.tui.widgets.choice_list import ChoiceList
from astroferry.faces.tui.widgets.fitting import hanging
from astroferry.faces.tui.widgets.item_rows import ItemRows
from astroferry.faces.tui.widgets.path_suggester import PathSuggester
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.faces.tui.widgets.table_list import Tables
from astroferry.stages.question import AS_IT_IS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from astroferry.faces.navigator import Asked
    from astroferry.faces.tui.widgets.row_list import RowList
    from astroferry.stages.question import Question

SEEN = 4
"""lines of evidence under a suggestion on a tall screen"""
TALL = 30
_YES_NO = {True: "yes", False: "no"}


class QuestionField(Vertical):
    """A question with its control. Posts Answered while it is typed or chosen, Done on Enter, Left by arrows."""

    @dataclass
    class Answered(Message):
        """What stands in the control now."""

        key: str
        value: Any

    @dataclass
    class Done(Message):
        """Enter: on to the next question."""

        key: str

    @dataclass
    class Left(Message):
        """To the question above (-1) or below (1)."""

        key: str
        step: int

    @dataclass
    class Edit(Message):
        """The tables of this question are to be edited."""

        key: str

    @dataclass
    class Wanted(Message):
        """The mouse asks to open this question."""

        key: str

    def __init__(self, asked: Asked, folder: Path) -> None:
        super().__init__(classes="question")
        self.asked = asked
        self.key = asked.question.key
        self.control = self._control(folder)
        self._stuck = False
        self._width = 0

    def compose(self) -> ComposeResult:
        """Head, reason, control, problem: of a long list of options the reason is seen before all of it is."""
        yield Quiet(classes="head")
        yield Quiet(classes="why")
        yield self.control
        yield Quiet(classes="problem")

    def on_resize(self, event: events.Resize) -> None:
        """A long answer goes onto a line of its own."""
        if event.size.width != self._width:
            self._width = event.size.width
            self._write()

    def _control(self, folder: Path) -> Widget:
        question, value = self.asked.question, self.asked.value
        if question.kind in {"choice", "yes-no"}:
            return ChoiceList(question.options, _word(value), _suggested(question))
        if question.kind == "per-item":
            return ItemRows(self.asked)
        if question.kind == "tables":
            return Tables(value)
        field = Input(
            str(value or ""),
            compact=True,
            select_on_focus=False,
            suggester=PathSuggester(folder) if question.kind == "path" else None,
        )
        field.cursor_blink = False
        return field

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether it is open."""
        return self.has_class("-active")

    def show(self, asked: Asked, *, stuck: bool = False) -> None:
        """Take over what the walk says of this question; `stuck`: its problem is to be told even if untouched."""
        self.asked = asked
        self._stuck = (self._stuck or stuck) and bool(asked.problem)
        self._take_over()
        if self.is_mounted:
            self._write()

    def _take_over(self) -> None:
        """The control follows where the value did not come from it."""
        question, value, control = self.asked.question, self.asked.value, self.control
        if isinstance(control, ChoiceList):
            control.suggested = _suggested(question)
            if control.options != question.options:
                control.options = question.options
                control.refresh(layout=True)
            if control.value != _word(value):
                control.show(_word(value))
        elif isinstance(control, Input):
            if control.value != str(value or "") and not control.has_focus:
                with control.prevent(Input.Changed):
                    control.value = str(value or "")
        elif isinstance(control, Tables):
            control.show(value)
        elif isinstance(control, ItemRows) and control.answer() != as_tables(value):
            control.take_over(self.asked)

    def _write(self) -> None:
        question = self.asked.question
        answer = self._answer_in_words()
        sign = ("! ", "$text-error") if self._stuck else ("› ", "bold $accent") if self.active else ("  ", "")
        width = (self._width or 50) - 2
        if self.active:
            lines = list(hanging(question.prompt, width))
            head = Content.assemble(sign, ("\n  ".join(lines), "bold"))
        else:
            words = answer or ("to be answered" if question.required else "(empty)")
            prompt = "\n  ".join(hanging(question.prompt, width))
            between = "  " if len(question.prompt) + len(words) <= width - 2 else "\n    "
            head = Content.assemble(sign, (f"{prompt}{between}", "$text-muted"), words)
        self.query_one(".head", Quiet).update(head)
        why = self.query_one(".why", Quiet)
        text = "\n".join(self._why(width))
        why.update(Content.styled(text, "$text-muted"))
        why.display = bool(text) and self.active
        problem = self.query_one(".problem", Quiet)
        told = self.asked.problem and (self._stuck or self.asked.typed)
        problem.update(Content.styled(f"! {self.asked.problem}", "$text-error") if told else "")
        problem.display = bool(told)

    def _answer_in_words(self) -> str:
        question, value = self.asked.question, self.asked.value
        if question.kind in {"choice", "yes-no"}:
            option = question.option(_word(value) or "")
            return option.label if option else ""
        if question.kind in {"per-item", "tables"}:
            names = [name for name, _ in rows_of_tables(value)]
            return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return str(value or "")

    @property
    def reach(self) -> int:
        """Lines from its top up to what is chosen: to be seen when its stage opens."""
        rows = self.control.reach if isinstance(self.control, ChoiceList) else min(3, self.control.size.height)
        return self.control.virtual_region.y + rows

    def _why(self, width: int) -> Iterator[str]:
        question = self.asked.question
        parts: list[str] = []
        if question.help:
            parts.append(question.help)
        if question.kind == "per-item":
            parts.append("← → change the path, space marks several. " + question.reason.capitalize() + ".")
        elif question.kind == "tables":
            assign = ", F7 assigns DAGs" if question.key == "waves" else ""
            why = question.reason.rstrip(".")
            parts.append(f"Enter takes them as shown, e edits them{assign}. Suggested: {why}.")
        elif question.suggested not in (None, "") and question.reason and question.reason != AS_IT_IS:
            begin = "Suggested: " if question.kind in {"choice", "yes-no"} else f"Suggested {question.suggested}: "
            parts.append(f"{begin}{question.reason.rstrip('.')}.")
        # The first of what was seen; help has all of it.
        room = SEEN if self.app.size.height >= TALL else 1
        parts += [f"  seen: {line}" for line in question.evidence[:room]]
        if len(question.evidence) > room:
            parts.append(f"  and {len(question.evidence) - room} more: F1 shows all")
        for part in parts:
            yield from hanging(part, width, 2 if part.startswith(" ") else 0)

    def open(self) -> None:
        """Show the control and put the keys there."""
        self.add_class("-active")
        self._write()
        self.control.focus(scroll_visible=False)

    def close(self) -> None:
        """Back to one line."""
        if self.active:
            self.remove_class("-active")
            self._write()

    # -- what the controls say ---------------------------------------------------------------------------------

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Another option."""
        event.stop()
        self.post_message(self.Answered(self.key, self._value(event.value)))

    def on_choice_list_taken(self, event: ChoiceList.Taken) -> None:
        """Enter."""
        event.stop()
        if event.value is not None:
            self.post_message(self.Answered(self.key, self._value(event.value)))
        self.post_message(self.Done(self.key))

    def on_choice_list_left(self, event: ChoiceList.Left) -> None:
        """Arrows lead on."""
        event.stop()
        self.post_message(self.Left(self.key, event.step))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Typing."""
        event.stop()
        if event.value != str(self.asked.value or ""):
            self.post_message(self.Answered(self.key, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.post_message(self.Done(self.key))

    def on_item_rows_turned(self, event: ItemRows.Turned) -> None:
        """Another path."""
        event.stop()
        self.post_message(self.Answered(self.key, event.rows.answer()))

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """Enter on the items: all as shown."""
        event.stop()
        self.post_message(self.Done(self.key))

    def on_tables_taken(self, event: Tables.Taken) -> None:
        """Enter on the tables: as shown."""
        event.stop()
        self.post_message(self.Done(self.key))

    def on_tables_edit(self, event: Tables.Edit) -> None:
        """Edit them."""
        event.stop()
        self.post_message(self.Edit(self.key))

    def on_tables_left(self, event: Tables.Left) -> None:
        """Arrows lead on."""
        event.stop()
        self.post_message(self.Left(self.key, event.step))

    def on_key(self, event: events.Key) -> None:
        """Up and down lead out of a line of text."""
        if isinstance(self.control, Input) and event.key in {"up", "down"}:
            event.stop()
            self.post_message(self.Left(self.key, -1 if event.key == "up" else 1))

    def on_click(self) -> None:
        """The mouse opens it."""
        if not self.active:
            self.post_message(self.Wanted(self.key))

    def _value(self, word: str) -> Any:
        return word == "yes" if self.asked.question.kind == "yes-no" else word


def _word(value: Any) -> str | None:
    """An option's value as text; yes and no for truth."""
    if value is None:
        return None
    return _YES_NO[value] if isinstance(value, bool) else str(value)


def _suggested(question: Question) -> str | None:
    """The option that is suggested; what is only kept as it is has nothing that speaks for it."""
    return None if question.reason == AS_IT_IS else _word(question.suggested)


def keys_of(asked: Sequence[Asked]) -> tuple[str, ...]:
    """The plan keys of questions."""
    return tuple(item.question.key for item in asked)
