"""The embedded Astro as one ASGI app: the API, the uploads, and every Deployment's Airflow under its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from astroferry.simulator.astro.gate import api, guarded
from astroferry.simulator.astro.proxy import pass_on
from astroferry.simulator.astro.uploads import receive
from astroferry.simulator.contract import find_operation

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from astroferry.simulator.astro.state import AstroState

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(state: AstroState) -> Starlette:
    """The app that serves this state at its root: `/v1`, `/platform/v1beta1`, `/uploads`, `/<deployment>`."""

    async def serve_api(request: Request) -> Response:
        path = request.url.path.removeprefix("/v1")
        found = find_operation(request.method, path)
        operation = found[0].id if found is not None else ""
        return await guarded(state, request, path, operation, lambda: api(state, request, path))

    async def serve_upload(request: Request) -> Response:
        deploy = request.path_params["deploy"]
        return await guarded(state, request, request.url.path, "upload", lambda: receive(state, deploy, request))

    async def serve_airflow(request: Request) -> Response:
        short = request.path_params["short"]
        return await guarded(state, request, request.url.path, "airflow", lambda: pass_on(state, request, short))

    return Starlette(
        routes=[
            Route("/v1/{path:path}", serve_api, methods=_METHODS),
            Route("/platform/v1beta1/{path:path}", serve_api, methods=_METHODS),
            Route("/uploads/{deploy}/{name}", serve_upload, methods=_METHODS),
            Route("/{short}/{path:path}", serve_airflow, methods=_METHODS),
        ]
    )
