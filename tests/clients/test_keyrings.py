import asyncio
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from astroferry.clients import keyrings
from astroferry.clients.keyrings import describe_keyring, from_keyring
from astroferry.errors import NotAllowedError
from astroferry.model.secret import Secret

CANARY = "canary-5ecret-value"


def backend(module: str, get: Callable[[str, str], str | None] = lambda _service, _entry: None, **more: Any) -> Any:
    """An object whose class seems to live in that module."""
    members = {"__module__": module, "get_password": staticmethod(get), **more}
    return type("Keyring", (), members)()


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def use(found: Any) -> None:
        module = types.ModuleType("keyring")
        module.get_keyring = found if isinstance(found, types.FunctionType) else lambda: found  # type: ignore[attr-defined]  # made here
        monkeypatch.setitem(sys.modules, "keyring", module)

    return use


Use = Callable[[Any], None]


@pytest.mark.parametrize("module", keyrings.ALLOWED)
async def test_keyrings_that_keep_secrets_are_used(current: Use, module: str) -> None:
    current(backend(module, lambda service, entry: f"{service}/{entry}"))
    assert (await describe_keyring()).usable
    assert await from_keyring("astro-token") == Secret("astroferry/astro-token")


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("keyrings.alt.file", "keyrings.alt.file.Keyring is refused"),
        ("keyring.backends.fail", "no keyring"),
        ("keyring.backends.null", "no keyring"),
    ],
)
async def test_others_are_refused_by_name(current: Use, module: str, why: str) -> None:
    current(backend(module, lambda _service, _entry: CANARY))
    seen = await describe_keyring()
    assert not seen.usable
    assert why in seen.why
    with pytest.raises(NotAllowedError, match=why):
        await from_keyring("astro-token")


async def test_of_a_chain_the_first_that_we_allow(current: Use) -> None:
    good = backend("keyring.backends.libsecret", lambda _service, _entry: "value")
    bad = backend("keyrings.alt.file", lambda _service, _entry: CANARY)
    current(backend("keyring.backends.chainer", backends=[bad, good]))
    assert await from_keyring("x") == Secret("value")
    current(backend("keyring.backends.chainer", backends=[bad]))
    assert "keyrings.alt.file" in (await describe_keyring()).why
    current(backend("keyring.backends.chainer", backends=[]))
    assert "no keyring" in (await describe_keyring()).why


async def test_no_entry_is_none(current: Use) -> None:
    current(backend("keyring.backends.kwallet"))
    assert await from_keyring("x") is None


async def test_a_keyring_that_fails(current: Use) -> None:
    def fail(_service: str, _entry: str) -> str:
        raise RuntimeError(CANARY)

    current(backend("keyring.backends.macOS", fail))
    with pytest.raises(NotAllowedError, match="RuntimeError") as caught:
        await from_keyring("x")
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None

    def broken() -> Any:
        raise ImportError(CANARY)

    current(broken)
    assert (await describe_keyring()).why == "the keyring cannot be loaded (ImportError)"


async def test_a_keyring_that_stays_locked(current: Use) -> None:
    locked = type("KeyringLocked", (Exception,), {})

    def ask(_service: str, _entry: str) -> str:
        raise locked(CANARY)

    current(backend("keyring.backends.SecretService", ask))
    with pytest.raises(NotAllowedError, match="it is locked, and nobody unlocked it"):
        await from_keyring("x")


async def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    gate = threading.Event()
    with pytest.raises(TimeoutError):
        await keyrings._in_thread(gate.wait, 0.01)
    late = next(thread for thread in threading.enumerate() if thread.name == "keyring")
    gate.set()
    await asyncio.to_thread(late.join)
    await asyncio.sleep(0)  # the loop's turn to hear of it; it must not complain


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


async def test_a_keyring_that_never_answers(current: Use, hanging: threading.Event) -> None:
    def hang(_service: str, _entry: str) -> str | None:
        hanging.wait()
        return None

    current(backend("keyring.backends.SecretService", hang))
    with pytest.raises(NotAllowedError, match=r"did not answer within 0\.01 s"):
        await from_keyring("x", patience=0.01)

    def hang_at_once() -> Any:
        hanging.wait()

    current(hang_at_once)
    assert "did not answer" in (await describe_keyring(patience=0.01)).why
