"""What contradicts itself in what a plan says of the day of a cutover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from astroferry.carry.audit import rows_of
from astroferry.carry.decommission.leaving import quiet_for
from astroferry.carry.journal import Entry, Event
from astroferry.model.cutoverday import (
    ApprovalRule,
    Before,
    Decommission,
    History,
    Limits,
    OutputCheck,
    Person,
    Watch,
)
from astroferry.model.cutoverdaycheck import problems_of
from astroferry.model.inventory import Dag, Inventory, Schedule
from astroferry.model.plan import Deployment, Plan, Source, Wave

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PLAN = Plan("p", Source("https://a"), AT, waves=(Wave("w", "prod", "prod"),))


def test_every_contradiction_is_named_and_no_secret_repeated() -> None:
    outputs = (
        OutputCheck("neither"),
        OutputCheck("both", dag="d", url="https://h"),
        OutputCheck("plain", url="ftp://h"),
        OutputCheck("login", url="https://me:deep-Secret@h/x"),
    )
    plan = replace(
        PLAN,
        before=Before(verified_within_hours=0),
        limits=Limits(failed_dags=-1, drain_minutes=0),
        watch=Watch(
            poll_seconds=0,
            late_minutes=0,
            success_drop=101,
            slower=0.5,
            webhook="https://x/deep-Secret",
            outputs=outputs,
        ),
        decommission=Decommission(quiet_hours=-1, database="postgresql://u:deep-Secret@h/db"),
        history=History(runs=-1),
        approval=ApprovalRule(before=("cutover",)),
        people=(Person("nobody"), Person("ada@example.com")),
    )
    found = list(problems_of(plan))
    assert {item.where for item in found} == {
        "before.verified_within_hours", "limits.failed_dags", "limits.drain_minutes", "watch.poll_seconds",
        "watch.late_minutes", "watch.success_drop", "watch.slower", "watch.webhook", "decommission.quiet_hours",
        "decommission.database", "history.runs", "approval.author", "people.0.email", "watch.outputs.0",
        "watch.outputs.1", "watch.outputs.2.url", "watch.outputs.3.url",
    }  # fmt: skip
    assert "deep-Secret" not in str([str(item) for item in found])
    assert list(problems_of(PLAN)) == []


def test_how_long_the_source_must_have_been_quiet() -> None:
    def inventory(*dags: Dag) -> Inventory:
        return Inventory("airflow", "https://a", "2.11.2", AT, dags=dags)

    def dag(kind: str, expression: str, *, paused: bool = False) -> Dag:
        return Dag(expression, Schedule(kind, expression), paused)  # type: ignore[arg-type] # the kinds used here

    hourly, monthly = dag("cron", "0 * * * *"), dag("cron", "0 4 1 * *")
    assert quiet_for(PLAN, inventory(hourly)) == timedelta(days=1)
    assert quiet_for(PLAN, inventory(hourly, dag("timedelta", "172800"))) == timedelta(days=2)
    assert quiet_for(PLAN, inventory(hourly, monthly)) > timedelta(days=30)
    assert quiet_for(PLAN, inventory(dag("cron", "0 4 1 * *", paused=True), dag("none", ""))) == timedelta(days=1)
    # Paused by our own cutover, and so in an inventory that was taken afterwards.
    assert quiet_for(PLAN, inventory(dag("cron", "0 4 1 * *", paused=True)), {"0 4 1 * *"}) > timedelta(days=30)
    assert quiet_for(PLAN, inventory(dag("cron", "no cron at all"))) == timedelta(days=1)
    assert quiet_for(PLAN, inventory(dag("cron", "0 4 1 1 *"))) == timedelta(days=35)
    told = replace(PLAN, decommission=Decommission(quiet_hours=6))
    assert quiet_for(told, inventory(monthly)) == timedelta(hours=6)


def test_where_a_thing_was_done() -> None:
    actions = {
        "cutover/w/d/drain-source": ("source", "d"),
        "cutover/w/d/record": ("both ends", "d"),
        "cutover/w/d/mark": ("prod", "d"),
        "rollback/gone/d/mark-source": ("source", "d"),
        "connection/prod/pg": ("prod", "pg"),
        "variable/prod/team.finance/close day": ("prod", "team.finance/close day"),
        "variable/a/b/c/d": ("a/b", "c/d"),
        "variable/gone/c/d": ("gone", "c/d"),
        "deployment/a/b": ("a/b", "a/b"),
        "starship-removed/prod": ("prod", "prod"),
        "wave/w": ("prod", "w"),
        "workspace/Data": ("", "Data"),
        "workspace/w": ("", "w"),
        "confirmed/runbook:docs/on call.md": ("", "runbook:docs/on call.md"),
        "decommission/backup": ("source", "backup"),
        "approval": ("", ""),
    }
    entries = [Entry(number, AT, action, "done") for number, action in enumerate(actions, 1)]
    plan = replace(PLAN, deployments=(Deployment("a", "W"), Deployment("a/b", "W")))
    assert {row.action: (row.where, row.subject) for row in rows_of(plan, entries)} == actions
    recorded = Entry(1, AT, "cutover/w/d/record", "applied", facts={"deployment": "former"})
    assert rows_of(PLAN, [recorded, Entry(2, AT, "cutover/w/d/mark", "done")])[1].where == "former"


def test_the_audit_has_words_for_every_event_of_the_journal() -> None:
    events = get_args(Event)
    rows = rows_of(PLAN, [Entry(number, AT, "verify/prod", event) for number, event in enumerate(events, 1)])
    assert len({row.outcome for row in rows}) == len(events)
    looks = [Entry(1, AT, "watch/w/d/cycle", "found"), Entry(2, AT, "ready/w", "found")]
    assert [row.outcome for row in rows_of(PLAN, looks)] == ["looked at", "looked at"]
