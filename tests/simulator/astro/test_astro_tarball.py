"""Writing a DAG folder: exactly the files wanted, nothing torn, nothing touched that is the same already."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from astroferry.simulator.astro.tarball import BadTarballError, Files, read_tarball, write_folder

if TYPE_CHECKING:
    from pathlib import Path


def seen(folder: Path) -> Files:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    "after",
    [
        {},
        {"a.py": b"new"},
        {"a.py": b"old", "sub/b.py": b"b"},
        {"sub": b"a file where a folder was"},
        {"a.py/inner.py": b"a folder where a file was"},
        {"link/inner.py": b"a folder where a link was"},
        {"a.py": "sub/b.py", "sub/b.py": b"b"},
        {"link": "a.py", "a.py": b"old"},
        {"link": b"a file where a link was"},
        {"sub": "deep", "deep/x.py": b"a link where a folder was"},
    ],
)
def test_a_folder_holds_exactly_what_was_deployed(tmp_path: Path, after: Files) -> None:
    folder = tmp_path / "dags"
    write_folder(folder, {"a.py": b"old", "sub/b.py": b"b", "sub/deeper/c.py": b"c", "link": "sub"})
    (folder / "sub" / "__pycache__").mkdir()
    (folder / "sub" / "__pycache__" / "b.pyc").write_bytes(b"stale")
    write_folder(folder, after)
    assert seen(folder) == after
    assert all(any(path.iterdir()) for path in folder.rglob("*") if path.is_dir())


def test_a_file_that_is_the_same_keeps_its_time(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a.py": b"same", "b.py": b"old"})
    before = {name: (tmp_path / name).stat().st_ino for name in ("a.py", "b.py")}
    write_folder(tmp_path, {"a.py": b"same", "b.py": b"new"})
    assert (tmp_path / "a.py").stat().st_ino == before["a.py"]
    assert (tmp_path / "b.py").stat().st_ino != before["b.py"]


def test_only_files_and_links_are_taken() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("dags/sub")
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    with pytest.raises(BadTarballError, match="neither a file"):
        read_tarball(buffer.getvalue())


def test_an_empty_tarball_takes_all_dags_away() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz"):
        pass
    assert read_tarball(buffer.getvalue()) == {}
