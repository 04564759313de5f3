"""What must hold before anything is carried out: met, missing with who grants it, or confirmed by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from astroferry.errors import Exit

if TYPE_CHECKING:
    from tests.harness import World


def told(world: World) -> tuple[int, dict[str, dict[str, Any]]]:
    ran = world.on_plan("check", "--json")
    return ran.code, {item["key"]: item for item in ran.json["prerequisites"]}


def test_all_that_a_machine_can_check_is_met(world: World) -> None:
    world.planned(confirmed=[])
    code, found = told(world)
    assert code == 0
    assert {key for key, item in found.items() if item["outcome"] == "met"} >= {
        "astro-organization",
        "astro-token",
        "astro-runtime",
        "astro-workspaces",
        "source-dags",
        "source-connections",
    }
    assert found["people-invited"]["outcome"] == "to be confirmed"


def test_a_confirmation_names_who_said_it_and_when(world: World) -> None:
    said = datetime(2026, 11, 20, 10, tzinfo=UTC)
    world.planned(confirmed=[{"what": "people-invited", "by": "Ada", "at": said}])
    item = told(world)[1]["people-invited"]
    assert (item["outcome"], item["detail"]) == ("confirmed", "by Ada, 2026-11-20 10:00")


def test_a_token_that_ends_soon_is_none(world: World) -> None:
    world.planned()
    soon = world.astro.token(expires=world.clock.now() + timedelta(hours=30))
    world.monkeypatch.setenv("ASTRO_API_TOKEN", soon)
    code, found = told(world)
    assert code == Exit.PLAN
    assert found["astro-token"]["outcome"] == "missing"
    assert "too soon for a migration" in found["astro-token"]["detail"]
    later = world.astro.token(expires=world.clock.now() + timedelta(days=30))
    world.monkeypatch.setenv("ASTRO_API_TOKEN", later)
    assert told(world)[1]["astro-token"]["outcome"] == "met"


def test_a_persons_session_is_no_api_token(world: World) -> None:
    world.planned()
    world.monkeypatch.setenv("ASTRO_API_TOKEN", world.astro.user_token())
    code, found = told(world)
    assert code == Exit.PLAN
    assert "a person's session token" in found["astro-token"]["detail"]
    assert "Organization Owner" in " ".join(world.on_plan("check").out.split())


def test_a_login_that_may_not_list_connections_and_a_list_that_fails(world: World) -> None:
    world.planned()
    answers = {"/api/v1/connections": httpx.Response(403, json={"title": "Forbidden", "status": 403})}
    world.wire.before = lambda request: answers.get(request.url.path)
    code, found = told(world)
    assert code == Exit.PLAN
    assert found["source-connections"]["outcome"] == "missing"
    answers["/api/v1/connections"] = httpx.Response(500)
    assert told(world)[1]["source-connections"]["outcome"] == "missing"


def test_remote_execution_needs_a_plan_that_has_it(world: World) -> None:
    remote = {"execution": "remote", "cluster": "standard", "networking": "remote-agents"}
    product = world.astro.organizations[world.astro.organization]["productPlans"][0]
    product["productPlanName"] = "ENTERPRISE"
    world.planned(decisions=remote)
    assert told(world)[1]["astro-plan"]["outcome"] == "met"
    product["productPlanName"] = "TEAM_V2"
    code, found = told(world)
    assert code == Exit.PLAN
    assert found["astro-plan"]["outcome"] == "missing"
