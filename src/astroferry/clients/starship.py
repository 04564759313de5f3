"""Starship on the source: connections and variables in clear, for whoever may read the configuration.

Its error bodies repeat what was sent, passwords included, so nothing of them is ever shown. Versions that ask
nobody for a login (`model.starship`) give no values here, and that they are there is a finding.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Literal

from astroferry.clients.answers import json_of, not_the_api, refusal
from astroferry.errors import ConflictError, NotAllowedError, NotFoundError, NotTheApiError, UnsupportedVersionError
from astroferry.model.secret import Secret, is_telling
from astroferry.model.starship import SAFE_FROM, asks_for_login
from astroferry.model.values import ConnectionValue, VariableValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.clients.answers import Answer
    from astroferry.clients.http import Http

ROOT = "/api/starship"
HistoryKind = Literal["dag_runs", "task_instances", "task_instance_history"]
BEFORE_INFO = "before 2.5.0"


class Starship:
    """A Starship that answered. `version`: "2.10.1", or "before 2.5.0" where it is too old to tell."""

    def __init__(self, http: Http, version: str) -> None:
        self.http = http
        self.version = version

    @classmethod
    async def connect(cls, http: Http) -> Starship:
        """Shake hands.

        Raises NotFoundError where none is installed, NotAllowedError or NotTheApiError (a redirect to the login)
        where the credentials do not open it.
        """
        answer = await http.answer("GET", f"{ROOT}/info")
        if answer.status == 404:
            older = await http.answer("GET", f"{ROOT}/health")
            if older.status == 200 and not older.is_page and "OK" in older.text:
                return cls(http, BEFORE_INFO)
        body = _opened(answer, http.name)
        version = body.get("starship_version") if isinstance(body, dict) else None
        if not isinstance(version, str) or not version:
            raise NotTheApiError(f"{http.name} answers at {answer.url}, but not as Starship does.")
        return cls(http, version)

    @classmethod
    async def find(cls, http: Http) -> Starship | None:
        """As `connect`, and None where none is installed."""
        try:
            return await cls.connect(http)
        except NotFoundError:
            return None

    @property
    def is_safe(self) -> bool:
        """Whether it asks for a login."""
        return asks_for_login(self.version)

    async def connections(self) -> dict[str, ConnectionValue]:
        """All connections by id, with their secrets. Raises UnsupportedVersionError where it is not safe."""
        return {item["conn_id"]: _connection(item) for item in await self._rows("connections")}

    async def variables(self) -> dict[str, VariableValue]:
        """All variables by key, with their values. Raises UnsupportedVersionError where it is not safe."""
        rows = await self._rows("variables")
        return {item["key"]: _variable(item) for item in rows}

    async def environment(self) -> dict[str, Secret]:
        """The web server's whole environment by name, secrets among it. Raises as `connections`.

        Read in 2.10.1's source: GET /env_vars is `dict(os.environ)`, not redacted.
        """
        found = await self._read("env_vars")
        if not isinstance(found, dict):
            raise NotTheApiError(f"{self.http.name} gives its environment, but not as Starship does.")
        return {
            # An address may have a password in it, whatever the variable is called.
            str(name): Secret(str(value), ordinary=not is_telling(str(name)) and "://" not in str(value))
            for name, value in found.items()
        }

    async def add_rows(self, kind: HistoryKind, rows: Sequence[dict[str, Any]]) -> None:
        """Write finished rows of history, all in one statement; nothing where there are none.

        Starship 2.10.1 on PostgreSQL: Airflow 3 passes over a row that is there by its natural key, Airflow 2 refuses
        the whole batch. On SQLite Airflow 2 answers 400, because times come as text. Raises ConflictError where a row
        clashes, and what any other refusal is; what it answers then is never shown.
        """
        if not rows:
            return
        body = {"dag_runs" if kind == "dag_runs" else "task_instances": list(rows)}
        answer = await self.http.answer("POST", f"{ROOT}/{kind}", body=body)
        if answer.status == 409:
            raise ConflictError(
                f"{self.http.name} has a row already where {len(rows)} rows of {kind} were to go; none was written.",
                status=409,
                hint="Run the same command again: it looks at what is there first.",
            )
        _opened(answer, self.http.name)

    async def add_run(
        self, dag_id: str, run_id: str, *, logical_date: datetime, data_interval: tuple[datetime, datetime]
    ) -> None:
        """Write a finished row of run type "scheduled" into an Airflow 2's table of runs; no task runs.

        Airflow counts on from such a row as if its own scheduler had made it, whatever its id: tried on 2.11.2 with
        Starship 2.10.1 on PostgreSQL on 2026-11-25, for cron, trigger timetables, timedelta and @once. On SQLite it
        answers 400, because it hands the times on as text. Raises as `add_rows`.
        """
        now = datetime.now(UTC).isoformat()
        row = {
            "dag_id": dag_id,
            "run_id": run_id,
            "execution_date": logical_date.isoformat(),
            "run_type": "scheduled",
            "state": "success",
            "external_trigger": False,
            "conf": {},
            "start_date": now,
            "end_date": now,
            "data_interval_start": data_interval[0].isoformat(),
            "data_interval_end": data_interval[1].isoformat(),
            "clear_number": 0,
        }
        await self.add_rows("dag_runs", [row])

    async def add_skipped_tasks(self, dag_id: str, run_id: str, operators: Mapping[str, str]) -> None:
        """Write a skipped task instance per task (id -> operator) into a row of `add_run` on an Airflow 2.

        Without one, a task that depends on past runs waits for ever after such a row, where it has run before (2.11.2
        on 2026-11-25). Raises as `add_rows`.
        """
        now = datetime.now(UTC).isoformat()
        rows = [
            {
                "dag_id": dag_id,
                "run_id": run_id,
                "task_id": task_id,
                "map_index": -1,
                "state": "skipped",
                "try_number": 0,
                "max_tries": 0,
                "start_date": now,
                "end_date": now,
                "duration": 0.0,
                "hostname": "",
                "unixname": "",
                "pool": "default_pool",
                "pool_slots": 1,
                "queue": "default",
                "priority_weight": 1,
                "operator": operator,
                "task_display_name": task_id,
                # Starship empties it, but only where the key is there; null, it makes Airflow's own API answer 500.
                "executor_config": {},
            }
            for task_id, operator in operators.items()
        ]
        await self.add_rows("task_instances", rows)

    async def _rows(self, kind: str) -> list[dict[str, Any]]:
        rows = await self._read(kind)
        if not isinstance(rows, list):
            raise NotTheApiError(f"{self.http.name} gives its {kind}, but not as Starship does.")
        return rows

    async def _read(self, kind: str) -> Any:
        if not self.is_safe:
            raise UnsupportedVersionError(
                f"Starship {self.version} on {self.http.name} is open to anyone; astroferry takes no values from it.",
                hint=f"Upgrade it to {SAFE_FROM} or newer, or uninstall it; and think of its secrets as seen.",
            )
        answer = await self.http.answer("GET", f"{ROOT}/{kind}")
        return _opened(answer, self.http.name)


def _opened(answer: Answer, where: str) -> Any:
    if answer.status != 200:
        raise refusal(answer, where, seen_before=False, echo=False)
    if answer.is_page:
        raise not_the_api(answer, where)
    return json_of(answer, where)


def _variable(item: dict[str, Any]) -> VariableValue:
    key = item["key"]
    return VariableValue(key, Secret(item.get("val") or "", ordinary=not is_telling(key)), item.get("description"))


def _connection(item: dict[str, Any]) -> ConnectionValue:
    secrets = {
        name: Secret(str(item[name]), ordinary=name in {"host", "login", "schema"})
        if item.get(name) is not None
        else None
        for name in ("host", "login", "password", "schema", "extra")
    }
    return ConnectionValue(
        conn_id=item["conn_id"],
        conn_type=item.get("conn_type") or "",
        description=item.get("description"),
        port=int(item["port"]) if item.get("port") is not None else None,
        **secrets,
    )


LOGIN_TRIES = 6
LOGIN_PAUSE = 10.0
"""seconds"""


class _LoginForm(HTMLParser):
    """Finds the token that Airflow 2's login form wants back."""

    def __init__(self) -> None:
        super().__init__()
        self.csrf_token = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at each input."""
        fields = dict(attrs)
        if tag == "input" and fields.get("name") == "csrf_token":
            self.csrf_token = fields.get("value") or ""


async def log_in(http: Http, username: str, password: Secret) -> None:
    """Log in at Airflow 2's login page; the session stays in `http`, which must keep cookies.

    Starship is a page of the web server there, so it takes a session and not Basic credentials (measured on 2.10.5
    and 2.11.2). Raises NotAllowedError where the login is refused, NotTheApiError where there is no such page.
    """
    page = await http.answer("GET", "/login/")
    form = _LoginForm()
    form.feed(page.text)
    if page.status != 200 or not form.csrf_token:
        raise NotTheApiError(
            f"{http.name} shows no Airflow login page at {page.url}.",
            hint="Where another login stands in front of it, use a token.",
        )
    sent = {"username": username, "password": password.reveal(), "csrf_token": form.csrf_token}
    answer = await http.answer("POST", "/login/", form=sent)
    for _ in range(LOGIN_TRIES - 1):
        if answer.status != 429:
            break
        # Airflow 2's login page takes five logins in 40 seconds, and names no time to wait for.
        await http.pause(LOGIN_PAUSE)
        answer = await http.answer("POST", "/login/", form=sent)
    goal = answer.headers.get("location", "")
    if answer.status not in {302, 303} or "/login" in goal:
        raise NotAllowedError(
            f"{http.name} refused the username and password at its login page.", hint="Check both, and try again."
        )
