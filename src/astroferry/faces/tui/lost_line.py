"""A terminal that may go away: what is written to it then is let go, and holds nobody up.

Textual's (8.2.8) writer thread ends with the first write that fails, and after thirty more the application waits for
it forever, with or without the plan being saved.
"""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from typing import Any

    from textual.driver import Driver


class WhileItLasts:
    """The part of a text file that the writer thread uses."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, or let it go."""
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """What could not be written before is tried once more, and let go."""
        with contextlib.suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        """The rest is the file's own."""
        return getattr(self._file, name)


def lasting(driver: type[Driver]) -> type[Driver]:
    """The driver, writing for as long as there is a terminal; one without a file of its own as it is."""

    class Lasting(driver):  # type: ignore[valid-type,misc] # chosen by the platform
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            file: IO[str] | None = getattr(self, "_file", None)
            if file is not None:
                self._file = WhileItLasts(file)

    return cast("type[Driver]", Lasting)
