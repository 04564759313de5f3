"""DAG tarballs as Astro takes them: read with care, and written into a DAG folder file by file."""

from __future__ import annotations

import io
import os
import posixpath
import tarfile
from pathlib import Path, PurePosixPath

Files = dict[str, bytes | str]
"""path below the DAG folder -> content, or the target of a symbolic link"""

PREFIX = "dags/"


class BadTarballError(Exception):
    """The tarball cannot be deployed; the message is one sentence."""


def read_tarball(content: bytes) -> Files:
    """The files of a tarball, plain or gzipped, without their `dags/` prefix.

    Raises BadTarballError for anything but regular files and symbolic links below `dags/` that stay there.
    """
    files: Files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
            for entry in tar:
                name = _checked(entry.name)
                if entry.issym():
                    _checked(posixpath.normpath(posixpath.join(posixpath.dirname(entry.name), entry.linkname)))
                    files[name] = entry.linkname
                    continue
                reader = tar.extractfile(entry) if entry.isreg() else None
                if reader is None:
                    raise BadTarballError(f"{entry.name} is neither a file nor a symbolic link")
                files[name] = reader.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadTarballError("what was uploaded is not a tar file") from error
    return files


def _checked(name: str) -> str:
    """The path without prefix; raises BadTarballError where it leads out of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not name.startswith(PREFIX) or len(path.parts) < 2:
        raise BadTarballError(f"{name} does not lie below {PREFIX}")
    return str(path.relative_to(PREFIX))


def write_folder(folder: Path, files: Files) -> None:
    """Make a folder hold exactly these files.

    Each file is replaced in one step and the folder itself never goes away, so an Airflow that parses meanwhile sees
    no torn file and never an empty folder; files that are the same already keep their time and are not parsed again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        _make_room(folder, path)
        if isinstance(content, str):
            _replace_link(path, content)
        elif path.is_symlink() or not path.is_file() or path.read_bytes() != content:
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_bytes(content)
            fresh.replace(path)
    _remove_stale(folder, {folder / name for name in files})


def _make_room(folder: Path, path: Path) -> None:
    """Make the parents of a path real folders: a file or link that stands in the way is removed."""
    for parent in reversed(path.relative_to(folder).parents):
        place = folder / parent
        if place != folder and (place.is_symlink() or place.is_file()):
            place.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        _remove_stale(path, set())
        path.rmdir()


def _replace_link(path: Path, target: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)


def _remove_stale(folder: Path, wanted: set[Path]) -> None:
    """Remove every file that is not wanted, and folders that are empty then."""
    for place, _, names in os.walk(folder, topdown=False):
        here = Path(place)
        for name in names:
            if here / name not in wanted:
                (here / name).unlink(missing_ok=True)
        for child in here.iterdir():
            if child.is_symlink():
                if child not in wanted:
                    child.unlink()
            elif child.is_dir() and not any(child.iterdir()):
                child.rmdir()
