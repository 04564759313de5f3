"""Files that are never half-written, and a lock so that two processes never carry out one plan."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from astroferry.errors import PlanError, PlanInUseError

if TYPE_CHECKING:
    from types import TracebackType


def atomic_write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write `text` to `path` whole or not at all, and synced: a crash leaves the old file or the new one.

    Raises PlanError where the folder cannot be written.
    """
    folder = path.parent
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    except OSError as error:
        raise PlanError(f"{path} cannot be written: {error.strerror}.", hint="Choose another folder.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else mode)  # noqa: PTH101 - mkstemp gives a str
        os.replace(temporary, path)  # noqa: PTH105 - likewise
        sync_folder(folder)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - likewise
        if isinstance(error, OSError):
            raise PlanError(f"{path} cannot be written: {error.strerror}.") from error
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def must_be_writable(path: Path) -> None:
    """PlanError before the work begins, where its result could not be written to `path` afterwards."""
    path = path.absolute()
    if not path.parent.is_dir():
        raise PlanError(f"There is no folder {path.parent} to write {path.name} to.")
    if path.is_dir():
        raise PlanError(f"{path} is a folder; name a file.")
    if not os.access(path.parent, os.W_OK):
        raise PlanError(f"The folder {path.parent} cannot be written to.", hint="Name another one.")


def read_text(path: Path, what: str) -> str:
    """The text of a file the user named; PlanError with one sentence where it cannot be read."""
    try:
        # Bytes, so that line ends stay as the user has them; editors of Windows put a mark before the first line.
        return path.read_bytes().removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except FileNotFoundError as error:
        raise PlanError(f"There is no {what} at {path}.") from error
    except IsADirectoryError as error:
        raise PlanError(f"{path} is a folder, not a {what}.") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{path} is not a {what}: it is not UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise PlanError(f"The {what} {path} cannot be read: {error.strerror}.") from error


class PlanLock:
    """Hold a plan for one process; the lock dies with the process, so a crash never leaves it behind.

    The file beside the plan says who holds it (host and pid), for the sentence the other one gets.
    """

    def __init__(self, plan: Path) -> None:
        self._path = plan.with_name(f".{plan.name}.lock")
        self._plan = plan
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock; PlanInUseError where another process has it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise PlanError(f"{self._path} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise PlanInUseError(
                f"{self._plan} is in use by {holder}.", hint="Wait for it to end, or look with `astroferry status`."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise PlanError(
                f"{self._plan} cannot be locked: {error.strerror}.", hint="Move it to a local disk."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{socket.gethostname()} pid {os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the lock go; the file stays, so that two waiters never lock two different files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def beside(plan: Path, name: str) -> Path:
    """A path that the plan names, relative to the plan's folder."""
    return (plan.parent / Path(name).expanduser()).absolute() if name else plan.parent.absolute()
