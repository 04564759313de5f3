"""The way to a Deployment's Airflow: the Astro token is checked, and exchanged for the real server's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response, StreamingResponse

from astroferry.errors import AstroferryError
from astroferry.simulator.astro.access import level_for_airflow, level_on_deployment
from astroferry.simulator.astro.gate import claims_of, sorry_page
from astroferry.simulator.astro.wire import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from astroferry.simulator.astro.planes import Plane
    from astroferry.simulator.astro.records import Deployment
    from astroferry.simulator.astro.state import AstroState

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


def find_deployment(state: AstroState, short: str) -> Deployment | None:
    """The Deployment served under a path."""
    return next((deployment for deployment in state.deployments.values() if deployment.short == short), None)


async def pass_on(state: AstroState, request: Request, short: str) -> Response:
    """Pass a request on to a Deployment's Airflow, and stream its answer back.

    401 and 403 are told as Airflow 3 tells them; where no Airflow answers, a proxy's HTML page says 502 or 503.
    """
    deployment = find_deployment(state, short)
    if deployment is None:
        return sorry_page(404, "Not Found")
    # Undecoded: an id may hold an escaped slash.
    rest = request.scope["raw_path"].decode("ascii").partition(f"/{short}")[2]
    try:
        claims = claims_of(state, request)
    except RefusedError as refused:
        return JSONResponse({"detail": refused.message}, refused.status, {"www-authenticate": "Bearer"})
    if level_on_deployment(state, claims, deployment) < level_for_airflow(request.method, rest):
        return JSONResponse({"detail": "Forbidden"}, 403)
    plane = deployment.plane
    if plane is None or not plane.is_up:
        return sorry_page(503, "Service Temporarily Unavailable")
    try:
        return await _exchange(plane, request, rest, f"http://{state.host}/{short}")
    except (httpx.HTTPError, AstroferryError):
        return sorry_page(502, "Bad Gateway")


def _kept(headers: Iterable[tuple[str, str]], *dropped: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP | set(dropped)]


async def _exchange(plane: Plane, request: Request, rest: str, shown: str) -> Response:
    token = await plane.token()
    if not plane.is_up:
        return sorry_page(503, "Service Temporarily Unavailable")
    client, inner = plane.client(), plane.base_url
    query = request.scope["query_string"].decode("ascii")
    headers = _kept(request.headers.items(), "host", "authorization", "cookie")
    headers += [("authorization", f"Bearer {token}")] if token else []
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    passed = client.build_request(
        request.method,
        f"{inner}{rest}{f'?{query}' if query else ''}",
        headers=headers,
        content=request.stream() if has_body else None,
    )
    answer = await client.send(passed, stream=True)
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (
            name.encode("latin-1"),
            value.replace(inner, shown).encode("latin-1") if name == "location" else value.encode("latin-1"),
        )
        for name, value in _kept(answer.headers.multi_items())
    ]
    return response
