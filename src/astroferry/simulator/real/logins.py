"""Logging in at a real Airflow of our own, as one of its users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from astroferry.errors import NotAllowedError

if TYPE_CHECKING:
    from astroferry.model.secret import Secret


def login_headers(url: str, user: str, password: Secret, *, basic: bool) -> dict[str, str]:
    """Request headers that make `user` known: Basic (Airflow 2), or a bearer token that is asked for (3); blocking.

    Raises NotAllowedError where it gives no token.
    """
    if basic:
        return {"Authorization": httpx.BasicAuth(user, password.reveal())._auth_header}  # noqa: SLF001 - its only way out
    answer = httpx.post(
        f"{url}/auth/token",
        json={"username": user, "password": password.reveal()},
        timeout=30,
        trust_env=False,
    )
    if answer.status_code != 201:
        raise NotAllowedError(f"The local Airflow at {url} gave {user} no token ({answer.status_code}).")
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
