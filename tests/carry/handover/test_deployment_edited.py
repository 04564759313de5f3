"""A wave's Deployment is edited in the plan after its cutover: it is given back from where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.two_airflows import Server, world

from astroferry.carry.handover.deployments import moved_to
from astroferry.carry.journal import Journal
from astroferry.model.plan import Deployment, Wave

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.going import Way

    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow


@pytest.mark.parametrize("way", ["cutover", "rollback"])
async def test_its_dags_are_found_where_they_are(tmp_path: Path, way: Way) -> None:
    here, journal = world(tmp_path, catchup=True, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    assert not (await go(here, journal, "cutover")).failed
    assert (set(moved_to(journal, "cl1")), set(moved_to(journal, "cl2"))) == ({"d"}, set())
    there, other = here.target, Server("target", 3, here.clock, 2, catchup=True, parse_every=9)
    deployments = (*here.plan.deployments, Deployment("prod2", "ws"))
    here.plan = replace(here.plan, deployments=deployments, waves=(Wave("one", "prod2", "prod2"),))
    context = here.context

    def knows_both(told: list[str] | None = None) -> Context:
        async def connect(deployment_id: str) -> Airflow:
            return cast("Airflow", there if deployment_id == "cl1" else other)

        ctx = context(told)
        ctx.deployments, ctx.connect_target = {"prod": "cl1", "prod2": "cl2"}, connect
        return ctx

    here.context = knows_both  # type: ignore[method-assign] # this world has two Deployments
    here.clock.pass_by(400)
    assert not (await go(here, journal, way)).failed
    here.clock.pass_by(500)
    assert (here.source.is_paused, there.is_paused, other.is_paused) == (way == "cutover", way == "rollback", True)
    ran = here.ticks_ran()
    assert len(ran) == len(set(ran)) >= len(here.ticks_due()) - 1
    assert bool(moved_to(journal, "cl1")) == (way == "cutover")
