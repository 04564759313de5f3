"""All of stdout and stderr: data goes to stdout, narration to stderr, and every line is redacted first."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from astroferry.errors import AstroferryError, Exit, InputNeededError

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "[redacted]"
_SECRETS: set[str] = set()


def remember_secret(value: str) -> None:
    """Have `value` replaced wherever this process writes; shorter than 4 characters would eat ordinary words."""
    if len(value) >= 4:
        _SECRETS.add(value)


def forget_secrets() -> None:
    """Forget what was remembered (tests)."""
    _SECRETS.clear()


def redact(text: str) -> str:
    """`text` with every remembered secret replaced, longest first so that no tail remains."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, REDACTED)
        # As it stands inside JSON or a repr.
        quoted = json.dumps(secret)[1:-1]
        if quoted != secret and quoted in text:
            text = text.replace(quoted, REDACTED)
    return text


def data(text: str, *, out: TextIO | None = None) -> None:
    """Write a result to stdout."""
    print(redact(text), file=out or sys.stdout, flush=True)


def data_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    data(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def say(text: str = "") -> None:
    """Narrate on stderr; a vanished stderr never stops the work."""
    try:
        print(redact(text), file=sys.stderr, flush=True)
    except (BrokenPipeError, ValueError, OSError):
        return


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
        path.write_text(text, encoding="utf-8")
    except OSError:
        say(text)
        say("astroferry: this is a bug in astroferry; the report above could not be saved.")
    else:
        say(f"astroferry: this is a bug in astroferry ({type(error).__name__}). Report: {path}")
    return Exit.BUG
