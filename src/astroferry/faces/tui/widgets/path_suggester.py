"""Completion of paths while they are typed, from the file system."""

from __future__ import annotations

from pathlib import Path

from textual.suggester import Suggester


class PathSuggester(Suggester):
    """Completes a path from the file system; the right arrow takes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.folder = folder

    async def get_suggestion(self, value: str) -> str | None:
        """The first entry that begins so."""
        if not value or value.endswith("."):
            return None
        head, _, begin = value.rpartition("/")
        folder = self.folder / Path(f"{head}/" if head or value.startswith("/") else ".").expanduser()
        try:
            found = sorted(entry for entry in folder.iterdir() if entry.name.startswith(begin))
        except OSError:
            return None
        if not found or not begin:
            return None
        return f"{value}{found[0].name[len(begin) :]}{'/' if found[0].is_dir() else ''}"
