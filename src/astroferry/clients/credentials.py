"""The operator's credentials: where the plan says they come from, fetched from there, kept in memory alone.

A source is one of `environment`, `keyring`, `prompt`, `file:PATH`, or `auto` (environment, then keyring, then
prompt: for commands that have no plan yet). Never the command line, where other users of the machine see it.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry.clients.keyrings import KeyringSeen, describe_keyring, from_keyring
from astroferry.errors import InputNeededError, NotAllowedError, PlanError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

Ask = Callable[[str, bool], Awaitable[str]]
"""Asks a person one question; True hides what is typed. The answer is "" where nothing was typed."""
__all__ = ["Ask", "KeyringSeen", "SourceLogin", "astro_token", "describe_keyring", "kept_aside", "source_login"]

ASTRO_VARIABLE = "ASTRO_API_TOKEN"
SOURCE_TOKEN_VARIABLE = "ASTROFERRY_SOURCE_TOKEN"  # noqa: S105 - a variable's name
SOURCE_USERNAME_VARIABLE = "ASTROFERRY_SOURCE_USERNAME"
SOURCE_PASSWORD_VARIABLE = "ASTROFERRY_SOURCE_PASSWORD"  # noqa: S105 - a variable's name
LARGEST_FILE = 64 * 1024
"""bytes; a token file is one line"""


_TOKEN = re.compile(r"[!-~]+")
"""what a header takes"""


@dataclass(frozen=True, slots=True)
class SourceLogin:
    """How we log in at a source: a token, or username and password, or nothing."""

    token: Secret | None = None
    username: str = ""
    password: Secret | None = None


async def astro_token(source: str, ask: Ask | None = None) -> Secret:
    """The Astro API token.

    environment: ASTRO_API_TOKEN. keyring: entry "astro-token" of service "astroferry". file: the token alone, or
    TOML with `token`. Raises NotAllowedError where it is not there, InputNeededError where a prompt is needed and
    `ask` is None, PlanError for a source that is none of these.
    """
    found = await _login(source, ask, _ASTRO)
    if source == "prompt" and (found is None or found.token is None):
        raise NotAllowedError("No Astro token was given.", hint=f"Answer with one, or set {ASTRO_VARIABLE}.")
    if found is None or found.token is None:
        raise NotAllowedError(
            f"There is no Astro token in the {_place(source)}.",
            hint=f"Set {ASTRO_VARIABLE}, or name another source in the plan (target.credentials).",
        )
    return found.token


async def source_login(source: str, ask: Ask | None = None) -> SourceLogin:
    """The source's credentials: a token, or username and password.

    environment: ASTROFERRY_SOURCE_TOKEN, or ASTROFERRY_SOURCE_USERNAME and _PASSWORD. keyring: entries
    "source-token", or "source-username" and "source-password". file: a token alone, or TOML with `token`, or with
    `username` and `password`. Raises as `astro_token`.
    """
    found = await _login(source, ask, _SOURCE)
    if found is None and source == "prompt":
        raise NotAllowedError("No credentials of the source were given.", hint="Answer with a token, or a name.")
    if found is None:
        raise NotAllowedError(
            f"There are no credentials of the source in the {_place(source)}.",
            hint=f"Set {SOURCE_TOKEN_VARIABLE}, or {SOURCE_USERNAME_VARIABLE} and {SOURCE_PASSWORD_VARIABLE}; "
            "or name another source in the plan (source.credentials).",
        )
    return found


@dataclass(frozen=True, slots=True)
class _End:
    """Where the credentials of one end are kept."""

    title: str
    key: str
    token_variable: str
    username_variable: str = ""
    password_variable: str = ""


_ASTRO = _End("Astro", "astro", ASTRO_VARIABLE)
_SOURCE = _End("the source", "source", SOURCE_TOKEN_VARIABLE, SOURCE_USERNAME_VARIABLE, SOURCE_PASSWORD_VARIABLE)


async def _login(source: str, ask: Ask | None, end: _End) -> SourceLogin | None:
    """What that source has; NotAllowedError for a token that could not be sent."""
    found = await _found(source, ask, end)
    if found is not None and found.token is not None and not _TOKEN.fullmatch(found.token.reveal()):
        where = end.token_variable if source in {"environment", "auto"} else f"the {_place(source)}"
        raise NotAllowedError(
            f"The token of {end.title} holds a blank, a line break or a letter that no token has.",
            hint=f"Copy it into {where} again, whole and on one line.",
        )
    return found


async def _found(source: str, ask: Ask | None, end: _End) -> SourceLogin | None:
    if source == "environment":
        return _from_environment(end, os.environ)
    if source == "keyring":
        return await _from_keyring(end)
    if source == "prompt":
        return await _from_prompt(end, ask)
    if source.startswith("file:"):
        return _from_file(source.removeprefix("file:"))
    if source == "auto":
        found = _from_environment(end, os.environ)
        if found is None and (await describe_keyring()).usable:
            found = await _from_keyring(end)
        return found or (await _from_prompt(end, ask) if ask is not None else None)
    raise PlanError(
        f'"{source}" is no source of credentials.', hint="Use environment, keyring, prompt, or file:PATH."
    )


def _place(source: str) -> str:
    return {"auto": "environment or the keyring"}.get(source, source.partition(":")[0])


def _from_environment(end: _End, environment: Mapping[str, str]) -> SourceLogin | None:
    token = environment.get(end.token_variable, "").strip()
    if token:
        return SourceLogin(token=Secret(token))
    username = environment.get(end.username_variable, "") if end.username_variable else ""
    password = environment.get(end.password_variable, "") if end.password_variable else ""
    return SourceLogin(username=username, password=Secret(password)) if username and password else None


async def _from_keyring(end: _End) -> SourceLogin | None:
    token = await from_keyring(f"{end.key}-token")
    if token is not None or not end.username_variable:
        return SourceLogin(token=token) if token is not None else None
    username = await from_keyring(f"{end.key}-username")
    password = await from_keyring(f"{end.key}-password")
    if username is None or password is None:
        return None
    return SourceLogin(username=username.reveal(), password=password)


async def _from_prompt(end: _End, ask: Ask | None) -> SourceLogin | None:
    if ask is None:
        raise InputNeededError(
            f"The credentials of {end.title} have to be asked for.",
            hint="Give them by environment, keyring or file, or run it where questions may be asked.",
        )
    if end.username_variable:
        username = (await ask(f"Username at {end.title} (empty: I have a token)", False)).strip()
        if username:
            password = await ask(f"Password of {username}", True)
            return SourceLogin(username=username, password=Secret(password)) if password else None
    token = (await ask(f"Token for {end.title}", True)).strip()
    return SourceLogin(token=Secret(token)) if token else None


async def kept_aside(source: str, variable: str, what: str) -> Secret:
    """One line that is itself a secret, such as a webhook's address: out of `variable` ("environment") or file:PATH.

    `what` names it in messages. Raises NotAllowedError where it is not there, PlanError for another source.
    """
    if source == "environment":
        text = os.environ.get(variable, "")
    elif source.startswith("file:"):
        text = _private_text(Path(source.removeprefix("file:")).expanduser())
    else:
        raise PlanError(f'"{source}" is no place for {what}.', hint="Use environment or file:PATH.")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise NotAllowedError(
            f"There is no {what} in the {_place(source)}.",
            hint=f"Set {variable}, or put it into a file, on one line.",
        )
    return Secret(lines[0])


def _from_file(name: str) -> SourceLogin | None:
    path = Path(name).expanduser()
    return _parsed(_private_text(path), path)


def _private_text(path: Path) -> str:
    """A file that only its owner can read; a link is followed, and what it leads to is judged."""
    trouble, text = "", ""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            # Windows has no such bits to judge by.
            if os.name == "posix" and mode & 0o077:
                trouble = f"other users of this machine can read it (mode {mode:04o})"
            else:
                text = file.read(LARGEST_FILE).decode("utf-8")
    except OSError as error:
        trouble = f"it cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        trouble = "it is not text"
    if trouble:
        raise NotAllowedError(f"The credentials file {path} is not used: {trouble}.", hint=f"Try: chmod 600 {path}")
    return text


def _parsed(text: str, path: Path) -> SourceLogin | None:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) == 1 and "=" not in lines[0].rstrip("="):
        return SourceLogin(token=Secret(lines[0]))
    fields: dict[str, Any] | None = None
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Not chained: the parser's message may show a piece of the file.
        fields = None
    if fields is None:
        raise NotAllowedError(
            f"The credentials file {path} cannot be read.",
            hint='It holds a token alone, or TOML: token = "…", or username = "…" and password = "…".',
        )
    token, username, password = (str(fields.get(name) or "") for name in ("token", "username", "password"))
    if token:
        return SourceLogin(token=Secret(token))
    return SourceLogin(username=username, password=Secret(password)) if username and password else None
