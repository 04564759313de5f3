"""A new look at the source: what changed, which advice changed, and that no answer does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry.model.inventory import Coverage, Dag, Place, Schedule
from astroferry.model.inventoryfile import fingerprint
from astroferry.model.plan import Wave
from astroferry.stages import DECIDING
from astroferry.stages.refreshing import lost, refreshed

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan
    from astroferry.stages.refreshing import Refreshed

NEW = Dag("new", Schedule("cron", "@daily"), is_paused=False, catchup=False, waits_for=("by_hand",))
PRIVATE = Place("10.1.2.3", 5432, ("warehouse_pg",), "peering", "10.1.2.3 is a private address.")


def after(plan: Plan, before: Inventory, **changes: Any) -> Refreshed:
    decided = replace(plan, decided=tuple(stage.key for stage in DECIDING), review_again=("values",))
    return refreshed(Path("migration.toml"), decided, before, replace(before, **changes))


def test_nothing_changed(plan: Plan, inventory: Inventory) -> None:
    found = after(plan, inventory)
    assert (found.drift, found.advice, found.review_again, found.told) == ((), (), (), ())
    assert found.plan.review_again == ("values",)


def test_only_the_fingerprint_and_the_stages_to_look_at_change(plan: Plan, inventory: Inventory) -> None:
    found = after(plan, inventory, dags=(*inventory.dags, NEW), places=(PRIVATE,))
    assert found.plan.source.fingerprint == fingerprint(replace(inventory, dags=(*inventory.dags, NEW)))
    untouched = replace(found.plan, source=plan.source, review_again=plan.review_again, decided=plan.decided)
    assert untouched == plan
    assert "DAG new: new" in found.drift
    assert set(found.plan.review_again) == {"values", *found.review_again}
    assert {"waves", "cluster"} <= set(found.review_again)


def test_advice_that_changed_names_the_answer_that_stays(plan: Plan, inventory: Inventory) -> None:
    found = after(plan, inventory, places=(PRIVATE,))
    (cluster,) = [item for item in found.advice if item.what.startswith("decisions.cluster")]
    assert "standard was suggested, now dedicated is." in cluster.what
    assert cluster.answer == "standard"


def test_findings_that_come_and_go(plan: Plan, inventory: Inventory) -> None:
    found = after(plan, inventory, dags=(*inventory.dags, NEW))
    assert any("[HAZ-001]" in item.what and item.what.startswith("new warn") for item in found.advice)
    read = tuple(replace(dag, dependencies="none") for dag in inventory.dags)
    gone = after(plan, inventory, dags=read)
    assert any(item.what.startswith("no longer:") and "[WAV-links]" in item.what for item in gone.advice)


def test_stages_not_gone_through_yet_are_not_marked(plan: Plan, inventory: Inventory) -> None:
    grown = replace(inventory, dags=(*inventory.dags, NEW))
    found = refreshed(Path("migration.toml"), plan, inventory, grown)
    assert found.advice
    assert found.plan.review_again == ()


def test_a_new_dag_in_a_wave_that_has_moved_is_told(plan: Plan, inventory: Inventory) -> None:
    moved = replace(plan, waves=(plan.waves[0], replace(plan.waves[1], state="cut over")))
    found = after(moved, inventory, dags=(*inventory.dags, NEW))
    assert found.told == ('new is new and falls into wave "rest", which has been cut over: name it in another wave.',)
    named = replace(moved, waves=(*moved.waves, Wave("late", "data-test", "data-prod", ("new",))))
    assert after(named, inventory, dags=(*inventory.dags, NEW)).told == ()


def test_what_could_not_be_read_any_more(inventory: Inventory) -> None:
    before = replace(inventory, coverage=(Coverage("pools", "read", 2), Coverage("plugins", "refused")))
    now = replace(inventory, coverage=(Coverage("pools", "refused"), Coverage("plugins", "refused")))
    assert lost(before, now) == ("pools",)
    assert lost(now, before) == ()
