"""Every code that a finding can have has a help page, whoever makes the finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from astroferry.advice.kinds import MarkerPlan, handover_kind
from astroferry.advice.pages import help_for, page_of, pages
from astroferry.advice.suggest import rules
from astroferry.model.finding import Finding
from astroferry.model.inventory import Dag, Schedule

SRC = Path(__file__).parents[2] / "src" / "astroferry"
CODE = re.compile(r'"((?:[A-Z]{3})-[\w{}().,\' -]+?)"')
PLACES = re.compile(r"\{[^}]*\}")


def codes_in(text: str) -> set[str]:
    """Texts that look like a finding's code, with something for each part that is put in at run time."""
    return {PLACES.sub("403", code) for code in CODE.findall(text) if not code.endswith("-")}


def used() -> dict[str, set[str]]:
    files = [path for path in SRC.rglob("*.py") if "simulator" not in path.parts]
    return {str(path.relative_to(SRC)): codes_in(path.read_text("utf-8")) for path in files}


def test_every_code_in_the_source_has_a_page() -> None:
    found = {code for codes in used().values() for code in codes}
    assert {"EXE-003", "SRC-queues", "CUT-refused", "SRC-403-only-in-code", "SRC-403-403"} <= found
    assert sorted(code for code in found if page_of(code) is None) == []


def test_a_code_without_a_page_is_noticed() -> None:
    made = codes_in('Finding(\n"SRC-quite-new", "warn", f"{x}")\nfind(f"XYZ-{kind}-only", ...)')
    assert made == {"SRC-quite-new", "XYZ-403-only"}
    assert [code for code in made if page_of(code) is None] != []


def test_codes_put_together_at_run_time_have_pages() -> None:
    outcomes = ("differs", "missing", "unreachable", "not-compared")
    assert all(page_of(f"PRB-{outcome}") for outcome in outcomes)
    for kind in ("403", "404", "409", "500", "unreachable", "not-the-api", "failed"):
        page = page_of(f"SRC-{kind}-event-log")
        assert page is not None
        assert page.text
    exact = page_of("SRC-403-pools")
    assert exact is not None
    assert exact.code == "SRC-403-*"


def test_a_rule_s_page_is_its_docstring() -> None:
    page = page_of("exe-003")
    assert page is not None
    assert page.title == "Remote execution needs Airflow 3."
    assert page.severity == "refuse"
    assert page.reads
    lines = page.lines(60)
    assert lines[0] == "EXE-003"
    assert max(map(len, lines)) <= 60
    assert any(line.startswith("source:") for line in lines)


def test_pages_are_sorted_and_unique_and_say_something() -> None:
    codes = [page.code for page in pages()]
    assert codes == sorted(set(codes))
    assert {rule.id for rule in rules()} <= set(codes)
    assert all(page.title for page in pages())


def test_help_of_findings_says_each_code_once() -> None:
    found = [Finding("EXE-003", "refuse", "Remote execution needs Airflow 3.", "a"), Finding("NEW-1", "warn", "Odd.")]
    text = help_for([*found, found[0]], width=60)
    assert text.count("EXE-003") == 1
    assert "(and 1 more)" in text
    assert "Agents speak the task execution API" in text
    assert "NEW-1: warn\n  Odd." in text
    assert max(map(len, text.splitlines())) <= 60
    assert "  Odd." in help_for(found, width=None).split("\n")
    assert help_for([]) == ""


@pytest.mark.parametrize("code", ["", "EXE", "EXE-999", "SRC-"])
def test_no_page_for_no_code(code: str) -> None:
    assert page_of(code) is None


def test_what_pages_say_of_a_handover_is_what_the_cutover_does() -> None:
    """They once said that it refuses DAGs that depend on past, and to pause and unpause the others in one go."""
    ticking = Dag("d", Schedule("cron", "0 * * * *"), is_paused=False, catchup=False)
    assert isinstance(handover_kind(ticking, 3, depends_on_past=True), MarkerPlan)
    past, refused = (" ".join(page.text) for page in (page_of("SRC-depends-on-past"), page_of("CUT-refused")) if page)
    assert "handed over like others" in past
    steps = [
        "none of its runs is queued or running",
        "pause it there",
        "backfill over the one date",
        "then unpause it",
    ]
    assert sorted(steps, key=refused.index) == steps


def test_a_finding_has_one_severity() -> None:
    """Those that both a rule and the cutover make: `explain` and the cutover say the same of them."""
    made = re.compile(r'code="([A-Z]{3}-\w+)",\s+severity="(\w+)"')
    said = {code: severity for path in SRC.rglob("*.py") for code, severity in made.findall(path.read_text("utf-8"))}
    assert {"CUT-refused", "CUT-starship"} <= said.keys()
    shown = {code: page.severity for code in said if (page := page_of(code)) is not None and page.severity}
    assert shown == {code: said[code] for code in shown}
