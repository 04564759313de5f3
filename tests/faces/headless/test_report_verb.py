"""`astroferry report`: one file, from the plan, the inventory and the journal; no secret in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.harness import CONNECTIONS, DEPLOYMENT, VARIABLES

if TYPE_CHECKING:
    from tests.harness import World


@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_each_kind_is_written_and_holds_no_secret(world: World, kind: str) -> None:
    world.planned()
    out = world.folder / f"report.{kind}"
    ran = world.on_plan("report", "--out", str(out))
    assert ran.code == 0, ran.err
    assert f"Report: {out}" in ran.out
    text = out.read_text("utf-8")
    assert "ticks_on" in text.replace("\\_", "_")
    for secret in (world.token, CONNECTIONS[0].password, VARIABLES[1].value):
        assert secret
        assert secret not in text


def test_the_cutover_appears_once_there_is_one(world: World) -> None:
    world.planned()
    out = world.folder / "report.json"
    assert world.on_plan("report", "--out", str(out), "--json").json["report"] == str(out)
    assert json.loads(out.read_text("utf-8"))["cutovers"] == []
    assert world.on_plan("apply").code == 0
    ran = world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT)
    assert ran.code in {0, 6}, ran.err
    assert world.on_plan("report", "--out", str(out)).code == 0
    (part,) = json.loads(out.read_text("utf-8"))["cutovers"]
    assert part["wave"] == "pilot"
    page = world.folder / "report.html"
    assert world.on_plan("report", "--out", str(page)).code == 0
    assert 'id="cutover"' in page.read_text("utf-8")


def test_without_astro_and_in_another_form(world: World) -> None:
    world.planned()
    wrong = world.on_plan("report", "--out", str(world.folder / "report.pdf"))
    assert wrong.code == 2
    assert "report.pdf is none of these" in wrong.err

    def gone(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(401, json={}) if request.url.host == "astro.localhost" else None

    world.wire.before = gone
    ran = world.on_plan("report", "--out", str(world.folder / "report.md"))
    assert ran.code == 0, ran.err
    assert "Astro could not be asked" in ran.err
