"""migration.toml: the plan on disk, as the user reads and edits it."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from astroferry.errors import NewerFormatError, PlanError, Problem
from astroferry.model import plan as plan_module
from astroferry.model.files import atomic_write, read_text
from astroferry.model.plan import Plan
from astroferry.model.plancheck import problems_of
from astroferry.model.strict import read
from astroferry.model.tomlplace import line_of

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = """\
# The plan of a migration to Astro, made by astroferry. Edit it by hand if you like, then: astroferry check FILE
# It says where credentials come from and never holds one.
"""

_SECTIONS = {
    "[source]": "# Where we come from. credentials: environment | keyring | prompt | file:PATH",
    "[source.fingerprint]": "# What the source looked like when the plan was made; `check` shows what changed since.",
    "[target]": "# Where we go to.",
    "[decisions]": "# The decision points of the migration guide.",
    "[values]": "# How secret values travel: export-file | starship | api | typed | backend | none",
    "[conflicts]": "# When the target has one of that name with other content: fail | skip | overwrite",
    "[code]": "# The DAG folder, relative to this file.",
    "[cutover]": "# Seconds, except watch_ticks. gap: run | list (ticks between pause and unpause, catchup=False).",
    "[[places]]": "# Network paths: public | vpn | peering | private-endpoint | local | unknown",
    "[[deployments]]": "# role: test | production | both",
    "[[waves]]": '# dags = ["*"] means all that no other wave names; `without` takes some out again.',
}


def load(path: Path) -> Plan:
    """Read and check a plan.

    Raises PlanError that lists every problem with its TOML path and line; NewerFormatError for a newer format.
    """
    text = read_text(path, "plan")
    return parse(text, str(path))


def parse(text: str, name: str) -> Plan:
    """Check the text of a plan; `name` is the file's, for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{name} is not valid TOML: {error}.") from error
    version = raw.get("format")
    if isinstance(version, int) and version > plan_module.FORMAT:
        raise NewerFormatError(
            f"{name} has format {version}; this astroferry reads up to {plan_module.FORMAT}.",
            hint="Upgrade astroferry.",
        )
    plan, problems = read(Plan, json.dumps(raw, default=_json))
    if plan is not None:
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

    raw = dataclasses.asdict(plan)
    raw = {"format": raw.pop("format"), **raw}
    text = tomli_w.dumps(_bare(raw), multiline_strings=False)
    lines: list[str] = []
    seen: set[str] = set()
    for line in text.splitlines():
        if line in _SECTIONS and line not in seen:
            lines.append(_SECTIONS[line])
            seen.add(line)
        lines.append(line)
    return _HEAD + "\n".join(lines) + "\n"


def save_wave_state(plan: Plan, path: Path, wave: str) -> None:
    """Write one wave's state into the file and leave every other byte, comments too, as the user has it."""
    text = read_text(path, "plan")
    index = next(number for number, candidate in enumerate(plan.waves) if candidate.name == wave)
    state = plan.wave(wave).state
    lines = text.splitlines(keepends=True)
    at = line_of(text, f"waves.{index}.state", exact=True)
    if at is not None:
        lines[at - 1] = re.sub(r"=\s*(\"[^\"]*\"|'[^']*')", f'= "{state}"', lines[at - 1], count=1)
    elif (name_at := line_of(text, f"waves.{index}.name", exact=True)) is not None:
        lines.insert(name_at, f'state = "{state}"\n')
    edited = "".join(lines)
    try:
        same = parse(edited, str(path)).wave(wave).state == state
    except (PlanError, KeyError):
        same = False
    atomic_write(path, edited if same else dump(plan))


def _bare(value: Any) -> Any:
    """Without None and empty values: they are the defaults, and TOML has no null."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if item is not None and item not in ("", (), {})}
    if isinstance(value, (list, tuple)):
        return [_bare(item) for item in value]
    return value


def _json(value: Any) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    raise TypeError(f"TOML has no {type(value).__name__}")


def _words(where: str) -> str:
    """`waves.0.state` as people count: `waves[1].state`."""
    return re.sub(r"\.(\d+)", lambda match: f"[{int(match[1]) + 1}]", where)


__all__ = ["Problem", "dump", "load", "parse", "save", "save_wave_state"]
