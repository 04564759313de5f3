"""Figures and sentences of the report: they add up, say why, and hold for one of a thing as for many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.advice.environments import own_cloud, walked
from tests.report.reportcase import NOW, SMALL, dag, planned, reviewed

from astroferry.advice.effort import total
from astroferry.model.inventory import Schedule
from astroferry.model.plan import PlacePath
from astroferry.report.assessment import assessment
from astroferry.report.compose import compose
from astroferry.report.data import as_data
from astroferry.report.document import Bullets, Table, Text, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.report.assessment import Assessment
    from astroferry.report.document import Block


def of(inventory: Inventory, name: str = "migration") -> Assessment:
    return assessment(planned(inventory, name=name), inventory, NOW)


def blocks(it: Assessment, key: str) -> tuple[Block, ...]:
    return next(section.blocks for section in compose(it).sections if section.key == key)


def bullets(it: Assessment, key: str) -> list[str]:
    return [line for block in blocks(it, key) if isinstance(block, Bullets) for line in block.items]


def words(found: tuple[Block, ...]) -> Iterator[str]:
    yield from (block.words for block in found if isinstance(block, Text))


def test_the_pieces_of_work_are_the_sum_and_the_money_is_of_the_days_that_are_said() -> None:
    it = reviewed()
    text, table = blocks(it, "effort")
    assert isinstance(text, Text)
    assert isinstance(table, Table)
    figures = [float(row[1]) for row in table.rows]
    assert round(sum(figures[:-1]), 2) == figures[-1]
    least, most = total(it.effort)
    assert text.words.startswith(f"{least} to {most} person days")
    assert f"{least * 800:,} EUR to {most * 800:,} EUR" in text.words
    told = as_data(it)["effort"]
    assert (told["least_days"], told["most_days"]) == (least, most)


def test_the_conditions_stand_beside_the_verdict() -> None:
    it = reviewed()
    assert it.verdicts.environment.word == "ready with conditions"
    assert "The conditions:" in list(words(blocks(it, "verdict")))
    shown = bullets(it, "verdict")
    assert len(shown) == len(it.verdicts.environment.reasons)
    assert any("[VRD-gaps]" in line for line in shown), "no finding, and yet a reason"


def test_a_long_list_of_conditions_is_cut_and_says_so() -> None:
    it = reviewed()
    reasons = it.verdicts.environment.reasons * 2
    many = replace(it, verdicts=replace(it.verdicts, environment=replace(it.verdicts.environment, reasons=reasons)))
    shown = bullets(many, "verdict")
    assert len(shown) == 9
    assert shown[-1] == f"and {len(reasons) - 8} more, below."


def test_every_code_on_the_page_is_explained_there() -> None:
    it = of(replace(SMALL, dags=(dag("odd", Schedule("unknown")),)))
    page = str(compose(it).sections)
    assert "VRD-unread: " in page
    # Two rules say the same of this DAG; the sentence stands once, with both codes.
    assert "Its schedule could not be read. [VRD-unread, CUT-refused]" in page


def test_one_of_each_is_told_as_one() -> None:
    one = replace(SMALL, dags=(dag("only"),), connections=SMALL.connections[:1], import_errors=(), plugins=())
    it = of(one)
    tiles = next(block for block in blocks(it, "verdict") if isinstance(block, Tiles))
    assert [what for _, what, _ in tiles.items] == ["DAG", "DAGs simply ready", "connection", "wave"]
    assert "1 DAG is simply ready." in list(words(blocks(it, "dags")))
    picture = next(block for block in blocks(it, "waves") if not isinstance(block, Table))
    assert "1 wave, a week, and" in str(picture)


def test_where_the_guide_pauses_first_the_reader_is_told_otherwise() -> None:
    assert any("drained first and paused then" in text for text in words(blocks(of(SMALL), "waves")))


def test_a_source_without_dags_is_unknown_and_says_why() -> None:
    it = of(replace(SMALL, dags=(), import_errors=()))
    assert it.verdicts.environment.word == "unknown"
    assert any("No DAG of the source could be read. [VRD-unread]" in line for line in bullets(it, "verdict"))


def test_from_airflow_1_no_dag_is_ready() -> None:
    it = of(replace(SMALL, airflow_version="1.10.15", import_errors=()))
    assert it.verdicts.counts()["ready"] == 0
    assert it.verdicts.environment.word == "not ready"


def test_an_answer_that_could_not_be_suggested_is_no_suggestion() -> None:
    runtime = next(item for item in of(SMALL).decided if item.key == "decisions.runtime")
    assert runtime.reason.startswith("Chosen without a suggestion.")


def test_packages_and_agents_are_left_to_people() -> None:
    shown = "\n".join(bullets(reviewed(), "manual"))
    assert "apache-airflow-providers-amazon" in shown
    assert "`astro deploy`" in shown
    made = own_cloud()
    desk, _ = walked(made)
    remote = "\n".join(bullets(assessment(desk.plan, made.inventory, NOW, facts=made.facts), "manual"))
    assert "its agents, their image and DAG bundles" in remote
    assert "The agents' image is built with" in remote
    assert "astro deploy" not in remote


def test_a_plan_without_a_name_of_its_own_is_not_called_migration_twice() -> None:
    assert compose(of(SMALL)).title == "Migration to Astro"
    assert compose(of(SMALL, "quay")).title == "Migration quay"


def test_a_path_is_confirmed_only_where_somebody_changed_the_guess() -> None:
    first, second, third = (replace(SMALL.places[0], host=f"10.20.0.{number}") for number in (12, 13, 14))
    said = (
        PlacePath(first.host, first.path),
        PlacePath(second.host, "private-endpoint"),
        PlacePath(third.host, "unknown"),
    )
    seen = replace(SMALL, places=(first, second, third))
    plan = planned(seen, places=said)
    plan = replace(plan, decisions=replace(plan.decisions, cluster="standard", cluster_name="", networking="public"))
    it = assessment(plan, seen, NOW)
    table = next(block for block in blocks(it, "network") if isinstance(block, Table))
    known = {row[0].rpartition(":")[0]: row[2] for row in table.rows}
    assert known[first.host].startswith("guessed, not changed: ")
    assert (known[second.host], known[third.host]) == ("confirmed", "nobody has said")
    tiles = next(block for block in blocks(it, "verdict") if isinstance(block, Tiles))
    assert "2 places not reached by this plan" in next(
        more for _, what, more in tiles.items if what == "DAGs simply ready"
    )
