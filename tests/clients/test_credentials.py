from collections.abc import Callable
from pathlib import Path

import pytest

from astroferry.clients import credentials
from astroferry.clients.credentials import SourceLogin, astro_token, source_login
from astroferry.clients.keyrings import KeyringSeen
from astroferry.errors import InputNeededError, NotAllowedError, PlanError
from astroferry.model.secret import Secret

CANARY = "canary-5ecret-value"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASTRO_API_TOKEN", *(f"ASTROFERRY_SOURCE_{each}" for each in ("TOKEN", "USERNAME", "PASSWORD"))):
        monkeypatch.delenv(name, raising=False)


Keyring = Callable[..., None]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    def use(*, usable: bool = True, **entries: str) -> None:
        async def entry(name: str) -> Secret | None:
            value = entries.get(name.replace("-", "_"))
            return Secret(value) if value else None

        async def seen() -> KeyringSeen:
            return KeyringSeen(usable, "k", "w")

        monkeypatch.setattr(credentials, "from_keyring", entry)
        monkeypatch.setattr(credentials, "describe_keyring", seen)

    return use


def answers(*given: str) -> credentials.Ask:
    waiting = list(given)

    async def ask(_question: str, _hidden: bool) -> str:
        return waiting.pop(0)

    return ask


async def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTRO_API_TOKEN", f" {CANARY}\n")
    assert await astro_token("environment") == Secret(CANARY)
    monkeypatch.setenv("ASTROFERRY_SOURCE_USERNAME", "me")
    with pytest.raises(NotAllowedError, match="ASTROFERRY_SOURCE_TOKEN"):
        await source_login("environment")
    monkeypatch.setenv("ASTROFERRY_SOURCE_PASSWORD", " p ")
    assert await source_login("environment") == SourceLogin(username="me", password=Secret(" p "))
    monkeypatch.setenv("ASTROFERRY_SOURCE_TOKEN", "t")
    assert await source_login("environment") == SourceLogin(token=Secret("t"))


@pytest.mark.parametrize("token", ["token-Sécret", "two words", "first\nsecond", "“quoted”"])
async def test_what_no_token_is_like_is_told_before_it_is_sent(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("ASTRO_API_TOKEN", token)
    with pytest.raises(NotAllowedError, match="Copy it into ASTRO_API_TOKEN again") as told:
        await astro_token("environment")
    assert token not in str(told.value)


async def test_no_token_says_where_to_put_it() -> None:
    with pytest.raises(NotAllowedError, match="Set ASTRO_API_TOKEN"):
        await astro_token("environment")


async def test_keyring(keyring: Keyring) -> None:
    keyring(astro_token="a", source_username="me", source_password="p")
    assert await astro_token("keyring") == Secret("a")
    assert await source_login("keyring") == SourceLogin(username="me", password=Secret("p"))
    keyring(source_token="t")
    assert await source_login("keyring") == SourceLogin(token=Secret("t"))
    keyring(source_username="me")
    for asked in (astro_token("keyring"), source_login("keyring")):
        with pytest.raises(NotAllowedError, match="in the keyring"):
            await asked


async def test_prompt() -> None:
    assert await astro_token("prompt", answers("a")) == Secret("a")
    assert await source_login("prompt", answers("me", "p")) == SourceLogin(username="me", password=Secret("p"))
    assert await source_login("prompt", answers("", "t")) == SourceLogin(token=Secret("t"))
    for asked in (astro_token("prompt", answers("")), source_login("prompt", answers("me", ""))):
        with pytest.raises(NotAllowedError):
            await asked
    with pytest.raises(InputNeededError, match="have to be asked for"):
        await astro_token("prompt")


@pytest.mark.parametrize(
    ("text", "login"),
    [
        (f"{CANARY}\n", SourceLogin(token=Secret(CANARY))),
        (f"# mine\n\n{CANARY}==", SourceLogin(token=Secret(f"{CANARY}=="))),
        ('token = "t"', SourceLogin(token=Secret("t"))),
        ('username = "me"\npassword = "p"', SourceLogin(username="me", password=Secret("p"))),
    ],
)
async def test_file(tmp_path: Path, text: str, login: SourceLogin) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    assert await source_login(f"file:{path}") == login


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (CANARY.encode(), 0o644, "other users of this machine can read it"),
        (CANARY.encode(), 0o620, "mode 0620"),
        (b"\xff\xfe" + CANARY.encode(), 0o600, "it is not text"),
        (f'token = "{CANARY}\nnext'.encode(), 0o600, "cannot be read"),
        (b"", 0o600, "no credentials of the source in the file"),
        (f'username = "{CANARY}"'.encode(), 0o600, "no credentials of the source in the file"),
    ],
)
async def test_a_file_that_is_not_used(tmp_path: Path, content: bytes, mode: int, why: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(NotAllowedError, match=why) as caught:
        await source_login(f"file:{path}")
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in str(error)
        error = error.__context__


async def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError, match="No such file"):
        await astro_token(f"file:{tmp_path / 'none'}")


async def test_a_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text("t")
    (tmp_path / "token").chmod(0o600)
    assert await astro_token("file:~/token") == Secret("t")


async def test_auto_tries_environment_then_keyring_then_prompt(
    monkeypatch: pytest.MonkeyPatch, keyring: Keyring
) -> None:
    keyring(astro_token="from-keyring")
    monkeypatch.setenv("ASTRO_API_TOKEN", "from-environment")
    assert await astro_token("auto", answers("typed")) == Secret("from-environment")
    monkeypatch.delenv("ASTRO_API_TOKEN")
    assert await astro_token("auto", answers("typed")) == Secret("from-keyring")
    keyring(usable=False)
    assert await astro_token("auto", answers("typed")) == Secret("typed")
    with pytest.raises(NotAllowedError, match="in the environment or the keyring"):
        await astro_token("auto")


async def test_a_source_that_is_none() -> None:
    with pytest.raises(PlanError, match="Use environment, keyring, prompt, or file:PATH"):
        await astro_token("argv")
