"""Pack a DAG folder into the tarball that Astro takes: the same content always gives the same bytes.

Source of the format: Astro's DAG-only deploy takes a tar (gzipped or not) of files under `dags/`, without directory
entries, links kept as links. An empty tar is valid there and deletes every DAG, so an empty folder is refused here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from astroferry.errors import PlanError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "dags"
WHERE = "code.dags_folder"
_SKIPPED_FOLDERS = frozenset({".git", "__pycache__"})
_SKIPPED_SUFFIXES = (".pyc", ".pyo")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or link of a DAG folder; `path` is relative to it, with forward slashes.

    `target` is a link's target, relative to the link; `content` is the file that holds the bytes, or the bytes.
    """

    path: str
    kind: Literal["file", "link"]
    content: Path | bytes = b""
    target: str = ""
    executable: bool = False

    def data(self) -> bytes:
        """The bytes of a file; nothing for a link."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


def pack(dags_folder: Path, extra_files: Mapping[str, bytes] | None = None) -> bytes:
    """A gzipped tar of the folder, each entry under `dags/`, sorted, with all times and owners zero.

    `extra_files` maps paths relative to the folder to contents; they are added (a probe DAG). A folder may be empty
    only where extra files fill it. Raises PlanError where the folder is missing, empty, unreadable, or holds a link
    that leaves it.
    """
    entries = _all_entries(dags_folder, extra_files or {})
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            info = tarfile.TarInfo(f"{PREFIX}/{entry.path}")
            info.mode = 0o755 if entry.executable else 0o644
            if entry.kind == "link":
                info.type, info.linkname = tarfile.SYMTYPE, entry.target
                tar.addfile(info)
            else:
                data = _read(entry)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    # mtime=0: gzip would otherwise write the moment of packing into its header.
    return gzip.compress(plain.getvalue(), mtime=0)


def digest(dags_folder: Path, extra_files: Mapping[str, bytes] | None = None) -> str:
    """SHA-256 (hex) over names and contents; it does not depend on how this Python's zlib compresses."""
    whole = hashlib.sha256()
    for entry in _all_entries(dags_folder, extra_files or {}):
        body = entry.target.encode() if entry.kind == "link" else _read(entry)
        head = f"{entry.kind}\0{entry.path}\0{int(entry.executable)}\0{len(body)}\0"
        whole.update(head.encode("utf-8", "surrogateescape"))
        whole.update(body)
    return whole.hexdigest()


def entries(dags_folder: Path) -> Iterator[Entry]:
    """The files and links of a DAG folder, sorted by path; `.git`, `__pycache__` and compiled files are left out.

    Raises PlanError where the folder is missing, or something in it cannot be sent.
    """
    if not dags_folder.is_dir():
        raise _refused(f"The DAG folder {dags_folder} does not exist or is not a folder.", "Correct its path.")
    root = dags_folder.resolve()
    for folder, names, files in os.walk(root, onerror=_stop):
        here = Path(folder)
        linked = [name for name in names if (here / name).is_symlink()]
        # In place: os.walk goes where `names` says. Links to folders stay links and are not entered.
        names[:] = sorted(name for name in names if name not in _SKIPPED_FOLDERS and name not in linked)
        for name in sorted([*files, *linked]):
            if name.endswith(_SKIPPED_SUFFIXES) or name in _SKIPPED_FOLDERS:
                continue
            yield _entry(root, here / name)


def _all_entries(dags_folder: Path, extra_files: Mapping[str, bytes]) -> list[Entry]:
    found = {entry.path: entry for entry in entries(dags_folder)}
    for path, content in extra_files.items():
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise _refused(f'The extra file "{path}" would not lie inside the DAG folder.', "Give a relative path.")
        if str(pure) in found:
            raise _refused(f'The DAG folder {dags_folder} already has a file "{path}".', "Rename it.")
        found[str(pure)] = Entry(str(pure), "file", content)
    if not found:
        raise _refused(
            f"The DAG folder {dags_folder} is empty, and deploying an empty folder deletes every DAG.",
            "Point code.dags_folder at the folder that holds the DAG files.",
        )
    return [found[path] for path in sorted(found)]


def _entry(root: Path, path: Path) -> Entry:
    relative = path.relative_to(root).as_posix()
    if path.is_symlink():
        return Entry(relative, "link", target=_link_target(root, path, relative))
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise _refused(
            f"{path} is neither a file nor a link, so it cannot be deployed.", "Take it out of the folder."
        )
    return Entry(relative, "file", path, executable=bool(mode & stat.S_IXUSR))


def _link_target(root: Path, path: Path, relative: str) -> str:
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError) as error:
        raise _refused(f"The link {relative} in the DAG folder leads in a circle.", "Remove it.") from error
    if not resolved.is_relative_to(root):
        raise _refused(
            f"The link {relative} in the DAG folder leads out of it, to {resolved}, which does not exist on Astro.",
            "Replace the link by what it points at.",
        )
    target = path.readlink()
    if target.is_absolute():
        # The absolute path means nothing on Astro; the same place said relatively does.
        return Path(os.path.relpath(resolved, path.parent)).as_posix()
    return target.as_posix()


def _read(entry: Entry) -> bytes:
    try:
        return entry.data()
    except OSError as error:
        raise _refused(f"{entry.path} in the DAG folder cannot be read: {error.strerror}.", "Check it.") from error


def _stop(error: OSError) -> None:
    raise _refused(f"{error.filename} cannot be read: {error.strerror}.", "Check its permissions.") from error


def _refused(message: str, hint: str) -> PlanError:
    return PlanError(message, [Problem(WHERE, message)], hint=hint)
