"""`astroferry refresh`: the source read again, the file otherwise left as the user has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
from tests.harness import NIGHTLY

from astroferry.model import inventoryfile
from astroferry.model.inventoryfile import fingerprint

if TYPE_CHECKING:
    from tests.harness import World


def test_what_changed_is_taken_over_and_no_answer_is(world: World) -> None:
    world.planned()
    text = world.plan_path.read_text("utf-8")
    edited = text.replace("[decisions]", "# mine: do not touch\n[decisions]")
    world.plan_path.write_text(edited, "utf-8")
    before = world.plan
    world.estate.engine.add(replace(NIGHTLY, dag_id="brand_new"))
    ran = world.on_plan("refresh")
    assert ran.code == 0, ran.err
    assert "  DAG brand_new: new\n" in ran.out
    assert "No answer was changed." in ran.out
    inventory = inventoryfile.load(world.inventory_path)
    assert inventory.dag("brand_new") is not None
    after = world.plan
    assert after.source.fingerprint == fingerprint(inventory) != before.source.fingerprint
    assert replace(after, source=before.source, review_again=()) == replace(before, review_again=())
    lines = world.plan_path.read_text("utf-8").splitlines()
    assert "# mine: do not touch" in lines
    assert len(lines) - len(edited.splitlines()) in {0, 1}, "at most the stages to look at are new"
    again = world.on_plan("refresh", "--json")
    assert again.json["drift"] == []


def test_a_source_that_shows_less_is_not_taken_over(world: World) -> None:
    world.planned()
    kept = world.inventory_path.read_bytes(), world.plan_path.read_bytes()

    def refuse(request: httpx.Request) -> httpx.Response | None:
        refused = request.url.host == "source.test" and request.url.path.endswith("/pools")
        return httpx.Response(403, json={"title": "Forbidden", "status": 403}) if refused else None

    world.wire.before = refuse
    ran = world.on_plan("refresh")
    assert ran.code == 5
    assert "showed less than before (pools)" in ran.err
    assert (world.inventory_path.read_bytes(), world.plan_path.read_bytes()) == kept


def test_without_astro_the_source_is_refreshed_all_the_same(world: World) -> None:
    world.planned()

    def gone(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(401, json={}) if request.url.host == "astro.localhost" else None

    world.wire.before = gone
    ran = world.on_plan("refresh")
    assert ran.code == 0, ran.err
    assert "Astro could not be asked" in ran.err
