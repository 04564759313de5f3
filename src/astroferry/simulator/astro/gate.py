"""What every request to the embedded Astro passes: planned failures, the log, the token, the rate, the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
from starlette.responses import JSONResponse, Response

from astroferry.simulator.astro import alerts, clusters, deployments, deploys, environment_objects, organizations
from astroferry.simulator.astro.tokens import BadTokenError, read_token
from astroferry.simulator.astro.wire import Call, RefusedError, error_body
from astroferry.simulator.contract import find_operation, methods_of, read_query, validate_answer, validate_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from astroferry.simulator.astro.state import AstroState
    from astroferry.simulator.astro.tokens import Claims
    from astroferry.simulator.astro.wire import Handler

HANDLERS: dict[str, Handler] = {
    **alerts.HANDLERS,
    **organizations.HANDLERS,
    **clusters.HANDLERS,
    **deployments.HANDLERS,
    **deploys.HANDLERS,
    **environment_objects.HANDLERS,
}


class _Cut(Response):
    """No answer: the connection breaks."""

    def __init__(self, *, on_the_wire: bool) -> None:
        super().__init__()
        self._on_the_wire = on_the_wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI gives them
        if not self._on_the_wire:
            # No server stands between the app and the client: this is what the client would have made of it.
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        # Fewer bytes than promised: the server closes the connection, and the client knows that it was cut.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def sorry_page(status: int, title: str) -> Response:
    """What a proxy says that cannot reach what it stands for: HTML, no JSON."""
    return Response(f"<html><body><h1>{status} {title}</h1></body></html>", status, media_type="text/html")


async def guarded(
    state: AstroState, request: Request, path: str, operation: str, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer, or the failure that waits for this request; logged either way."""
    state.settle()
    method = request.method
    failure = state.failure_for(method, path)
    if failure == "drop":
        state.log(method, path, 0, operation)
        return _Cut(on_the_wire=state.drop_on_the_wire)
    if isinstance(failure, int):
        response: Response = (
            sorry_page(failure, "Temporarily unavailable")
            if failure >= 502
            else JSONResponse(error_body(failure, "This failure was asked for"), failure)
        )
    else:
        response = await answer()
    state.log(method, path, response.status_code, operation)
    return _Cut(on_the_wire=state.drop_on_the_wire) if failure == "drop-answer" else response


def claims_of(state: AstroState, request: Request) -> Claims:
    """The claims of the request's token; raises RefusedError(401) where there is none that we take."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise RefusedError(401, "Unauthorized: no bearer token")
    try:
        claims = read_token(state.key, text.strip(), now=state.now())
    except BadTokenError as error:
        raise RefusedError(401, f"Unauthorized: {error}") from error
    if claims.token_id not in state.tokens:
        raise RefusedError(401, "Unauthorized: the token has been revoked")
    return claims


async def api(state: AstroState, request: Request, path: str) -> Response:
    """One request to the API; `path` below /v1. Raises nothing but what a handler does by mistake."""
    headers: dict[str, str] = {}
    try:
        claims = claims_of(state, request)
        if wait := state.limiter.take(claims.token_id, request.method):
            headers["retry-after"] = str(wait)
            _refuse(429, "Too many requests")
        status, body = await _carry_out(state, request, path, claims)
    except RefusedError as refused:
        status, body = refused.status, error_body(refused.status, refused.message, refused.fields)
    if wrong := validate_answer(request.method, path, status, body):
        state.contract_violations += [f"{request.method} {path} {status}: {line}" for line in wrong]
        status, body = 500, error_body(500, "The embedded Astro broke its own contract")
    return Response(status_code=204) if body is None else JSONResponse(body, status, headers)


def _refuse(status: int, message: str) -> NoReturn:
    raise RefusedError(status, message)


async def _carry_out(state: AstroState, request: Request, path: str, claims: Claims) -> tuple[int, Any]:
    found = find_operation(request.method, path)
    if found is None:
        _refuse(405 if methods_of(path) else 404, f"{request.method} {path} is not served here")
    operation, parameters = found
    if parameters.get("organizationId", claims.organization) != claims.organization:
        _refuse(403, "Forbidden: the token is of another organization")
    body, query = await _body(request), request.query_params.multi_items()
    if errors := validate_request(request.method, path, query, body):
        raise RefusedError(400, "Invalid request", errors)
    values, _ = read_query(operation, query)
    result = await HANDLERS[operation.id](Call(state, claims, parameters, values, body))
    return (204 if result is None else 200), result


async def _body(request: Request) -> Any:
    content = await request.body()
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError as error:
        raise RefusedError(400, "The body is not JSON") from error
