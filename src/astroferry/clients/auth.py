"""How a client proves who it is; values stay inside `Secret` until the header is built."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

from astroferry.diagnostics import remember_secret
from astroferry.errors import NotTheApiError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Auth(Protocol):
    """What `Http` asks for before each request, and after a refusal."""

    def headers(self) -> dict[str, str]:
        """The headers to send; empty where a login has to come first."""
        ...

    async def renew(self, post: Callable[[str, dict[str, str]], Awaitable[object]]) -> bool:
        """Get new credentials; `post` sends a JSON body to a path without credentials and gives the JSON back.

        False where there is nothing to renew. Raises what `post` raises.
        """
        ...


class BearerAuth:
    """A token as it is: Astro, self-managed Airflow behind a proxy, Composer."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def headers(self) -> dict[str, str]:
        """The Authorization header."""
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    async def renew(self, _post: Callable[[str, dict[str, str]], Awaitable[object]]) -> bool:
        """A token that was given to us cannot be renewed by us."""
        return False


class BasicAuth:
    """Username and password with each request: Airflow 2 with its basic_auth backend."""

    def __init__(self, username: str, password: Secret) -> None:
        pair = f"{username}:{password.reveal()}".encode()
        self._value = Secret(base64.b64encode(pair).decode("ascii"))

    def headers(self) -> dict[str, str]:
        """The Authorization header."""
        return {"Authorization": f"Basic {self._value.reveal()}"}

    async def renew(self, _post: Callable[[str, dict[str, str]], Awaitable[object]]) -> bool:
        """The same password again would be refused again."""
        return False


class TokenLoginAuth:
    """Username and password exchanged for a token at `POST /auth/token`: self-managed Airflow 3.

    The token is asked for before the first request and again after a refusal (it lives 24 h by default).
    """

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password
        self._token: Secret | None = None

    def headers(self) -> dict[str, str]:
        """The Authorization header, once logged in."""
        return {"Authorization": f"Bearer {self._token.reveal()}"} if self._token is not None else {}

    async def renew(self, post: Callable[[str, dict[str, str]], Awaitable[object]]) -> bool:
        """Log in."""
        body = await post("/auth/token", {"username": self._username, "password": self._password.reveal()})
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise NotTheApiError(
                "The login at /auth/token gave no token.", hint="Use a token of your own instead of a password."
            )
        self._token = Secret(token)
        return True


class CookieAuth:
    """A session cookie that somebody else obtained, sent as it is."""

    def __init__(self, name: str, value: Secret) -> None:
        self._name = name
        self._value = value
        remember_secret(value.reveal())

    def headers(self) -> dict[str, str]:
        """The Cookie header."""
        return {"Cookie": f"{self._name}={self._value.reveal()}"}

    async def renew(self, _post: Callable[[str, dict[str, str]], Awaitable[object]]) -> bool:
        """A cookie that was given to us cannot be renewed by us."""
        return False
