"""Tables of the plan (Workspaces, Deployments, waves, places) as plain data, as words, and as text to edit; pure."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import TYPE_CHECKING, Any

from astroferry.errors import PlanError, Problem
from astroferry.model.division import begins, divided
from astroferry.model.naming import as_wave, free, unfit_for_a_wave
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEADING = ("name", "host")


def as_tables(value: Any) -> list[dict[str, Any]]:
    """Dataclasses or dicts as dicts without what is empty; nothing for no value."""
    return [_bare(item) for item in value or ()]


def _bare(item: Any) -> dict[str, Any]:
    raw = dataclasses.asdict(item) if dataclasses.is_dataclass(item) and not isinstance(item, type) else dict(item)
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in raw.items()
        if value is not None and value not in ("", (), [], {})
    }


def rows_of_tables(value: Any) -> list[tuple[str, str]]:
    """(name, the rest in words) for each table."""
    rows = []
    for table in as_tables(value):
        name = next((str(table[key]) for key in _LEADING if key in table), "?")
        if "production" in table:
            rows.append((name, _wave_in_words(table)))
            continue
        rest = [
            f"{key.replace('_', ' ')} {_words(item)}"
            for key, item in table.items()
            if key not in _LEADING and item != _DEFAULTS.get(key, ...)
        ]
        rows.append((name, ", ".join(rest)))
    return rows


def _wave_in_words(table: dict[str, Any]) -> str:
    dags = table.get("dags", ["*"])
    beginnings = any(begins(dag) is not None for dag in dags)
    what = "all other DAGs" if "*" in dags else "DAGs" if beginnings else several(len(dags), "DAG")
    without = f", without {len(table['without'])}" if table.get("without") else ""
    production, test = table["production"], table.get("test", "")
    where = f"on {production}" if test == production else f"on {production}, tested on {test}"
    some = "" if "*" in dags else f": {names(dags, 2)}"
    return f"{what}{without} {where}{some}"


_DEFAULTS: dict[str, Any] = {
    "scheduler_size": "SMALL",
    "high_availability": False,
    "development_mode": False,
    "worker_machine": "A5",
    "worker_min": 0,
    "worker_max": 10,
    "worker_concurrency": 5,
    "port": None,
}


def _words(value: Any) -> str:
    if isinstance(value, list):
        return "all others" if value == ["*"] else f"{len(value)}: {names([str(item) for item in value], 3)}"
    if isinstance(value, dict):
        return names(sorted(value), 3)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def to_text(key: str, value: Any) -> str:
    """The tables under their key, as they stand in migration.toml."""
    import tomli_w  # noqa: PLC0415 - only those who edit pay for it

    lines: list[str] = []
    for table in as_tables(value):
        # One by one: a short list of tables would become one line that nobody can edit.
        inner = {name: item for name, item in table.items() if isinstance(item, dict)}
        lines += [f"[[{key}]]", tomli_w.dumps({name: item for name, item in table.items() if name not in inner})]
        lines += [f"[{key}.{name}]\n{tomli_w.dumps(item)}" for name, item in inner.items()]
    return "\n".join(lines)


def from_text(key: str, text: str) -> list[dict[str, Any]]:
    """What was edited; PlanError with a sentence where it is no list of tables under that key."""
    try:
        raw = tomllib.loads(text)
    except ValueError as error:
        raise PlanError(f"This is not valid TOML: {error}.") from error
    found = raw.get(key, [])
    others = [name for name in raw if name != key]
    if others or not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise PlanError(f"Only tables [[{key}]] belong here.", [Problem(key, f"only tables [[{key}]] belong here")])
    return found


def wave_of(waves: Sequence[dict[str, Any]], everything: Iterable[str]) -> dict[str, str]:
    """DAG id -> the wave that takes it, or "" for none."""
    shapes = ((wave["name"], wave.get("dags", ["*"]), wave.get("without", ())) for wave in waves)
    return {dag: takers[-1] if takers else "" for dag, takers in divided(shapes, everything).items()}


def place(
    waves: Sequence[dict[str, Any]], dags: Iterable[str], deployment: str, test: str = ""
) -> list[dict[str, Any]]:
    """The waves with these DAGs in one that goes to that production Deployment, in the first there is, or a new one.

    A new wave has the Deployment's name, as a wave may have it, and is tested on `test`, or on the Deployment itself.
    """
    there = next((wave for wave in waves if wave["production"] == deployment), None)
    name = there["name"] if there is not None else free(as_wave(deployment), {wave["name"] for wave in waves})
    moved = assign(waves, dags, name)
    for wave in moved:
        if there is None and wave["name"] == name:
            wave["test"], wave["production"] = test or deployment, deployment
    return moved


def assign(waves: Sequence[dict[str, Any]], dags: Iterable[str], name: str) -> list[dict[str, Any]]:
    """The waves with these DAGs in the one of that name, which is made where it is not there yet.

    A wave made here goes to the Deployments of the first one. A wave left without DAGs is left out. PlanError where
    one is to be made that no plan may have.
    """
    if (wrong := unfit_for_a_wave(name)) and all(wave["name"] != name for wave in waves):
        raise PlanError(f"A wave's name {wrong}.")
    moved = list(dict.fromkeys(dags))
    result = _unnamed(waves, moved)
    target = next((wave for wave in result if wave["name"] == name), None)
    if target is None:
        first = result[0] if result else {}
        target = {"name": name, "test": first.get("test", ""), "production": first.get("production", ""), "dags": []}
        # New waves go before the one that takes the rest.
        place = next((number for number, wave in enumerate(result) if "*" in wave["dags"]), len(result))
        result.insert(place, target)
    # One that takes the rest need not name them, but where another's beginning of a name would take them.
    there = wave_of(result, moved) if "*" in target["dags"] else {}
    target["dags"] = [*target["dags"], *(dag for dag in moved if there.get(dag) != name)]
    return [wave for wave in result if wave["dags"]]


def leave_out(waves: Sequence[dict[str, Any]], dags: Iterable[str]) -> list[dict[str, Any]]:
    """The waves with these DAGs in none of them. A wave left without DAGs is left out."""
    gone = list(dict.fromkeys(dags))
    result = _unnamed(waves, gone)
    there = wave_of(result, gone)
    for wave in result:
        if without := [dag for dag in gone if there[dag] == wave["name"]]:
            wave["without"] = [*wave.get("without", []), *without]
    return [wave for wave in result if wave["dags"]]


def _unnamed(waves: Sequence[dict[str, Any]], dags: Sequence[str]) -> list[dict[str, Any]]:
    """Copies of the waves that name none of these DAGs, neither to take them nor to be without them."""
    taken = set(dags)
    result: list[dict[str, Any]] = []
    for wave in waves:
        kept = [dag for dag in wave.get("dags", ["*"]) if dag not in taken]
        without = [dag for dag in wave.get("without", []) if dag not in taken]
        changed = {key: value for key, value in wave.items() if key not in {"dags", "without"}} | {"dags": kept}
        result.append(changed | ({"without": without} if without else {}))
    return result
