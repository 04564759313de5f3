"""All DAGs in a list: filter, sort, look, and in the stage of waves select many and put them into a wave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from astroferry.faces.tables import assign, place, wave_of
from astroferry.faces.tui.screens.modals import AskScreen, MenuScreen
from astroferry.faces.tui.widgets.row_list import RowList
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from astroferry.model.inventory import Dag
    from astroferry.model.plan import Deployment

NEW = "\0new"


class DagListScreen(ModalScreen["list[dict[str, Any]] | None"]):
    """The DAGs; with `waves` they can be moved between waves, and F2 gives the waves back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("f2", "take", show=False),
        Binding("slash", "filter", show=False),
        Binding("w", "assign", show=False),
        Binding("d", "place", show=False),
    ]

    def __init__(
        self,
        dags: Sequence[Dag],
        waves: list[dict[str, Any]] | None = None,
        deployments: Sequence[Deployment] = (),
    ) -> None:
        super().__init__()
        self.deployments = tuple(deployments)
        self.dags = tuple(dags)
        self.waves = waves
        headings = (
            ("DAG", "wave", "Deployment", "schedule", "owner")
            if waves is not None
            else ("DAG", "state", "schedule", "owner")
        )
        self.list = RowList(headings, self._rows(), marks=waves is not None, sorts=True)

    def compose(self) -> ComposeResult:
        """Filter, list, keys."""
        yield Static(classes="title", id="counted", markup=False)
        field = Input(
            placeholder="/ filters: words of an id, owner, schedule, wave, Deployment", compact=True, id="filter"
        )
        field.cursor_blink = False
        yield field
        yield self.list
        yield Static(self._keys(), classes="foot")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.list.focus()
        self._count()

    def _rows(self) -> list[tuple[str, ...]]:
        waves = wave_of(self.waves, (dag.dag_id for dag in self.dags)) if self.waves is not None else {}
        goes_to = {wave["name"]: wave["production"] for wave in self.waves or ()}
        return [
            (
                dag.dag_id,
                *(
                    (waves[dag.dag_id] or "(none)", goes_to.get(waves[dag.dag_id], ""))
                    if self.waves is not None
                    else ("paused" if dag.is_paused else "active",)
                ),
                dag.schedule.expression or dag.schedule.kind,
                ", ".join(dag.owners),
            )
            for dag in self.dags
        ]

    def _keys(self) -> Content:
        keys = "/ filter · s sort · Esc close"
        if self.waves is not None:
            keys = "/ filter · s sort · space mark · a all · w wave · d Deployment · F2 take · Esc"
        return Content.styled(keys, "$text-muted")

    def _count(self) -> None:
        words = f"{several(len(self.dags), 'DAG')}, {len(self.list.view):,} shown"
        if self.waves is not None:
            words += f", {len(self.list.selected):,} marked"
        self.query_one("#counted", Static).update(Content.styled(words, "bold $accent"))

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

    def on_row_list_marked(self) -> None:
        """Tell how many."""
        self._count()

    def action_assign(self) -> None:
        """Into which wave?"""
        if self.waves is None or self.list.row is None:
            return
        options = [Option(wave["name"], wave["name"]) for wave in self.waves]
        chosen = sorted(self.list.selected or {self.list.row})
        self.app.push_screen(
            MenuScreen(f"{several(len(chosen), 'DAG')} into which wave?", [*options, Option(NEW, "a new wave …")]),
            lambda name: self._into(chosen, name),
        )

    def _into(self, chosen: list[int], name: str | None) -> None:
        if name == NEW:
            self.app.push_screen(AskScreen("Name of the new wave"), lambda typed: self._into(chosen, typed))
        elif name and self.waves is not None:
            self.waves = assign(self.waves, [self.dags[number].dag_id for number in chosen], name)
            self.list.set_rows(self._rows())
            self.list.select(())
            self._count()

    def action_place(self) -> None:
        """Onto which Deployment, and with it into which Workspace?"""
        if self.waves is None or self.list.row is None or not self.deployments:
            return
        fit = [item for item in self.deployments if item.role != "test"]
        chosen = sorted(self.list.selected or {self.list.row})
        self.app.push_screen(
            MenuScreen(
                f"{several(len(chosen), 'DAG')} onto which Deployment?",
                [Option(item.name, item.name, f"in the Workspace {item.workspace}") for item in fit],
            ),
            lambda name: self._onto(chosen, name),
        )

    def _onto(self, chosen: list[int], name: str | None) -> None:
        if not name or self.waves is None:
            return
        workspace = next(item.workspace for item in self.deployments if item.name == name)
        test = next(
            (item.name for item in self.deployments if item.role == "test" and item.workspace == workspace), ""
        )
        self.waves = place(self.waves, [self.dags[number].dag_id for number in chosen], name, test)
        self.list.set_rows(self._rows())
        self.list.select(())
        self._count()

    def action_take(self) -> None:
        """Give the waves back."""
        self.dismiss(self.waves)

    def action_leave(self) -> None:
        """From the filter to the list; from the list away, with everything as it was."""
        if self.query_one(Input).has_focus:
            self.query_one(Input).value = ""
            self.list.focus()
        else:
            self.dismiss(None)
