"""All of stdout and stderr: data goes to stdout, narration to stderr, and every line is redacted first."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from astroferry.errors import AstroferryError, Exit, InputNeededError

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "[redacted]"
_SECRETS: set[str] = set()
STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""control characters, but for tab and line feed"""
_LOST: list[OSError] = []


def remember_secret(value: str) -> None:
    """Have `value` replaced wherever this process writes; shorter than 4 characters would eat ordinary words."""
    if len(value) >= 4:
        _SECRETS.update(_forms(value))


def forget_secrets() -> None:
    """Forget what was remembered (tests)."""
    _SECRETS.clear()


def redact(text: str) -> str:
    """`text` with every remembered secret replaced, also where two of them overlap, so that no tail remains."""
    found: list[tuple[int, int]] = []
    for secret in _SECRETS:
        start = text.find(secret)
        while start >= 0:
            found.append((start, start + len(secret)))
            start = text.find(secret, start + 1)
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(found):
        if not pieces or start > end:
            pieces += [text[end:start], REDACTED]
        end = max(end, stop)
    return "".join([*pieces, text[end:]])


def _forms(value: str) -> set[str]:
    """`value` as it stands in plain text, in JSON (with or without non-ASCII letters), in a repr and in a URL."""
    written = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return written | {quote(value, safe="", errors="replace"), quote(value, errors="replace")}


def plain(text: str) -> str:
    """`text` without what would steer a terminal: names and error bodies come from servers. As JSON has it."""
    return STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def data(text: str, *, out: TextIO | None = None) -> None:
    """Write a result to stdout (or to `out`, whose errors are the caller's).

    A reader that has enough stops nothing: what was done is done, and its verdict is the exit code. What cannot be
    written for another reason, as on a full disk, is told by `lost`.
    """
    try:
        print(plain(redact(text)), file=out or sys.stdout, flush=True)
    except OSError as error:
        if out is not None:
            raise
        _LOST.append(error)
        drop_stdout()


def drop_stdout() -> None:
    """Write to nobody from now on; else Python complains once more while closing stdout."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def lost() -> str:
    """Why a part of the result could not be written; "" where all was, or its reader had enough."""
    return next((str(error.strerror or error) for error in _LOST if not isinstance(error, BrokenPipeError)), "")


def nobody_reads() -> bool:
    """Whether what goes to stdout reaches nobody any more, so that nothing may be asked there."""
    return bool(_LOST)


def data_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    data(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def say(text: str = "") -> None:
    """Narrate on stderr; a vanished stderr never stops the work."""
    if sys.stderr is None:
        # Closed before we began; `print` would take stdout instead, and that is data.
        return
    try:
        print(plain(redact(text)), file=sys.stderr, flush=True)
    except (BrokenPipeError, ValueError, OSError):
        return


def ring() -> None:
    """Ring the bell of the terminal that stderr is; nothing where it is none, or has gone."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            if sys.stderr.isatty():
                print("\a", end="", file=sys.stderr, flush=True)


def say_all(lines: Iterable[str]) -> None:
    """Narrate several lines."""
    for line in lines:
        say(line)


def report_error(error: AstroferryError) -> Exit:
    """Say what is wrong, and give the exit code."""
    say(f"astroferry: {error}")
    if isinstance(error, InputNeededError):
        say("astroferry: this run may not ask (--no-input, CI, or no terminal).")
    return error.exit


def report_bug(error: BaseException) -> Exit:
    """Save a redacted traceback where the user can find it, and say its path."""
    text = redact("".join(traceback.format_exception(error)))
    folder = Path(os.environ.get("ASTROFERRY_REPORTS", tempfile.gettempdir()))
    name = f"astroferry-bug-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    path = folder / name
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        say(text)
        say("astroferry: this is a bug in astroferry; the report above could not be saved.")
    else:
        say(f"astroferry: this is a bug in astroferry ({type(error).__name__}). Report: {path}")
    return Exit.BUG
