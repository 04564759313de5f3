"""The machine's keyring, where it is one that keeps secrets; asked in a thread, because D-Bus may never answer.

Tried with a real gnome-keyring 42.1 on a session bus: what it keeps is read, a locked one is told in a sentence.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from astroferry.errors import NotAllowedError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
SERVICE = "astroferry"
PATIENCE = 10.0
"""seconds that the keyring may take; it may be asking the user to unlock it"""
ALLOWED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Modules of back ends that keep secrets. Others do not: keyrings.alt's PlaintextKeyring becomes the silent default
by merely being installed (measured with keyring 25)."""

_TROUBLE = {"KeyringLocked": "it is locked, and nobody unlocked it"}
"""what the keyring library's errors mean; by name, since it is imported late"""


@dataclass(frozen=True, slots=True)
class KeyringSeen:
    """What `doctor` says: whether there is a keyring we use, its name, and why (not)."""

    usable: bool
    name: str
    why: str


class Backend(Protocol):
    """What we ask of a keyring back end."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret of that entry, or None."""
        ...


async def describe_keyring(*, patience: float = PATIENCE) -> KeyringSeen:
    """Which keyring this machine has, and whether we use it; never raises."""
    try:
        found = await _in_thread(_current, patience)
    except TimeoutError:
        return KeyringSeen(usable=False, name="", why=f"the keyring did not answer within {patience:g} s")
    except Exception as error:  # noqa: BLE001 - back ends raise what they like; doctor only reports
        return KeyringSeen(usable=False, name="", why=f"the keyring cannot be loaded ({type(error).__name__})")
    return _judge(found)[0]


async def from_keyring(entry: str, *, patience: float = PATIENCE) -> Secret | None:
    """The secret kept under service "astroferry" and this entry name; None where there is none.

    Raises NotAllowedError where there is no keyring that we use, or it fails or does not answer.
    """
    trouble = ""
    value: str | None = None
    try:
        seen, backend = _judge(await _in_thread(_current, patience))
        if backend is None:
            trouble = seen.why
        else:
            value = await _in_thread(lambda: backend.get_password(SERVICE, entry), patience)
    except TimeoutError:
        trouble = f"it did not answer within {patience:g} s"
    except Exception as error:  # noqa: BLE001 - back ends raise what they like, perhaps with the secret in the text
        trouble = _TROUBLE.get(type(error).__name__, f"it failed ({type(error).__name__})")
    if trouble:
        raise NotAllowedError(
            f"The keyring cannot be used: {trouble}.",
            hint="Give the credentials by environment, by file, or at a prompt.",
        )
    return Secret(value) if value else None


def _current() -> Any:
    # Imported late: it takes a while, and most commands need no keyring.
    import keyring  # noqa: PLC0415

    return keyring.get_keyring()


def _judge(found: Any) -> tuple[KeyringSeen, Backend | None]:
    """Our verdict on what the keyring library chose; of a chain, the first back end that we allow."""
    module = type(found).__module__
    if module == "keyring.backends.chainer":
        chain = list(found.backends)
        allowed = next((each for each in chain if type(each).__module__ in ALLOWED), None)
        found = allowed if allowed is not None else (chain[0] if chain else found)
        module = type(found).__module__
    name = f"{module}.{type(found).__name__}"
    if module in ALLOWED:
        return KeyringSeen(usable=True, name=name, why="it keeps secrets encrypted"), found
    if module in {"keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer"}:
        return KeyringSeen(usable=False, name=name, why="this machine has no keyring"), None
    return KeyringSeen(
        usable=False, name=name, why=f"{name} is refused: it does not keep secrets as a system keyring does"
    ), None


async def _in_thread(work: Callable[[], Result], patience: float) -> Result:
    """Run `work` in a thread of its own, a daemon: one that hangs must not hold up the end of the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # no error, so this is the result

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as caught:  # noqa: BLE001 - handed to whoever waits
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            return  # the loop is gone, and nobody waits

    threading.Thread(target=run, name="keyring", daemon=True).start()
    return await asyncio.wait_for(future, patience)
