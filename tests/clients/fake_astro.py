"""A small stateful Astro control plane behind a mock transport: just what the client relies on."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx

API = "https://api.example.com/v1"
ORGANIZATION = "clorganization00000000001"


def token(**claims: Any) -> str:
    """A JWT-shaped token with these claims."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{payload}.signature"


def deployment_item(number: int = 1, **more: Any) -> dict[str, Any]:
    """A Deployment as Astro shows it, as far as the client looks."""
    return {
        "id": f"d{number}",
        "name": f"data-{number}",
        "workspaceId": "w1",
        "status": "HEALTHY",
        "type": "STANDARD",
        "astroRuntimeVersion": "3.3-8",
        "airflowVersion": "3.3.2",
        "executor": "CELERY",
        "schedulerSize": "SMALL",
        "isCicdEnforced": False,
        "isDagDeployEnabled": True,
        "isHighAvailability": False,
        "webServerAirflowApiUrl": "org.astronomer.run/d1/api/v2?x=1",
        "webServerUrl": "org.astronomer.run/d1",
        "environmentVariables": [
            {"key": "PLAIN", "isSecret": False, "value": "p", "updatedAt": "t"},
            {"key": "HIDDEN", "isSecret": True, "updatedAt": "t"},
        ],
        "workerQueues": [{"id": "q1", "name": "default", "isDefault": True, "podCpu": "1", "maxWorkerCount": 5}],
        **more,
    }


class FakeAstro:
    """Answers requests; `requests` lists "METHOD /path" below the API, `bodies` what was sent."""

    def __init__(self) -> None:
        self.organizations = [{"id": ORGANIZATION, "name": "Acme", "productPlans": [{"productPlanName": "TEAM"}]}]
        self.workspaces: list[dict[str, Any]] = []
        self.deployments: dict[str, dict[str, Any]] = {}
        self.deploys: list[dict[str, Any]] = []
        self.fixed: dict[str, Any] = {}
        self.requests: list[str] = []
        self.queries: list[httpx.QueryParams] = []
        self.bodies: list[Any] = []
        self.forgets_variables = False

    @property
    def transport(self) -> httpx.MockTransport:
        """To be given to `Http`."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Route one request."""
        if request.url.host == "blob.example.com":
            assert "authorization" not in request.headers
            assert request.headers["x-ms-blob-type"] == "BlockBlob"
            headers = {"x-ms-version-id": "v9"} if "broken" not in request.url.path else {}
            return httpx.Response(201, headers=headers)
        path = request.url.path.removeprefix("/v1")
        self.requests.append(f"{request.method} {path}")
        self.queries.append(request.url.params)
        body = json.loads(request.content) if request.content else None
        self.bodies.append(body)
        if path == "/organizations":
            return self._page(request, "organizations", self.organizations)
        if path == f"/organizations/{ORGANIZATION}":
            return httpx.Response(200, json=self.organizations[0])
        root = f"/organizations/{ORGANIZATION}"
        if not path.startswith(f"{root}/"):
            return self._error(403)
        path = path.removeprefix(root)
        if path in self.fixed:
            return httpx.Response(200, json=self.fixed[path])
        return self._scoped(request, path, body)

    def _scoped(self, request: httpx.Request, path: str, body: Any) -> httpx.Response:
        writes = request.method == "POST"
        if path == "/workspaces":
            if writes:
                self.workspaces.append({"id": f"w{len(self.workspaces) + 1}", **body})
                return httpx.Response(200, json=self.workspaces[-1])
            return self._page(request, "workspaces", self.workspaces)
        if path == "/deployments":
            if writes:
                number = len(self.deployments) + 1
                self.deployments[f"d{number}"] = deployment_item(number, **body, status="CREATING")
                return httpx.Response(200, json=self.deployments[f"d{number}"])
            return self._page(request, "deployments", list(self.deployments.values()))
        if (
            match := re.fullmatch(r"/deployments/([^/]+)/deploys(?:/([^/]+))?(/finalize|/rollback)?", path)
        ) is not None:
            return self._deploy(request, body, match[1], match[2], match[3])
        if (match := re.fullmatch(r"/deployments/([^/]+)", path)) is not None and match[1] in self.deployments:
            if request.method == "DELETE":
                del self.deployments[match[1]]
                return httpx.Response(204)
            if writes and not self.forgets_variables:
                self.deployments[match[1]] |= body
            return httpx.Response(200, json=self.deployments[match[1]])
        return self._error(404)

    def _deploy(
        self, request: httpx.Request, body: Any, deployment: str, deploy: str | None, verb: str | None
    ) -> httpx.Response:
        if deploy is None and request.method == "GET":
            return self._page(request, "deploys", self.deploys)
        if deploy is None or verb == "/rollback":
            number = len(self.deploys) + 1
            made = {"id": f"p{number}", "deploymentId": deployment, "status": "INITIALIZED", **body}
            made |= {
                "createdAt": f"2026-11-22T12:0{number}:00Z",
                "dagsUploadUrl": "https://blob.example.com/x?sig=abcd",
            }
            if verb == "/rollback":
                made["rollbackFromId"] = deploy
            self.deploys.append(made)
            return httpx.Response(200, json=made)
        found = next(each for each in self.deploys if each["id"] == deploy)
        if verb == "/finalize":
            found |= {"status": "DEPLOYED", **body}
        return httpx.Response(200, json=found)

    def _page(self, request: httpx.Request, key: str, items: list[dict[str, Any]]) -> httpx.Response:
        limit, offset = int(request.url.params.get("limit", 20)), int(request.url.params.get("offset", 0))
        body = {key: items[offset : offset + limit], "limit": limit, "offset": offset, "totalCount": len(items)}
        return httpx.Response(200, json=body)

    def _error(self, status: int) -> httpx.Response:
        return httpx.Response(status, json={"message": "no", "requestId": "r", "statusCode": status})
