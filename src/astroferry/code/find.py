"""Find which DAG ids a DAG folder defines, and in which files, by reading the files (never by running them)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.code.pack import entries
from astroferry.code.read import read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(slots=True)
class Found:
    """What a DAG folder defines; paths are relative to it.

    `computed`: files that make DAGs under computed ids, so ids not found elsewhere may come from there.
    `unreadable`: path -> why.
    """

    files_of: dict[str, list[str]] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def duplicates(self) -> dict[str, list[str]]:
        """DAG ids that more than one file defines; Airflow keeps whichever it parses last."""
        return {dag_id: files for dag_id, files in self.files_of.items() if len(files) > 1}

    def missing(self, dag_ids: Iterable[str]) -> tuple[str, ...]:
        """The ids that no file defines by name, in the given order; a file with computed ids may still make them."""
        return tuple(dag_id for dag_id in dag_ids if dag_id not in self.files_of)


def find(dags_folder: Path) -> Found:
    """Best effort: which files define which DAG ids. Raises PlanError where the folder cannot be used."""
    found = Found()
    for entry in entries(dags_folder):
        if entry.kind != "file" or not entry.path.endswith(".py"):
            continue
        try:
            text = entry.data().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            found.unreadable[entry.path] = f"cannot be read as UTF-8 text: {type(error).__name__}"
            continue
        # What Airflow's own safe mode looks for before it parses a file.
        lowered = text.lower()
        if "dag" not in lowered or "airflow" not in lowered:
            continue
        seen = read(text)
        if seen.error:
            found.unreadable[entry.path] = seen.error
            continue
        if seen.computed_dag_ids:
            found.computed.append(entry.path)
        for dag_id in seen.dags:
            found.files_of.setdefault(dag_id, []).append(entry.path)
    return found
