"""The DAGs of the stage of waves: select many, and put them into a wave, onto a Deployment, or into a Workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from astroferry.faces.clock import scheduled
from astroferry.faces.placing import division_of, into_workspace, production_in
from astroferry.faces.tables import assign, leave_out, place, wave_of
from astroferry.faces.tui.screens.modals import AskScreen, MenuScreen, TextScreen
from astroferry.faces.tui.widgets.bars import Foot
from astroferry.faces.tui.widgets.row_list import RowList
from astroferry.model.naming import unfit_for_a_wave
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from textual.app import ComposeResult

    from astroferry.faces.placing import Division
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

NEW, NONE = "\0new", "\0none"


@dataclass(frozen=True, slots=True)
class _Undone:
    """What one key undoes: how things stood before."""

    division: Division
    what: str


class DagListScreen(ModalScreen["Division | None"]):
    """See the module. F2 gives the division back; leaving with changes asks first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("f2", "take", show=False),
        Binding("f1,question_mark", "help", show=False),
        Binding("slash", "filter", show=False),
        Binding("w", "assign", show=False),
        Binding("d", "place", show=False),
        Binding("o", "workspace", show=False),
        Binding("u", "undo", show=False),
    ]

    def __init__(self, plan: Plan, inventory: Inventory, waves: list[dict[str, Any]]) -> None:
        super().__init__()
        self.plan = plan
        self.inventory = inventory
        self.dags = inventory.dags
        self.division = self._first = division_of(plan, waves)
        self._before: list[_Undone] = []
        headings = ("DAG", "wave", "Deployment", "Workspace", "schedule", "owner")
        self.list = RowList(headings, self._rows(), marks=True, sorts=True)

    def compose(self) -> ComposeResult:
        """Filter, list, keys."""
        yield Static(classes="title", id="counted", markup=False)
        field = Input(placeholder="/ filters: words of any column", compact=True, id="filter")
        field.cursor_blink = False
        yield field
        yield self.list
        yield Static(id="said", markup=False)
        yield Foot(
            ("w", "wave"), ("d", "Deployment"), ("o", "Workspace"), ("u", "undo"), ("F2", "take"), ("Esc", "leave")
        )
        yield Foot(
            ("space", "mark"), ("a", "all"), ("/", "filter"), ("s", "sort"), ("Enter", "in full"), ("F1", "help")
        )

    def on_mount(self) -> None:
        """The list has the keys."""
        self.list.focus()
        self._count()

    # -- showing -----------------------------------------------------------------------------------------------

    def _rows(self) -> list[tuple[str, ...]]:
        waves = wave_of(self.division.waves, (dag.dag_id for dag in self.dags))
        goes_to = {wave["name"]: wave["production"] for wave in self.division.waves}
        lies_in = {item.name: item.workspace for item in self.division.deployments}
        return [
            (
                dag.dag_id,
                waves[dag.dag_id] or "(none)",
                goes := goes_to.get(waves[dag.dag_id], ""),
                lies_in.get(goes, ""),
                scheduled(dag.schedule),
                ", ".join(dag.owners),
            )
            for dag in self.dags
        ]

    def _count(self) -> None:
        words = f"{several(len(self.dags), 'DAG')}, {len(self.list.view):,} shown, {len(self.list.selected):,} marked"
        self.query_one("#counted", Static).update(Content.styled(words, "bold $accent"))

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content.styled(text, "$text-muted"))

    def on_row_list_marked(self) -> None:
        """Tell how many."""
        self._count()

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """A DAG in full."""
        row = event.rows.rows[event.row]
        dag = self.dags[event.row]
        cells = (*zip(event.rows.headings, row, strict=True), ("file", dag.fileloc), ("tags", ", ".join(dag.tags)))
        self.app.push_screen(TextScreen(dag.dag_id, cells))

    def action_help(self) -> None:
        """What the keys do."""
        self.app.push_screen(
            TextScreen(
                "DAGs into waves",
                "space marks a DAG, a all that are shown; without a mark, keys are about the DAG under the cursor.\n"
                "/ filters by words of any column, s sorts by the next column, Enter shows a DAG in full.\n\n"
                "w puts them into a wave, or into none: then they do not move.\n"
                "d puts them onto a Deployment: into the first wave that goes there, or a new one.\n"
                "o puts them into a Workspace: onto its production Deployment; where it has none, one like theirs "
                "now is added to the plan.\n"
                "u undoes the last of these.\n\n"
                "F2 takes the division into the plan; Esc leaves, and asks first where something has changed.",
            )
        )

    # -- filter ------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.list.filter(event.value)
        self._count()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.list.focus()

    # -- putting DAGs somewhere ----------------------------------------------------------------------------------

    def _chosen(self) -> list[str]:
        """Ids of the marked DAGs, or of the one under the cursor."""
        row = self.list.row
        numbers = sorted(self.list.selected) or ([row] if row is not None else [])
        return [self.dags[number].dag_id for number in numbers]

    def _ask(self, dags: list[str], where: str, options: list[Option], then: Callable[[str], None]) -> None:
        if dags:
            self.app.push_screen(
                MenuScreen(f"{several(len(dags), 'DAG')} {where}", options),
                lambda name: then(name) if name else None,
            )

    def _now(self, division: Division, dags: list[str], where: str) -> None:
        """It is so from now on, and told."""
        what = f"{several(len(dags), 'DAG')} {where}"
        self._before.append(_Undone(self.division, what))
        self.division = division
        self._show(f"{what}. u undoes it, F2 takes it into the plan.")

    def _show(self, said: str) -> None:
        self.list.set_rows(self._rows())
        self.list.select(())
        self._count()
        self._say(said)

    def action_undo(self) -> None:
        """As before the last assignment."""
        if not self._before:
            self._say("There is nothing to undo.")
            return
        last = self._before.pop()
        self.division = last.division
        self._show(f"Undone: {last.what}.")

    def action_assign(self) -> None:
        """Into which wave?"""
        dags = self._chosen()
        options = [Option(wave["name"], wave["name"]) for wave in self.division.waves]
        options += [Option(NONE, "no wave: they do not move"), Option(NEW, "a new wave …")]
        self._ask(dags, "into which wave?", options, lambda name: self._into(dags, name))

    def _into(self, dags: list[str], name: str) -> None:
        if name == NEW:
            self._ask_name(dags)
            return
        if name == NONE:
            self._now(replace(self.division, waves=leave_out(self.division.waves, dags)), dags, "into no wave")
            return
        self._now(replace(self.division, waves=assign(self.division.waves, dags, name)), dags, f"into {name}")

    def _ask_name(self, dags: list[str], typed: str = "", wrong: str = "") -> None:
        """What shall the new wave be called? Asked again, with what was typed, until it may be called so."""

        def named(answer: str | None) -> None:
            if not (name := (answer or "").strip()):
                return
            if unfit := unfit_for_a_wave(name):
                self._ask_name(dags, name, f"A wave's name {unfit}.")
            else:
                self._into(dags, name)

        self.app.push_screen(AskScreen("Name of the new wave", note=wrong, value=typed), named)

    def action_place(self) -> None:
        """Onto which Deployment?"""
        dags = self._chosen()
        fit = [item for item in self.division.deployments if item.role != "test"]
        options = [Option(item.name, item.name, f"in the Workspace {item.workspace}") for item in fit]
        if options:
            self._ask(dags, "onto which Deployment?", options, lambda name: self._onto(dags, name))

    def _onto(self, dags: list[str], name: str) -> None:
        workspace = next(item.workspace for item in self.division.deployments if item.name == name)
        tests = (item for item in self.division.deployments if item.role == "test" and item.workspace == workspace)
        test = next((item.name for item in tests), "")
        self._now(replace(self.division, waves=place(self.division.waves, dags, name, test)), dags, f"onto {name}")

    def action_workspace(self) -> None:
        """Into which Workspace?"""
        dags = self._chosen()
        options = [Option(item.name, item.name, self._where_there(item.name)) for item in self.division.workspaces]
        self._ask(
            dags,
            "into which Workspace?",
            [*options, Option(NEW, "a new Workspace …")],
            lambda name: self._in_workspace(dags, name),
        )

    def _where_there(self, workspace: str) -> str:
        there = production_in(self.division, workspace)
        if not there:
            return "has no Deployment for production; one is added to the plan"
        return f"on {there[0].name}" if len(there) == 1 else f"on one of {len(there)} Deployments"

    def _in_workspace(self, dags: list[str], name: str) -> None:
        if name == NEW:
            self.app.push_screen(
                AskScreen("Name of the new Workspace"),
                lambda typed: self._in_workspace(dags, typed) if typed else None,
            )
            return
        there = production_in(self.division, name)
        if len(there) > 1:
            options = [Option(item.name, item.name, f"{item.executor}, {item.role}") for item in there]
            self._ask(dags, f"onto which Deployment of {name}?", options, lambda one: self._settle(dags, name, one))
        else:
            self._settle(dags, name, "")

    def _settle(self, dags: list[str], name: str, deployment: str) -> None:
        before = {item.name for item in self.division.deployments}
        division = into_workspace(
            self.plan, self.inventory, self.division, dags, workspace=name, deployment=deployment
        )
        made = [item.name for item in division.deployments if item.name not in before]
        self._now(division, dags, f"into {name}" + (f", on a new Deployment {made[0]}" if made else ""))

    # -- leaving -----------------------------------------------------------------------------------------------

    def action_take(self) -> None:
        """Give it back."""
        self.dismiss(self.division)

    def action_leave(self) -> None:
        """From the filter to the list; from the list away, after a question where something would be lost."""
        if self.query_one(Input).has_focus:
            self.query_one(Input).value = ""
            self.list.focus()
        elif self.division == self._first:
            self.dismiss(None)
        else:
            options = [
                Option("take", "Take them into the plan"),
                Option("drop", "Drop them", "all is as it was before F7"),
                Option("stay", "Stay here"),
            ]
            what = several(len(self._before), "assignment")
            self.app.push_screen(MenuScreen(f"{what} not taken yet", options), self._left)

    def _left(self, how: str | None) -> None:
        if how == "take":
            self.dismiss(self.division)
        elif how == "drop":
            self.dismiss(None)
