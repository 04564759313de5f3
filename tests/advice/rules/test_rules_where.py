"""Execution, cluster, network, Workspaces: where things run and how they reach each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.advice.rules.rulecase import CRON, INVENTORY, PLAN, facts, ids, place

from astroferry.advice.rules import cluster, execution, network, workspaces
from astroferry.advice.rules.rule import Case
from astroferry.model.inventory import Coverage, Dag
from astroferry.model.plan import PlacePath

if TYPE_CHECKING:
    from astroferry.model.plan import Plan

PRIVATE = replace(
    INVENTORY,
    places=(
        place("10.0.0.1", "peering", 5432),
        place("crm.corp", "vpn"),
        place("erp.corp", "vpn"),
        place("api.example.com", "public"),
    ),
)


def decided(**decisions: Any) -> Plan:
    return replace(PLAN, decisions=replace(PLAN.decisions, **decisions))


def test_hosted_is_suggested_and_private_places_are_named() -> None:
    assert execution.suggest(Case(PLAN, INVENTORY)).evidence == ()
    found = execution.suggest(Case(PLAN, PRIVATE))
    assert (found.value, len(found.evidence)) == ("hosted", 3)


def test_where_little_is_known_nothing_is_sure() -> None:
    unclear = replace(
        INVENTORY,
        places=(place("localhost", "local"), place("host of crm", "unknown")),
        coverage=(Coverage("connections", "refused", detail="403"),),
    )
    for book, key in (
        (execution, "decisions.execution"),
        (cluster, "decisions.cluster"),
        (network, "decisions.networking"),
    ):
        reason = book.BOOK.suggestions[key](Case(PLAN, unclear)).reason
        assert "localhost leads to the Airflow machine itself" in reason
        assert "not known: host of crm." in reason
        assert "did not show its connections" in reason
    assert "can be reached over the internet" not in execution.suggest(Case(PLAN, unclear)).reason
    known = replace(INVENTORY, places=(place("api.example.com", "public"),))
    assert execution.suggest(Case(PLAN, known)).reason.startswith("1 known place can be reached over the internet")


DEDICATED = decided(networking="vpn", cluster="dedicated", cluster_name="harbour")
REMOTE = decided(execution="remote", secrets_backend="hashicorp-vault")


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        (("ENTERPRISE",), []),
        (("enterprise_business_critical",), []),
        (("BUSINESS_CRITICAL",), []),
        (("TEAM", "ENTERPRISE"), []),
        (("BUSINESS_V2",), ["EXE-002"]),
        (("TEAM",), ["EXE-001"]),
        (("DEVELOPER",), ["EXE-001"]),
        ((), []),
    ],
)
def test_remote_execution_needs_a_plan(plans: tuple[str, ...], expected: list[str]) -> None:
    found = ids(execution.BOOK.problems(Case(REMOTE, INVENTORY, facts(*plans))))
    assert [code for code in found if code in {"EXE-001", "EXE-002"}] == expected


def test_private_places_suggest_a_dedicated_cluster() -> None:
    assert cluster.suggest(Case(PLAN, INVENTORY)).value == "standard"
    found = cluster.suggest(Case(PLAN, PRIVATE))
    assert found.value == "dedicated"
    assert "10.0.0.1 looks so." in found.evidence


def test_what_the_plan_says_of_a_place_wins_over_the_guess() -> None:
    said = (
        PlacePath("10.0.0.1", "public"),
        PlacePath("crm.corp", "public"),
        PlacePath("erp.corp", "public"),
        PlacePath("api.example.com", "private-endpoint", 7),
    )
    plan = replace(PLAN, places=said)
    assert ids(cluster.BOOK.problems(Case(plan, PRIVATE, None))) == []
    found = {finding.code: finding.message for finding in network.BOOK.problems(Case(plan, PRIVATE, None))}
    assert set(found) == {"NET-ask", "NET-021"}
    # The plan speaks of another port of that host.
    assert "only guessed: api.example.com." in found["NET-ask"]


def test_the_way_of_most_private_places_is_suggested() -> None:
    assert network.suggest(Case(PLAN, INVENTORY)).value == "public"
    assert network.suggest(Case(PLAN, PRIVATE)).value == "public"
    found = network.suggest(Case(DEDICATED, PRIVATE))
    assert (found.value, len(found.evidence)) == ("vpn", 3)
    one = replace(INVENTORY, places=(place("x", "private-endpoint"),))
    assert network.suggest(Case(DEDICATED, one)).value == "private-endpoint"
    two = replace(INVENTORY, places=(place("x", "vpn"), place("y", "peering")))
    assert network.suggest(Case(DEDICATED, two)).value == "vpc-peering"


def test_workspaces_by_owners_of_a_large_source() -> None:
    assert workspaces.suggest(Case(PLAN, INVENTORY)).value == "one"
    many = tuple(Dag(f"d{n}", CRON, is_paused=False, owners=("ops" if n % 2 else "sales",)) for n in range(60))
    found = workspaces.suggest(Case(PLAN, replace(INVENTORY, dags=many)))
    assert (found.value, found.evidence) == ("team", ("ops: 30 DAGs", "sales: 30 DAGs"))
    assert workspaces.suggest(Case(PLAN, replace(INVENTORY, dags=many[:10]))).value == "one"
    nobody = tuple(replace(dag, owners=("airflow",)) for dag in many)
    assert workspaces.suggest(Case(PLAN, replace(INVENTORY, dags=nobody))).value == "one"


def test_an_option_is_refused_by_the_rules_about_it() -> None:
    older = Case(decided(airflow="2"), INVENTORY)
    assert execution.BOOK.refusals(older, execution.WHERE, ("hosted", "remote")) == {
        "remote": "Remote execution needs Airflow 3."
    }
    assert execution.BOOK.refusals(Case(PLAN, INVENTORY), execution.WHERE, ("hosted", "remote")) == {}


def test_a_rules_help_page_is_its_docstring() -> None:
    pages = {rule.id: rule.page for rule in execution.BOOK.rules}
    assert pages["EXE-003"].startswith("Remote execution needs Airflow 3.")
