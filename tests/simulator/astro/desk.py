"""Somebody at the embedded Astro's API: a client per token, a clock that stands still, and tarballs to upload."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from astroferry.simulator.astro import AstroState

SIZES = {
    "defaultTaskPodCpu": "0.25",
    "defaultTaskPodMemory": "0.5Gi",
    "resourceQuotaCpu": "10",
    "resourceQuotaMemory": "20Gi",
}


class Hands:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def tarball(files: Mapping[str, bytes | str], *, mode: str = "w:gz", prefix: str = "dags/") -> bytes:
    """A DAG tarball; a text is a symbolic link's target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]  # the mode is a variable here
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{prefix}{name}")
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Desk:
    """Somebody at Astro's API with one token; `path` is below the organization, or absolute from /v1 on."""

    def __init__(self, state: AstroState, http: httpx.AsyncClient, token: str, clock: Hands) -> None:
        self.state = state
        self.http = http
        self.clock = clock
        self.token = token

    def other(self, token: str) -> Desk:
        """The same API with another token."""
        return Desk(self.state, self.http, token, self.clock)

    async def ask(
        self, method: str, path: str, body: Any = None, status: int = 200, params: Mapping[str, Any] | None = None
    ) -> Any:
        """The JSON of an answer that must have this status; None where there is no body."""
        where = path if path.startswith("/v1") else f"/v1/organizations/{self.state.organization}{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.request(method, where, json=body, params=params, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return await self.ask("GET", path, status=status, params=params)

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return await self.ask("POST", path, {} if body is None else body, status)

    async def delete(self, path: str, status: int = 204) -> Any:
        return await self.ask("DELETE", path, status=status)

    async def wrong(self, path: str, body: Any) -> dict[str, str]:
        """Field -> code of a POST that must be refused with 400."""
        refused = await self.post(path, body, 400)
        assert {"message", "requestId", "statusCode"} <= refused.keys()
        return {item["field"]: item["code"] for item in refused.get("fieldErrors", ())}

    async def workspace(self, name: str = "Data") -> str:
        return str((await self.post("/workspaces", {"name": name}))["id"])

    async def deployment(self, workspace: str = "", *, settled: bool = True, **more: Any) -> dict[str, Any]:
        """A new Deployment, healthy unless told otherwise."""
        where = workspace or await self.workspace()
        body = {"type": "STANDARD", "name": "data-prod", "workspaceId": where, **SIZES, **more}
        made: dict[str, Any] = await self.post("/deployments", body)
        if settled:
            self.clock.pass_by(60)
            made = await self.get(f"/deployments/{made['id']}")
        return made

    async def update(self, shown: Mapping[str, Any], status: int = 200, **more: Any) -> Any:
        """Update a Deployment with all that is required, and more."""
        body = {
            "type": shown["type"],
            "name": shown["name"],
            "workspaceId": shown["workspaceId"],
            "executor": shown["executor"],
            "environmentVariables": [],
            "isCicdEnforced": False,
            "isDagDeployEnabled": True,
            "isHighAvailability": False,
            "schedulerSize": "SMALL",
            **more,
        }
        return await self.post(f"/deployments/{shown['id']}", body, status)

    async def upload(self, url: str, content: bytes, **headers: str) -> httpx.Response:
        """PUT a blob as the protocol wants it."""
        return await self.http.put(url, content=content, headers={"x-ms-blob-type": "BlockBlob", **headers})

    async def deploy(self, deployment: str, files: Mapping[str, bytes | str]) -> dict[str, Any]:
        """A DAG-only deploy from beginning to end; the finalized deploy."""
        begun = await self.post(f"/deployments/{deployment}/deploys", {"type": "DAG_ONLY"})
        answer = await self.upload(begun["dagsUploadUrl"], tarball(files))
        assert answer.status_code == 201
        version = answer.headers["x-ms-version-id"]
        where = f"/deployments/{deployment}/deploys/{begun['id']}/finalize"
        done: dict[str, Any] = await self.post(where, {"dagTarballVersion": version})
        return done
