"""Find which DAG ids a DAG folder defines, and in which files, by reading the files (never by running them)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.code.pack import entries
from astroferry.code.read import read
from astroferry.model.inventory import Sign, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

IGNORE_FILE = ".airflowignore"


@dataclass(slots=True)
class Found:
    """What a DAG folder defines; paths are relative to it.

    `computed`: files that make DAGs under computed ids, so ids not found elsewhere may come from there.
    `unreadable`: path -> why. `signs`: what a move may trip over; those of files that define no DAG are of no DAG.
    """

    files: int = 0
    """how many Python files there are"""
    files_of: dict[str, list[str]] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    signs: list[Sign] = field(default_factory=list)

    @property
    def duplicates(self) -> dict[str, list[str]]:
        """DAG ids that more than one file defines; Airflow keeps whichever it parses last."""
        return {dag_id: files for dag_id, files in self.files_of.items() if len(files) > 1}

    def missing(self, dag_ids: Iterable[str]) -> tuple[str, ...]:
        """The ids that no file defines by name, in the given order; a file with computed ids may still make them."""
        return tuple(dag_id for dag_id in dag_ids if dag_id not in self.files_of)


def find(
    dags_folder: Path, tell: Callable[[int], None] = lambda _: None, stop: Callable[[], bool] = lambda: False
) -> Found:
    """Best effort: which files define which DAG ids. Raises PlanError where the folder cannot be used.

    `tell` hears how many files were read so far; `stop` is asked before each, and what was found until then is given.
    """
    found = Found()
    for entry in entries(dags_folder):
        if stop():
            break
        if entry.kind == "file" and entry.path.rpartition("/")[2] == IGNORE_FILE:
            found.signs.append(Sign("ignore-file", entry.path, 1, entry.path))
        if entry.kind != "file" or not entry.path.endswith(".py"):
            continue
        found.files += 1
        tell(found.files)
        try:
            text = entry.data().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            found.unreadable[entry.path] = f"cannot be read as UTF-8 text: {type(error).__name__}"
            continue
        if "airflow" in text.lower():
            _look(found, entry.path, text)
    return found


def _look(found: Found, path: str, text: str) -> None:
    """What one file says; only those with the word "dag" define DAGs, as Airflow's own safe mode has it."""
    defines = "dag" in text.lower()
    seen = read(text)
    if seen.error:
        if defines:
            found.unreadable[path] = seen.error
        return
    if defines:
        if seen.computed_dag_ids:
            found.computed.append(path)
        for dag_id in seen.dags:
            found.files_of.setdefault(dag_id, []).append(path)
    found.signs += placed(seen.signs, path, tuple(seen.dags))


def signs_in(dags_folder: Path | None) -> tuple[Sign, ...] | None:
    """The signs in a DAG folder; None where the plan names none yet. Raises PlanError where it cannot be used."""
    return None if dags_folder is None else tuple(find(dags_folder).signs)
