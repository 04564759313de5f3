"""An Airflow server, 2.x or 3.x: found, named, then read and written through one vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.clients.airflow_seen import BackfillSeen, TaskInstanceSeen, TaskSeen
from astroferry.clients.airflow_v1 import V1
from astroferry.clients.airflow_v2 import V2
from astroferry.clients.airflow_writing import Writing
from astroferry.clients.answers import Answer, not_the_api, refusal
from astroferry.errors import NotTheApiError, UnsupportedVersionError

if TYPE_CHECKING:
    from datetime import timedelta

    from astroferry.clients.airflow_dialect import Dialect
    from astroferry.clients.http import Http

__all__ = ["Airflow", "BackfillSeen", "TaskInstanceSeen", "TaskSeen"]


class Airflow(Writing):
    """One Airflow server.

    `url`: its base, without `/api/vN`. `version`: "2.11.2", as the server says. `api`: which API it speaks.
    """

    @property
    def ahead(self) -> timedelta | None:
        """How far the server's clock is ahead of ours, by its last answer; None where it does not tell."""
        return self.http.ahead

    @classmethod
    async def connect(cls, http: Http) -> Airflow:
        """Find out what answers at this address.

        Asks `/api/v2/version`, then `/api/v1/version`, then Airflow 1.10's API to name it. Raises
        UnsupportedVersionError for versions other than 2 and 3, NotTheApiError for anything else, and what `Http`
        raises.
        """
        answers: list[Answer] = []
        dialects: tuple[Dialect, ...] = (V2(), V1())
        for dialect in dialects:
            answer = await http.answer("GET", f"{dialect.root}/version")
            version = _version(answer)
            if version:
                return cls(http, _fitting(dialect, version, http.name), version)
            answers.append(answer)
        if all(answer.status == 404 for answer in answers):
            await _name_airflow_1(http)
        # A refusal tells more than a page: the API may be right behind it.
        for answer in answers:
            if answer.status in {401, 403, 429} or answer.status >= 500:
                raise refusal(answer, http.name, seen_before=False)
        redirected = next((answer for answer in answers if 300 <= answer.status < 400), None)
        if redirected is not None:
            raise not_the_api(redirected, http.name)
        if answers[-1].status == 404:
            raise NotTheApiError(
                f"No Airflow answers at {http.url}: /api/v2/version and /api/v1/version are not there.",
                hint="Give the address of the Airflow web server, as the browser shows it before /home.",
            )
        raise not_the_api(answers[-1], http.name)


def _version(answer: Answer) -> str:
    body = answer.parsed() if answer.status == 200 else None
    version = body.get("version") if isinstance(body, dict) else None
    return version if isinstance(version, str) and version[:1].isdigit() else ""


def _fitting(dialect: Dialect, version: str, where: str) -> Dialect:
    if version.split(".", 1)[0] != {"v1": "2", "v2": "3"}[dialect.api]:
        raise UnsupportedVersionError(
            f"{where} runs Airflow {version}; this astroferry carries 2.x and 3.x.",
            hint="Look for a newer astroferry.",
        )
    return dialect


async def _name_airflow_1(http: Http) -> None:
    """Airflow 1.10 has only its experimental API: /info tells the version, /test says OK; 403 where it is closed."""
    for probe in ("info", "test"):
        answer = await http.answer("GET", f"/api/experimental/{probe}")
        body = answer.parsed()
        body = body if isinstance(body, dict) else {}
        closed = answer.status == 403 and not answer.is_page
        if closed or str(body.get("version", "")).startswith("1.") or body.get("status") == "OK":
            version = body.get("version") or "1.10"
            raise UnsupportedVersionError(
                f"{http.name} runs Airflow {version}, which has no stable REST API; astroferry carries 2.x and 3.x.",
                hint="Upgrade it to Airflow 2.11 first (the bridge is 1.10.15), then come back.",
            )
