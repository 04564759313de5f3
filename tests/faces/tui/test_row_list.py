"""The list for thousands of rows: what is shown, sorted, selected; and that only the screen is drawn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from tests.faces.tui.tui_driving import text_of
from textual.app import App
from textual.binding import Binding, BindingType

from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

ROWS = [(f"dag_{number:05}", str(number), "even" if number % 2 == 0 else "odd") for number in range(14_000)]


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.list = RowList(("DAG", "number", "kind"), ROWS, marks=True, sorts=True)

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.focus()


async def test_moving_marking_filtering_sorting() -> None:
    app = Host()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("down", "space", "space")
        assert app.list.selected == {1, 2}
        await pilot.press("end")
        await pilot.pause()
        assert app.list.row == 13_999
        assert "dag_13999" in text_of(app)
        app.list.filter("odd dag_1399")
        await pilot.pause()
        shown = [app.list.rows[row][0] for row in app.list.view]
        assert shown == ["dag_13991", "dag_13993", "dag_13995", "dag_13997", "dag_13999"]
        assert app.list.row == 13_999, "the cursor stays with its row"
        await pilot.press("a")
        assert {1, 2, 13_991} <= app.list.selected
        await pilot.press("a")
        assert app.list.selected == {1, 2}, "what the filter hides stays selected"
        app.list.filter("")
        app.list.sort_by(1)
        assert [app.list.rows[row][1] for row in app.list.view[8:12]] == ["8", "9", "10", "11"]
        app.list.filter("nothing like it")
        await pilot.pause()
        assert not app.list.view
        assert "Nothing matches the filter." in text_of(app)
        await pilot.press("down", "space", "enter", "s", "pagedown", "home")


async def test_fourteen_thousand_rows_do_not_block() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)):
        began = time.process_time()
        for text in ("odd", "odd 7", ""):
            app.list.filter(text)
        app.list.sort_by(0)
        # A DataTable needs more than a second of the loop for the last filter alone.
        assert time.process_time() - began < 1.0


async def test_letters_that_do_nothing_in_a_list_are_left_to_the_panel() -> None:
    class Around(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "heard('s')"), Binding("a", "heard('a')")]
        heard: ClassVar[list[str]] = []

        def compose(self) -> ComposeResult:
            yield RowList(("DAG",), [("b",), ("a",)])

        def action_heard(self, key: str) -> None:
            self.heard.append(key)

    app = Around()
    async with app.run_test() as pilot:
        app.query_one(RowList).focus()
        await pilot.press("s", "a")
        assert app.heard == ["s", "a"]
        assert app.query_one(RowList).view == [0, 1]
