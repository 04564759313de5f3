"""Which DAG file an import error is about.

Airflow 2 names it by the whole path, as it does a DAG's `fileloc`. Airflow 3 names it as it lies in its bundle
(3.3.2: `ParseImportError.filename` is `relative_fileloc`), while `fileloc` stays whole.
"""

from __future__ import annotations


def is_of(filename: str, fileloc: str) -> bool:
    """Whether the file of an import error is that of a DAG on the same server; equal names elsewhere are not."""
    if not filename or not fileloc:
        return False
    return fileloc == filename or (not filename.startswith("/") and fileloc.endswith(f"/{filename}"))


def below_dags(filename: str) -> str:
    """The path inside the DAG folder, by which two servers name the same file."""
    _, folder, below = filename.partition("/dags/")
    return below if folder else filename.lstrip("/")
