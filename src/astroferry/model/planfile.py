"""migration.toml: the plan on disk, as the user reads and edits it."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from astroferry.errors import NewerFormatError, PlanError, Problem
from astroferry.model import plan as plan_module
from astroferry.model.cutoverday import Approval
from astroferry.model.files import atomic_write, read_text
from astroferry.model.plan import Plan
from astroferry.model.plancheck import problems_of
from astroferry.model.strict import read
from astroferry.model.tomlplace import line_of, with_text

if TYPE_CHECKING:
    from datetime import date, time
    from pathlib import Path

    from astroferry.model.plan import Confirmation

_HEAD = """\
# The plan of a migration to Astro, made by astroferry. Edit it by hand if you like, then: astroferry check FILE
# It says where credentials come from and never holds one.
"""

_SECTIONS = {
    "[source]": (
        "# Where we come from. credentials: environment | keyring | prompt | file:PATH; environment: a file with it"
    ),
    "[source.fingerprint]": "# What the source looked like when the plan was made; `check` shows what changed since.",
    "[target]": "# Where we go to.",
    "[decisions]": "# The decision points of the migration guide.",
    "[network]": "# Address ranges (CIDR) of a dedicated cluster; own_ranges: networks of yours, to be kept clear.",
    "[values]": "# How secret values travel: export-file | starship | api | typed | backend | none",
    "[conflicts]": "# When the target has one of that name with other content: fail | skip | overwrite",
    "[code]": "# The DAG folder, relative to this file.",
    "[cutover]": (
        "# Seconds, except watch_ticks, at_once. gap: run | list (ticks between pause and unpause, catchup=False)\n"
        "# A cutover watches ticks that come within watch_within; `astroferry watch` sees the later ones.\n"
        '# never_idle: refuse | freeze (a DAG that still runs after drain_timeout); freeze = ["dag"] are exceptions.'
    ),
    "[before]": "# What a cutover asks for: values compared not longer ago, and a written rollback plan (a file).",
    "[limits]": "# When a cutover in a window (--at, --until) stops itself and puts everything back.",
    "[watch]": "# The first full cycle. outputs: a DAG that checks results, or an address that must answer 200.",
    "[decommission]": "# What must hold before the old side may go. database: environment | file:PATH",
    "[history]": "# Finished runs that `astroferry history` writes to the target: the newest of each DAG; 0 is all.",
    "[approval]": "# Steps that need a second person: apply, cutover, decommission (see: astroferry approve).",
    "[[people]]": "# Who must be able to work on Astro, with the least role in the Workspace.",
    "[prices]": "# What things cost, in your currency; the report adds up what is priced.",
    "[[places]]": "# Network paths: public | vpn | peering | private-endpoint | local | unknown",
    "[[workspaces]]": "# owners, tags, folders: which DAGs belong there, the first fit wins; dags: exceptions.",
    "[[deployments]]": "# role: test | production | both",
    "[[waves]]": '# dags: ids, "sales_*" (all that begin so), "*" (all that no other names); `without` takes out.',
}


def load(path: Path, *, unfinished: bool = False) -> Plan:
    """Read and check a plan; `unfinished` checks its shape only, so that a walk can go on where it was left.

    Raises PlanError that lists every problem with its TOML path and line; NewerFormatError for a newer format.
    """
    text = read_text(path, "plan")
    return parse(text, str(path), unfinished=unfinished)


def parse(text: str, name: str, *, unfinished: bool = False) -> Plan:
    """Check the text of a plan; `name` is the file's, for messages."""
    try:
        raw = tomllib.loads(text)
    except ValueError as error:  # tomllib's own, and Python's for a number of thousands of digits
        raise PlanError(f"{name} is not valid TOML: {error}.") from error
    version = raw.get("format")
    if isinstance(version, int) and version > plan_module.FORMAT:
        raise NewerFormatError(
            f"{name} has format {version}; this astroferry reads up to {plan_module.FORMAT}.",
            hint="Upgrade astroferry.",
        )
    plan, problems = read(Plan, json.dumps(raw, default=_json))
    if plan is not None and not unfinished:
        problems = problems_of(plan)
    if problems or plan is None:
        placed = [
            dataclasses.replace(problem, line=line_of(text, problem.where), file=name, where=_words(problem.where))
            for problem in problems
        ]
        placed.sort(key=lambda problem: (problem.line or 0, problem.where))
        count = "1 problem" if len(placed) == 1 else f"{len(placed)} problems"
        raise PlanError(f"{name} cannot be used: {count}.", placed)
    return plan


def save(plan: Plan, path: Path) -> None:
    """Write the plan, whole or not at all."""
    atomic_write(path, dump(plan))


def dump(plan: Plan) -> str:
    """The plan as TOML, with a word of explanation over each section; `parse` gives the same plan back."""
    import tomli_w  # noqa: PLC0415 - only writers pay for it

    raw = _bare(plan)
    raw = {"format": raw.pop("format"), **raw}
    text = tomli_w.dumps(raw, multiline_strings=False)
    lines: list[str] = []
    seen: set[str] = set()
    # Not splitlines: U+2028 and its like stand inside strings.
    for line in text.split("\n"):
        # Short tables are written as a list of inline tables, "places = [".
        section = f"[[{line[:-4]}]]" if line.endswith(" = [") else line
        if section in _SECTIONS and section not in seen:
            lines.append(_SECTIONS[section])
            seen.add(section)
        lines.append(line)
    return _HEAD + "\n".join(lines)


def save_wave_state(plan: Plan, path: Path, wave: str) -> None:
    """Write one wave's state into the file and leave every other byte, comments too, as the user has it.

    Raises PlanError, and leaves the file alone, where it was edited meanwhile so that the wave is not in it any more.
    """
    text = read_text(path, "plan")
    state = plan.wave(wave).state
    try:
        waves = tomllib.loads(text)["waves"]
        index = next(number for number, candidate in enumerate(waves) if candidate["name"] == wave)
    except (ValueError, LookupError, TypeError, StopIteration) as error:
        raise PlanError(
            f'{path} was edited meanwhile: the wave "{wave}" cannot be found in it, to be set to "{state}".',
            hint="Repair the file, then run the same command again.",
        ) from error
    atomic_write(path, with_text(text, f"waves.{index}", "state", state, after="name"))


def save_refreshed(plan: Plan, path: Path) -> None:
    """Write the source's fingerprint and the stages to look at again; every other byte stays as the user has it.

    Where the file has no place for them, it is written anew.
    """
    text = read_text(path, "plan")
    try:
        for name, value in dataclasses.asdict(plan.source.fingerprint).items():
            text = with_text(text, "source.fingerprint", name, value, after="version")
        text = with_text(text, "", "review_again", list(plan.review_again), after="format")
        kept = parse(text, str(path), unfinished=True) == plan
    except (KeyError, PlanError):
        kept = False
    atomic_write(path, text if kept else dump(plan))


def add_record(plan: Plan, path: Path, record: Confirmation | Approval) -> Plan:
    """Put what a person said into the plan's file, at its end; every other byte stays as the user has it.

    Raises PlanError where the file cannot be read or written. Where the file lists them inline, it is written anew.
    """
    text = read_text(path, "plan")
    lines = [f"{name} = {_toml(value)}" for name, value in dataclasses.asdict(record).items()]
    if isinstance(record, Approval):
        kind, added = "approvals", dataclasses.replace(plan, approvals=(*plan.approvals, record))
    else:
        kind, added = "confirmed", dataclasses.replace(plan, confirmed=(*plan.confirmed, record))
    longer = "\n".join([text.rstrip("\n"), "", f"[[{kind}]]", *lines, ""])
    try:
        tomllib.loads(longer)
    except ValueError:
        longer = dump(added)
    atomic_write(path, longer)
    return added


def _toml(value: object) -> str:
    """A name or a moment as TOML; JSON's text is TOML's, but for a lone surrogate, which nobody's name has."""
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)


def _bare(value: Any) -> Any:
    """Dataclasses as tables, without what is empty by default: TOML has no null, and people read this."""
    if dataclasses.is_dataclass(value):
        table = {
            field.name: _bare(item)
            for field in dataclasses.fields(value)
            if (item := getattr(value, field.name)) is not None and not _unsaid(field, item)
        }
        return {
            name: item
            for name, item in table.items()
            if item != {} or not dataclasses.is_dataclass(getattr(value, name))
        }
    if isinstance(value, tuple):
        return [_bare(item) for item in value]
    return value


def _unsaid(field: dataclasses.Field[Any], item: Any) -> bool:
    """Whether the file says the same without this field."""
    if field.metadata.get("when_set"):
        return field.default_factory is not dataclasses.MISSING and bool(item == field.default_factory())
    return item in ("", (), {}) and _empty(field)


def _empty(field: dataclasses.Field[Any]) -> bool:
    """Whether the field is empty where the file does not name it."""
    if field.default_factory is not dataclasses.MISSING:
        return not field.default_factory()
    return field.default in ("", ())


def _json(value: date | time) -> str:
    """What TOML has and JSON has not: dates and times, nothing else."""
    return value.isoformat()


def _words(where: str) -> str:
    """`waves.0.state` as people count: `waves[1].state`."""
    return re.sub(r"\.(\d+)(?=\.|$)", lambda match: f"[{int(match[1]) + 1}]", where)


__all__ = ["Problem", "add_record", "dump", "load", "parse", "save", "save_wave_state"]
