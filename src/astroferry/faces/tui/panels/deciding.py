"""A deciding stage on the screen, made from its questions alone: known lines, questions, findings."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical

from astroferry.errors import PlanError
from astroferry.faces.helping import help_of
from astroferry.faces.preview import changes
from astroferry.faces.tables import to_text
from astroferry.faces.tui.panels.looking import look_at_source
from astroferry.faces.tui.panels.noticed import bullets_of
from astroferry.faces.tui.panels.panel import Keys, Panel
from astroferry.faces.tui.screens.modals import EditScreen
from astroferry.faces.tui.widgets.bullets import Bullets
from astroferry.faces.tui.widgets.question_field import QuestionField, keys_of
from astroferry.faces.tui.widgets.wrapped import Wrapped
from astroferry.model.plan import Deployment, Wave, Workspace
from astroferry.model.planedit import with_value

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.faces.navigator import Stuck, Trial
    from astroferry.faces.session import Session
    from astroferry.stages.stage import Deciding

FOLD = 5
"""findings that are shown before F9 unfolds the rest"""
TALL = 30
KNOWN = (4, 12)
"""lines of what is known that are shown above a question, on a low and on a tall screen"""
TABLES: dict[str, type[Any]] = {"workspaces": Workspace, "deployments": Deployment, "waves": Wave}
KEYS: dict[str, Keys] = {
    "": (),
    "choice": (("↑↓", "choose"), ("Enter", "take")),
    "yes-no": (("↑↓", "choose"), ("Enter", "take")),
    "text": (("Enter", "take"),),
    "path": (("Enter", "take"), ("→", "complete")),
    "per-item": (("←→", "change"), ("Enter", "take")),
    "tables": (("Enter", "take"), ("e", "edit")),
}
"""a question's kind -> its keys"""

ASKED_BY = {"target.api": "prerequisites", "source.url": "inventory", "code.dags_folder": "source"}
"""a question's key -> the stage whose read asks there"""


class DecidingPanel(Panel):
    """See the module. What is typed goes into the walk's drafts at once; Next takes it into the plan."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "field(1)", show=False),
        Binding("shift+tab", "field(-1)", show=False),
        Binding("f9", "fold", show=False),
        Binding("pagedown", "scroll_page(1)", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        stage = session.nav.stage
        if stage is None:
            raise TypeError("this stop asks nothing")
        self.stage: Deciding = stage
        self.before = session.desk.plan
        self.unfolded = False
        self.warned = False
        """whether it was said what skipping means"""
        self.folds = False

    def compose(self) -> ComposeResult:
        """Title, known, questions, findings."""
        yield Bullets(id="known")
        reading = Wrapped(id="reading")
        reading.display = False
        yield reading
        with Vertical(id="form"):
            for asked in self.session.nav.trial().asked:
                yield QuestionField(asked, self.session.path.parent)
        yield Bullets(id="findings")

    def on_mount(self) -> None:
        """Say what is known."""
        self._know()
        self._tell(self.session.nav.trial())

    # -- showing -----------------------------------------------------------------------------------------------

    @property
    def fields(self) -> list[QuestionField]:
        """The questions, in order."""
        return list(self.query(QuestionField))

    @property
    def active(self) -> QuestionField | None:
        """The open one."""
        return next((field for field in self.fields if field.active), None)

    def take_focus(self) -> None:
        """The first question."""
        first = next(iter(self.fields), None)
        if first is not None:
            self._open(first.key, from_top=True)
        else:
            self.can_focus = True
            self.focus()

    def known(self) -> tuple[str, ...]:
        """What is known of the stage by what is shown now: of another address, nothing."""
        return self.stage.known(replace(self.session.desk, plan=self.session.nav.trial().plan))

    def _know(self) -> None:
        # Else the question would be below the edge of a low screen.
        most = None if self.unfolded or not self.fields else KNOWN[self.app.size.height >= TALL]
        self.query_one("#known", Bullets).show([("·", "$text-muted", line) for line in self.known()], most=most)
        self.tick()

    def _tell(self, trial: Trial) -> None:
        """Findings against what is shown, and what Next would change in the file."""
        desk = self.session.desk
        kept, desk.plan = desk.plan, trial.plan
        try:
            findings = self.stage.findings(desk)
        finally:
            desk.plan = kept
        self.set_class(not trial.asked, "-asks-nothing")
        self.query_one("#findings", Bullets).show(bullets_of(findings, most=None if self.unfolded else FOLD))
        self.folds = len(findings) > FOLD
        self.wizard.preview(changes(self.before, trial.plan))

    def _refresh(self, stuck: Stuck | None = None) -> None:
        """Ask the walk again: later questions may depend on what was just answered."""
        trial = self.session.nav.trial()
        there = {field.key: field for field in self.fields}
        wanted = keys_of(trial.asked)
        form = self.query_one("#form", Vertical)
        for key, field in there.items():
            if key not in wanted:
                field.remove()
        above: QuestionField | None = None
        for asked in trial.asked:
            field_there = there.get(asked.question.key)
            if field_there is None:
                field_there = QuestionField(asked, self.session.path.parent)
                if above is None:
                    form.mount(field_there, before=0)
                else:
                    form.mount(field_there, after=above)
            else:
                field_there.show(asked, stuck=stuck is not None and stuck.key == asked.question.key)
            above = field_there
        self._tell(trial)

    # -- the questions -----------------------------------------------------------------------------------------

    def on_question_field_answered(self, event: QuestionField.Answered) -> None:
        """Typed or chosen: keep it, and look again at what follows."""
        event.stop()
        self.take(event.key, event.value)

    def take(self, key: str, value: Any) -> None:
        """An answer that was given elsewhere than in its field."""
        self.session.nav.draft(key, value)
        if (read := ASKED_BY.get(key)) is not None:
            # What another address told, and how asking it ended, is over.
            self.wizard.reads.forget(read)
            self._know()
        self.wizard.forgive()
        self._refresh()

    def on_question_field_done(self, event: QuestionField.Done) -> None:
        """Enter: the next question, or the next stage."""
        event.stop()
        asked = next((item for item in self.session.nav.trial().asked if item.question.key == event.key), None)
        if asked is not None and asked.problem:
            self._stay(event.key, asked.problem)
        elif not self._step(event.key, 1):
            self.forward()

    def on_question_field_left(self, event: QuestionField.Left) -> None:
        """Arrows: the question above or below."""
        event.stop()
        self._step(event.key, event.step)

    def on_question_field_wanted(self, event: QuestionField.Wanted) -> None:
        """The mouse."""
        event.stop()
        self._open(event.key)

    def on_question_field_edit(self, event: QuestionField.Edit) -> None:
        """Tables as text."""
        event.stop()
        asked = next(item for item in self.session.nav.trial().asked if item.question.key == event.key)

        def check(tables: list[dict[str, Any]]) -> str:
            try:
                with_value(self.session.desk.plan, event.key, tables)
            except PlanError as error:
                problem = error.problems[0] if error.problems else None
                return f"{problem.where} {problem.message}" if problem else error.message
            return ""

        def done(tables: list[dict[str, Any]] | None) -> None:
            if tables is not None:
                self.take(event.key, tables)

        note = f"A table may have: {', '.join(field.name for field in fields(TABLES[event.key]))}."
        self.app.push_screen(EditScreen(event.key, to_text(event.key, asked.value), check, note), done)

    def action_field(self, step: int) -> None:
        """Tab: round through the questions."""
        keys = [field.key for field in self.fields]
        if not keys:
            return
        active = self.active
        index = keys.index(active.key) + step if active else 0
        self._open(keys[index % len(keys)])

    def action_fold(self) -> None:
        """All that is known and found, or the first of it."""
        self.unfolded = not self.unfolded
        self._know()
        self._tell(self.session.nav.trial())
        self.call_after_refresh(self._look_at_folded)

    def _look_at_folded(self) -> None:
        if len(self.known()) > 1 and self.fields:
            self.scroll_home(animate=False, force=True)
        else:
            self.query_one("#findings").scroll_visible(animate=False, top=True)

    def action_scroll_page(self, step: int) -> None:
        """Page keys scroll the page."""
        self.scroll_relative(y=step * max(1, self.size.height - 2), animate=False)

    def _step(self, key: str, step: int) -> bool:
        keys = [field.key for field in self.fields]
        index = (keys.index(key) if key in keys else 0) + step
        if 0 <= index < len(keys):
            self._open(keys[index])
            return True
        return False

    def _open(self, key: str, *, from_top: bool = False) -> None:
        for field in self.fields:
            if field.key == key:
                field.open()
            else:
                field.close()
        if (field_now := self.active) is not None:
            self.call_after_refresh(self._bring, field_now, from_top=from_top)
        self.wizard.show_keys()

    def _bring(self, field: QuestionField, *, from_top: bool = False) -> None:
        """Scroll to the first place where the whole question is seen; `from_top`: where its choice is seen."""
        view = self.scrollable_content_region
        top = field.region.y - view.y + round(self.scroll_y)
        bottom = top + (field.reach if from_top else field.outer_size.height)
        self.scroll_to(y=min(top, max(0, bottom - view.height)), animate=False, force=True)

    def _stay(self, key: str, why: str) -> None:
        from astroferry.faces.navigator import Stuck  # noqa: PLC0415 - only here

        self._refresh(Stuck(key, why))
        if key:
            self._open(key)
        self.wizard.say(why, bad=True)

    # -- moves -------------------------------------------------------------------------------------------------

    def forward(self) -> None:
        """Take the answers and go on, or stay with the first question that has a problem."""
        stuck = self.session.nav.next()
        if stuck is not None:
            self._stay(stuck.key, stuck.why)
            return
        self.wizard.went_on()

    def skip(self) -> None:
        """Leave it to the suggestions, where the stage can be left out; what that means is said before."""
        if not self.stage.skipping:
            self.wizard.say("This stage cannot be skipped: what follows rests on it.", bad=True)
        elif not self.warned:
            self.warned = True
            self.wizard.say(f"Skipped, {self.stage.skipping}. F8 once more skips it.")
        elif self.session.nav.skip():
            self.wizard.went_on(f"{self.stage.title} skipped: {self.stage.skipping}.")

    def listed(self) -> None:
        """What the source has."""
        look_at_source(self.wizard, self.stage.key)

    def settled(self) -> None:
        """An end was read: what is known and suggested may be other now."""
        self.before = self.session.desk.plan
        self._know()
        self._refresh()
        if self.active is None:
            self.take_focus()
        else:
            # What is known now may have pushed the question below the edge; but it is what was waited for, too.
            self.call_after_refresh(self._bring, self.active, from_top=True)

    def keys(self) -> Keys:
        """Those that do something here."""
        field = self.active
        kind = field.asked.question.kind if field is not None else ""
        skip = (("F8", "skip"),) if self.stage.skipping else ()
        fold = (("F9", "fewer findings" if self.unfolded else "all findings"),) if self.folds else ()
        return (*KEYS[kind], ("F2", "next"), *self.more_keys(), ("Esc", "back"), *skip, *fold)

    def more_keys(self) -> Keys:
        """Those of this stage alone."""
        return ()

    def help(self) -> str:
        """The stage in words."""
        return help_of(self.stage, self.session.nav.trial(), self.session.desk, width=None)
