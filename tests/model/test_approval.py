"""Who approved which plan: an edit voids it, a confirmation and a wave's state do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from astroferry.model.approval import digest, is_same_person, lacks_approval, valid_approval
from astroferry.model.cutoverday import Approval, ApprovalRule
from astroferry.model.plan import Confirmation, Cutover, Deployment, Plan, Source, Wave, Workspace
from astroferry.model.planfile import add_record, dump, load, parse

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PLAN = Plan(
    name="p",
    source=Source("https://airflow.example.com"),
    created=AT,
    workspaces=(Workspace("ws"),),
    deployments=(Deployment("prod", "ws"),),
    waves=(Wave("one", "prod", "prod"),),
    approval=ApprovalRule(author="Anna  Author", before=("cutover",)),
)


def approved(plan: Plan, by: str = "Ben Second", at: datetime = AT) -> Plan:
    return replace(plan, approvals=(*plan.approvals, Approval(by, at, digest(plan))))


def test_a_step_that_needs_no_approval_lacks_none() -> None:
    assert lacks_approval(PLAN, "apply") == ""
    assert "nobody has approved it" in lacks_approval(PLAN, "cutover")


def test_an_approval_holds_until_the_plan_is_edited() -> None:
    plan = approved(PLAN)
    assert lacks_approval(plan, "cutover") == ""
    edited = replace(plan, cutover=Cutover(watch_ticks=1))
    assert "changed after it was approved" in lacks_approval(edited, "cutover")
    back = replace(edited, cutover=plan.cutover)
    assert lacks_approval(back, "cutover") == ""


def test_records_and_wave_states_do_not_void_it() -> None:
    plan = approved(PLAN).with_wave_state("one", "cut over")
    plan = replace(plan, confirmed=(Confirmation("alerts", "Ben", AT),), decided=("source",), review_again=("waves",))
    assert lacks_approval(plan, "cutover") == ""


def test_the_author_is_no_second_person_however_spelled() -> None:
    assert is_same_person("anna author", " Anna   AUTHOR ")
    plan = approved(PLAN, by="ANNA AUTHOR")
    assert "nobody has approved it" in lacks_approval(plan, "cutover")
    assert valid_approval(plan) is None
    assert valid_approval(approved(PLAN, by="  ")) is None


def test_the_newest_of_several_counts() -> None:
    plan = approved(approved(PLAN, by="Ben"), by="Cleo", at=AT + timedelta(hours=1))
    found = valid_approval(plan)
    assert found is not None
    assert found.by == "Cleo"


def test_the_digest_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    path.write_text("# a word of mine\n" + dump(PLAN), encoding="utf-8")
    plan = add_record(load(path), path, Approval("Ben", AT, digest(PLAN)))
    plan = add_record(plan, path, Confirmation("alerts", 'Cleo "C" O\'Hara', AT))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# a word of mine\n")
    assert load(path) == plan
    assert lacks_approval(load(path), "cutover") == ""
    # A second one of each kind follows the first.
    again = add_record(plan, path, Confirmation("people-invited", "Cleo", AT))
    assert load(path) == again


def test_a_record_joins_a_list_that_stands_inline(tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    inline = '\nconfirmed = [{what = "alerts", by = "Ben", at = 2026-11-25T12:00:00Z}]\n'
    text = dump(PLAN).replace('\nname = "p"\n', f'\nname = "p"\n{inline}', 1)
    assert len(parse(text, "x").confirmed) == 1
    path.write_text(text, encoding="utf-8")
    add_record(load(path), path, Confirmation("people-invited", "Ben", AT))
    assert [item.what for item in load(path).confirmed] == ["alerts", "people-invited"]
