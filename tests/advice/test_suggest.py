from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import INVENTORY, PLAN, facts, place

from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import problems, rules, suggest

KEYS = [
    "decisions.airflow",
    "decisions.runtime",
    "decisions.cron_data_intervals",
    "decisions.execution",
    "decisions.cluster",
    "decisions.cloud",
    "decisions.region",
    "decisions.cluster_name",
    "decisions.networking",
    "decisions.workspaces",
    "workspaces",
    "deployments",
    "decisions.secrets_backend",
    "values.connections",
    "values.variables",
    "deployments.environment",
    "waves",
]


def test_every_decision_has_a_suggestion_with_a_reason() -> None:
    for organization in (None, facts("TEAM")):
        found = suggest(Case(PLAN, INVENTORY, organization))
        assert list(found) == KEYS
        assert all(suggestion.reason.endswith(".") for suggestion in found.values())
    assert suggest(Case(PLAN, INVENTORY, facts()))["decisions.runtime"].value == "3.3-8"


def test_the_runtime_follows_the_suggested_airflow() -> None:
    found = suggest(Case(PLAN, INVENTORY, facts(runtimes=[("13.11.0", "2.11.2", "")])))
    assert (found["decisions.airflow"].value, found["decisions.runtime"].value) == ("2", "13.11.0")


def test_rules_have_their_own_ids_and_a_source() -> None:
    names = [rule.id for rule in rules()]
    assert len(names) == len(set(names))
    assert all(rule.source for rule in rules())


def test_the_gravest_problem_comes_first() -> None:
    inventory = replace(INVENTORY, places=(place("10.0.0.1", "peering"),))
    plan = replace(PLAN, decisions=replace(PLAN.decisions, runtime="9.9-9"))
    found = problems(plan, inventory, facts())
    severities = [finding.severity for finding in found]
    assert severities == sorted(severities, key=["refuse", "warn", "advise"].index)
    assert set(severities) == {"refuse", "warn", "advise"}
    assert {finding.code for finding in found} <= {rule.id for rule in rules()}


def test_a_plan_that_follows_the_advice_is_not_refused() -> None:
    advice = suggest(Case(PLAN, INVENTORY, facts()))
    decisions = {key.split(".")[1]: advice[key].value for key in KEYS if key.startswith("decisions.")}
    plan = replace(PLAN, decisions=replace(PLAN.decisions, **decisions))
    assert [finding for finding in problems(plan, INVENTORY, facts()) if finding.severity != "advise"] == []
